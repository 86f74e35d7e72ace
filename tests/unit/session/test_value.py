"""The way of a value: every phase with every event, and what a value keeps on the way."""

from __future__ import annotations

import subprocess
import sys

import pytest
from plain_slots import plain_branch

from guardbind.candidates.trie import Trie
from guardbind.errors import GuardbindError
from guardbind.session.value import TRANSITIONS, Phase, Value, ValueEvent, advance
from guardbind.slots.detector import Detected
from guardbind.targets import Place, Resolution

# One line per event, one column per phase; a dot is forbidden.
COLUMNS = ("CLOSED", "BEGUN", "JUDGED", "FORCED", "FOLLOWED", "RESTATING")
TABLE = """
    BEGIN    BEGUN      .       .          .          .         .
    TOKEN    .          BEGUN   JUDGED     FORCED     FOLLOWED  .
    VERDICT  .          JUDGED  JUDGED     FORCED     .         .
    WRITE    .          .       FORCED     FORCED     .         .
    FOLLOW   .          .       FOLLOWED   FOLLOWED   .         .
    RESTATE  .          .       RESTATING  RESTATING  .         .
    STOP     .          .       CLOSED     CLOSED     .         .
    LOST     .          .       .          .          FORCED    .
    REOPEN   .          .       .          .          .         BEGUN
    ABANDON  .          .       .          .          .         CLOSED
    END      .          CLOSED  CLOSED     CLOSED     CLOSED    .
    DISMISS  .          CLOSED  CLOSED     CLOSED     .         .
"""
EXPECTED = {
    (phase, event): cell
    for event, *cells in (line.split() for line in TABLE.strip().splitlines())
    for phase, cell in zip(COLUMNS, cells, strict=True)
}
# What leads a new value to each phase.
WAYS: dict[Phase, tuple[ValueEvent, ...]] = {
    Phase.BEGUN: (),
    Phase.JUDGED: (ValueEvent.VERDICT,),
    Phase.FORCED: (ValueEvent.VERDICT, ValueEvent.WRITE),
    Phase.FOLLOWED: (ValueEvent.VERDICT, ValueEvent.FOLLOW),
    Phase.RESTATING: (ValueEvent.VERDICT, ValueEvent.RESTATE),
    Phase.CLOSED: (ValueEvent.END,),
}
TRIE = Trie({"$5": [(1, 2)], "$5.00": [(1, 2, 3, 4)], "$7": [(1, 5)]})
BY_LINE = Detected("line_end", Place("price = ", "price = "))


def value(phase: Phase = Phase.BEGUN) -> Value:
    """Return a value in a phase."""
    begun = Value(BY_LINE, Resolution(0, "declared", "declared", "price"), TRIE.root, 7)
    for event in WAYS[phase]:
        if event is ValueEvent.FOLLOW:
            begun.follow(plain_branch([0.5, 0.5]))
        else:
            begun.on(event)
    return begun


def test_the_table_names_every_phase_and_every_event_once() -> None:
    assert sorted(COLUMNS) == sorted(phase.name for phase in Phase)
    events = [line.split()[0] for line in TABLE.strip().splitlines()]
    assert sorted(events) == sorted(event.name for event in ValueEvent)
    assert len(EXPECTED) == len(Phase) * len(ValueEvent)


@pytest.mark.parametrize("event", ValueEvent)
@pytest.mark.parametrize("phase", Phase)
def test_every_event_in_every_phase(phase: Phase, event: ValueEvent) -> None:
    following = EXPECTED[phase.name, event.name]
    if following == ".":
        with pytest.raises(GuardbindError, match=rf"{event.name} cannot happen .* phase {phase.name};.*please report"):
            advance(phase, event)
    else:
        assert advance(phase, event) is Phase[following]


@pytest.mark.parametrize("event", ValueEvent)
@pytest.mark.parametrize("phase", WAYS)
def test_a_value_goes_where_the_table_leads_and_stays_where_it_does_not(phase: Phase, event: ValueEvent) -> None:
    standing = value(phase)
    assert standing.phase is phase
    following = EXPECTED[phase.name, event.name]
    if following == ".":
        with pytest.raises(GuardbindError):
            standing.on(event)
        assert standing.phase is phase
    else:
        standing.on(event)
        assert standing.phase is Phase[following]


def test_every_phase_can_be_reached_and_left() -> None:
    reached = {Phase.CLOSED}
    while True:
        more = {after for (before, _), after in TRANSITIONS.items() if before in reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(Phase)
    ends = {before for (before, _), after in TRANSITIONS.items() if after is Phase.CLOSED}
    assert ends == set(Phase) - {Phase.CLOSED}


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[Phase.CLOSED, ValueEvent.END] = Phase.BEGUN  # type: ignore[index]


@pytest.mark.parametrize("phase", WAYS)
def test_there_is_a_branch_where_one_is_followed_and_nowhere_else(phase: Phase) -> None:
    assert (value(phase).branch is not None) == (phase is Phase.FOLLOWED)


@pytest.mark.parametrize("event", [event for (phase, event) in TRANSITIONS if phase is Phase.FOLLOWED])
def test_a_branch_is_let_go_of_when_it_is_left(event: ValueEvent) -> None:
    followed = value(Phase.FOLLOWED)
    followed.on(event)
    assert (followed.branch is not None) == (followed.phase is Phase.FOLLOWED)


def test_what_the_phases_mean() -> None:
    assert [phase for phase in WAYS if value(phase).undecided] == [Phase.BEGUN]
    assert [phase for phase in WAYS if value(phase).chosen] == [Phase.FORCED, Phase.FOLLOWED]


class TestReading:
    def test_a_value_that_ends_with_its_last_token(self) -> None:
        price = value()
        assert price.read(1) is None
        assert price.read(5) == frozenset({2})
        assert price.tokens == 2

    def test_a_value_that_ends_before_the_token_that_follows_it(self) -> None:
        price = value()
        assert price.read(1) is None
        assert price.read(2) is None
        assert not price.may_be_over
        assert price.read(9) == frozenset({0})

    def test_a_value_that_another_one_begins_may_be_over_only_while_it_is_still_meant(self) -> None:
        """`$5` is whole on the way to `$5.00`, and is no longer meant behind its point."""
        price = value()
        for token in (1, 2, 3):
            assert price.read(token) is None
        assert price.ended == {0}
        assert not price.may_be_over
        one = Trie({"5": [(1,), (1, 2, 3)]})
        spelt_twice = Value(BY_LINE, price.resolution, one.root, 0)
        for token in (1, 2):
            assert spelt_twice.read(token) is None
        assert spelt_twice.may_be_over

    def test_what_no_candidate_is(self) -> None:
        assert value().read(9) == frozenset()

    def test_a_value_that_is_not_known_has_no_end_of_its_own(self) -> None:
        unknown = Value(BY_LINE, value().resolution, None, 0)
        assert [unknown.read(token) for token in (3, 1, 4)] == [None, None, None]
        assert unknown.tokens == 3
        assert not unknown.may_be_over


def test_a_value_that_begins_again_keeps_what_was_written_of_it() -> None:
    again = value()
    again.read(1)
    again.read(2)
    again.read(3)
    for event in (ValueEvent.VERDICT, ValueEvent.RESTATE):
        again.on(event)
    again.reopen(20)
    assert again.detected == Detected("reopened", BY_LINE.place, expects_value=False, sees_token=False)
    assert (again.phase, again.start, again.tokens) == (Phase.BEGUN, 20, 3)
    assert again.node is TRIE.walk((1, 2, 3))
    assert again.ended == frozenset()
    with pytest.raises(GuardbindError):
        again.reopen(21)


def test_it_needs_neither_torch_nor_transformers() -> None:
    code = "import sys, guardbind.session.value; print({'torch', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
