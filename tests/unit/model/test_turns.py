from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Callable

import pytest
from torch import nn

from guardbind.model.turns import Turns, turns_of


def started(work: Callable[[], None], waits: Turns | None = None) -> threading.Thread:
    """Start a thread; with `waits`, return when it stands in the queue."""
    before = 0 if waits is None else len(waits._waiting)
    thread = threading.Thread(target=work)
    thread.start()
    while waits is not None and len(waits._waiting) == before:
        time.sleep(0.001)
    return thread


def test_who_came_first_is_let_in_first_also_before_one_that_asks_again() -> None:
    turns, order = Turns(), list[str]()

    def enter(name: str) -> Callable[[], None]:
        def run() -> None:
            with turns.taken():
                order.append(name)

        return run

    with turns.taken():
        threads = [started(enter(name), turns) for name in "abc"]
    with turns.taken():
        order.append("again")
    for thread in threads:
        thread.join(60)
    assert order == ["a", "b", "c", "again"]


def test_the_same_thread_may_come_in_again_and_lets_go_at_the_end() -> None:
    turns, entered = Turns(), threading.Event()

    def other() -> None:
        with turns.taken():
            entered.set()

    assert not turns.mine
    with turns.taken():
        with turns.taken():
            thread = started(other, turns)
        assert turns.mine
        assert not entered.wait(0.05)
    thread.join(60)
    assert entered.is_set()
    assert not turns.mine


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_inside_hands_the_turn_on(error: type[BaseException]) -> None:
    turns = Turns()
    with pytest.raises(error), turns.taken(), turns.taken():
        raise error
    entered = list[bool]()

    def other() -> None:
        with turns.taken():
            entered.append(turns.mine)

    started(other).join(60)
    assert entered == [True]


def test_who_is_interrupted_while_waiting_leaves_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, order = Turns(), list[str]()

    class Interrupted:
        """What an interrupt does to a thread that waits."""

        def wait(self) -> None:
            raise KeyboardInterrupt

    def impatient() -> None:
        with pytest.raises(KeyboardInterrupt), turns.taken():
            order.append("never")

    def patient() -> None:
        with turns.taken():
            order.append("patient")

    inside, free = threading.Event(), threading.Event()

    def hold() -> None:
        with turns.taken():
            inside.set()
            free.wait(60)

    holding = started(hold)
    assert inside.wait(60)
    thread = started(patient, turns)
    monkeypatch.setattr("guardbind.model.turns.threading.Event", Interrupted)
    impatient()
    monkeypatch.undo()
    free.set()
    for one in (holding, thread):
        one.join(60)
    assert order == ["patient"]


def test_every_model_has_its_own_as_long_as_it_lives() -> None:
    first, second = nn.Linear(1, 1), nn.Linear(1, 1)
    assert turns_of(first) is turns_of(first) is not turns_of(second)
    gone = weakref.ref(turns_of(first))
    del first
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_waits_for_no_thread_of_its_parent() -> None:
    model = nn.Linear(1, 1)
    inside, free = threading.Event(), threading.Event()

    def hold() -> None:
        with turns_of(model).taken():
            inside.set()
            free.wait(60)

    thread = started(hold)
    assert inside.wait(60)
    child = os.fork()
    if child == 0:
        with turns_of(model).taken():
            os._exit(7)
    _, status = os.waitpid(child, 0)
    free.set()
    thread.join(60)
    assert os.waitstatus_to_exitcode(status) == 7
