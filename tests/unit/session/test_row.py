"""A row while it is written: its value, its queue, what it restated, and whether it broke off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from plain_slots import LETTERS, letters_row, plain_branch

from guardbind.errors import GuardbindError
from guardbind.evidence import Evidence
from guardbind.session.row import Row
from guardbind.session.value import Phase, Value, ValueEvent
from guardbind.slots.detector import Detected
from guardbind.targets import Place, Resolution

PROMPT = "alpha=17\nbeta=19\nbeta="
ITEMS = {"alpha": "17", "beta": "19"}


@pytest.fixture
def row() -> Row:
    return letters_row(PROMPT, ITEMS, "beta")


def begun(row: Row, item: int | None = 1) -> Value:
    """Return the value of a binding, begun where the row stands."""
    resolution = Resolution(item, "declared", "declared", "beta")
    node = row.bound.root_for(item)
    return row.begin(Value(Detected("line_end", Place("beta=", "beta=")), resolution, node, len(row.ids)))


def write(row: Row, text: str) -> None:
    for letter in text:
        row.read(ord(letter), ends=False)


class TestTheValue:
    def test_a_row_between_values_is_closed_and_can_only_begin_one(self, row: Row) -> None:
        assert row.phase is Phase.CLOSED
        for event in set(ValueEvent) - {ValueEvent.BEGIN}:
            with pytest.raises(GuardbindError, match="phase CLOSED; BEGIN can"):
                row.advance(event)
        assert begun(row).phase is Phase.BEGUN
        with pytest.raises(GuardbindError):
            begun(row)

    def test_what_it_writes_to_the_end_is_let_go_of_and_stated(self, row: Row) -> None:
        value = begun(row)
        write(row, "19")
        assert (row.phase, row.value, value.phase) == (Phase.CLOSED, None, Phase.CLOSED)
        assert row.restated == {1: [range(len(PROMPT), len(PROMPT) + 2)]}
        assert row.statements(1)[-1] == row.values(1)[-1] == range(len(PROMPT), len(PROMPT) + 2)
        assert row.answer(LETTERS) == "19"

    def test_what_leaves_the_candidates_is_let_go_of_and_states_nothing(self, row: Row) -> None:
        begun(row)
        write(row, "1")
        assert row.phase is Phase.BEGUN
        write(row, "x")
        assert (row.value, row.restated) == (None, {})

    def test_a_value_that_is_not_known_ends_with_its_row(self) -> None:
        row = letters_row("see: nothing\nbeta=", [Evidence("beta", text="nothing")])
        value = begun(row, 0)
        assert value.node is None
        write(row, "no")
        assert row.phase is Phase.BEGUN
        row.read(ord("!"), ends=True)
        assert (row.value, row.finished) == (None, True)

    def test_a_stopping_criterion_ends_it_too(self, row: Row) -> None:
        row.stopped = True
        write(row, "x")
        assert row.finished


class TestInterventions:
    def test_those_in_one_value_count_once(self, row: Row) -> None:
        begun(row)
        row.advance(ValueEvent.VERDICT)
        row.write()
        row.write()
        row.follow(plain_branch([0.5, 0.5]))
        assert (row.interventions, row.phase) == (1, Phase.FOLLOWED)

    def test_one_that_begins_again_counts_again(self, row: Row) -> None:
        value = begun(row)
        row.advance(ValueEvent.VERDICT)
        row.restate(LETTERS.encode("\nbeta=19\nbeta="), 8)
        assert (row.interventions, row.phase, row.value) == (1, Phase.RESTATING, value)
        assert row.restated == {1: [range(len(PROMPT), len(PROMPT) + 8)]}
        while row.queue:
            row.read(row.next_forced(), ends=False)
        assert row.phase is Phase.RESTATING  # what is restated is no token of the value
        assert value.tokens == 0
        row.reopen()
        assert (row.phase, value.start) == (Phase.BEGUN, len(row.ids))
        row.advance(ValueEvent.VERDICT)
        row.write()
        assert row.interventions == 2

    def test_a_restatement_that_cannot_be_written_is_given_up(self, row: Row) -> None:
        begun(row)
        row.advance(ValueEvent.VERDICT)
        row.restate([65, 66], 1)
        row.abandon()
        assert (list(row.queue), row.value, row.phase) == ([], None, Phase.CLOSED)

    def test_a_row_that_stops_writes_what_it_is_told_and_no_value(self, row: Row) -> None:
        begun(row)
        row.advance(ValueEvent.VERDICT)
        row.stop([63, 0])
        assert (list(row.queue), row.value, row.interventions) == ([63, 0], None, 1)

    def test_nothing_is_done_before_a_verdict(self, row: Row) -> None:
        begun(row)
        acts: list[Callable[[], None]] = [
            row.write,
            lambda: row.follow(plain_branch([1.0])),
            lambda: row.restate([65], 1),
            lambda: row.stop([0]),
        ]
        for act in acts:
            with pytest.raises(GuardbindError, match="phase BEGUN"):
                act()

    def test_only_a_value_that_is_begun_can_be_led_on(self, row: Row) -> None:
        acts: list[Callable[[], None]] = [
            row.write,
            row.reopen,
            lambda: row.follow(plain_branch([1.0])),
            lambda: row.restate([65], 1),
            lambda: row.stop([0]),
            lambda: row.resolve_again(Resolution(0, "sentence", "it says so", "alpha")),
        ]
        for act in acts:
            with pytest.raises(GuardbindError, match=r"phase CLOSED; BEGIN can|row 0 writes no value at step 0"):
                act()
        assert (row.interventions, list(row.queue)) == (0, [])

    def test_a_value_that_begins_again_has_the_tokens_of_it_that_the_restatement_repeats(self, row: Row) -> None:
        value = begun(row)
        write(row, "1")
        row.advance(ValueEvent.VERDICT)
        row.restate(LETTERS.encode("\nbeta=1"), 1)
        while row.queue:
            row.read(row.next_forced(), ends=False)
        row.reopen()
        assert (value.tokens, row.ids[value.start :]) == (1, LETTERS.encode("1"))

    def test_a_value_may_come_from_elsewhere_once_more_is_known(self, row: Row) -> None:
        value = begun(row, 1)
        row.resolve_again(Resolution(0, "sentence", "it says so", "alpha"))
        assert value.resolution.index == 0


class TestHoldBack:
    """What of the answer may leave for a streamer."""

    def test_everything_between_values(self, row: Row) -> None:
        write(row, "so: ")
        assert row.settled(4, ord(" ")) == 4

    def test_nothing_of_a_value_of_which_nothing_is_judged(self, row: Row) -> None:
        write(row, "so: ")
        begun(row)
        assert row.settled(5, ord("1")) == 4
        write(row, "1")
        assert row.settled(5, ord("1")) == 4

    def test_all_of_it_once_it_is_judged_or_shows_that_it_is_none(self, row: Row) -> None:
        begun(row)
        assert row.settled(1, ord("x")) == 1
        write(row, "1")
        row.advance(ValueEvent.VERDICT)
        assert row.settled(1, ord("1")) == 1


class TestBreakingOff:
    @pytest.mark.parametrize(
        ("read", "unread", "broken"),
        [("", "", False), ("1", "", True), ("", "1", True), ("1", "9", False), ("", "19", False), ("1", "x", False)],
    )
    def test_within_a_value(self, read: str, unread: str, broken: bool, row: Row) -> None:
        begun(row)
        write(row, read)
        assert row.breaks_off(LETTERS.encode(unread)) is broken

    def test_before_one_that_a_restatement_leads_up_to(self, row: Row) -> None:
        begun(row)
        row.advance(ValueEvent.VERDICT)
        row.restate([65], 1)
        assert row.breaks_off([])

    @pytest.mark.parametrize(("target", "broken"), [(0, True), (1, False)])
    def test_a_value_that_begins_another_is_whole_if_it_is_the_one_meant(self, target: int, broken: bool) -> None:
        row = letters_row("alpha=1950\nbeta=19\nbeta=", {"alpha": "1950", "beta": "19"}, "beta")
        begun(row, target)
        write(row, "19")
        assert row.breaks_off([]) is broken

    def test_between_values_never(self, row: Row) -> None:
        assert not row.breaks_off([1, 2])


class TestText:
    def test_a_prompt_that_stops_mid_line_is_gone_on_with(self, row: Row) -> None:
        assert row.bound.stops_mid_line
        write(row, "19, so")
        assert row.line(LETTERS) == "beta=19, so"
        assert row.continued(LETTERS) == PROMPT + "19, so"
        write(row, "\nthen ")
        assert row.line(LETTERS) == "then "

    @pytest.mark.parametrize("end", ["beta= ", "beta", "The total: "])
    def test_a_space_behind_it_ends_no_line(self, end: str) -> None:
        row = letters_row(f"alpha=17\nWhat is beta?\n{end}", {"alpha": "17"})
        assert row.bound.stops_mid_line
        assert row.line(LETTERS) == end

    def test_one_that_does_not_is_not(self) -> None:
        row = letters_row("alpha=17\nWhat is alpha?\n", {"alpha": "17"})
        write(row, "It is ")
        assert not row.bound.stops_mid_line
        assert row.line(LETTERS) == row.continued(LETTERS) == "It is "

    @pytest.mark.parametrize(
        ("text", "letter", "inside"),
        [("no 4", "8", True), ("no ", "8", False), ("A-", "1", True), ("- ", "1", False), ("no 4", " ", False)],
    )
    def test_inside_a_word(self, text: str, letter: str, inside: bool, row: Row) -> None:
        write(row, text)
        assert row.inside_word(LETTERS, ord(letter)) is inside
