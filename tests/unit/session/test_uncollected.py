"""The collector is held back while a long prompt is bound, and is as it was behind it."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from guardbind.session.uncollected import uncollected

LONG = 10**6


@pytest.fixture(autouse=True)
def switched_back() -> Iterator[None]:
    on = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if on else gc.disable)()


def test_it_is_held_back_for_long_prompts_only() -> None:
    with uncollected(100):
        assert gc.isenabled()
    with uncollected(LONG):
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_switched_on_again_where_the_block_fails() -> None:
    with pytest.raises(ValueError, match="inside"), uncollected(LONG):
        raise ValueError("inside")
    assert gc.isenabled()


def test_what_the_caller_switched_off_stays_off() -> None:
    gc.disable()
    with uncollected(LONG):
        pass
    assert not gc.isenabled()


def test_the_last_of_several_blocks_switches_it_on() -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with uncollected(LONG):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with uncollected(LONG):
        thread.start()
        assert entered.wait(10)
    assert not gc.isenabled()
    leave.set()
    thread.join(10)
    assert gc.isenabled()


def test_what_is_made_in_it_is_collected_later() -> None:
    class Ring:
        def __init__(self) -> None:
            self.itself = self

    with uncollected(LONG):
        gone = weakref.ref(Ring())
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert gone() is None


def test_what_somebody_has_frozen_stays_so() -> None:
    gc.freeze()
    try:
        count = gc.get_freeze_count()
        with uncollected(LONG):
            pass
        assert count and abs(gc.get_freeze_count() - count) < count / 2
    finally:
        gc.unfreeze()
