"""Where slots open: what is to be judged at once, what waits, and what is no slot."""

from __future__ import annotations

from typing import Any

import pytest
from plain_slots import LETTERS, letters_opener, letters_row, plain_branch

from guardbind.evidence import Binding, Evidence
from guardbind.session.opener import Opener, Opening
from guardbind.session.row import Row
from guardbind.session.value import Phase, Value, ValueEvent
from guardbind.targets import Resolution

PROMPT = "alpha=17\nbeta=42\nbeta="
ITEMS = {"alpha": "17", "beta": "42"}
ALIKE = {"alpha": "1729", "beta": "1786"}


def opener(**settings: Any) -> Opener:
    return letters_opener(**settings)


def write(row: Row, text: str) -> None:
    for letter in text:
        row.read(ord(letter), ends=False)


def judged(opening: Opening | None) -> Value:
    """Give the verdict that an opening asks for, and return the value that it was given on."""
    assert opening is not None
    opening.row.advance(ValueEvent.VERDICT)
    assert opening.row.value is not None
    return opening.row.value


def at_the_end(row: Row, top: str, **settings: Any) -> Opening | None:
    """Open the slot at the end of a prompt."""
    return opener(slots=("line_end",), **settings).open(row, ord(top))


class TestAtTheEndOfAPrompt:
    @pytest.mark.parametrize("top", ["4", "1", "x"])
    def test_a_slot_opens_whatever_comes(self, top: str) -> None:
        row = letters_row(PROMPT, ITEMS, "beta")
        opening = at_the_end(row, top)
        assert opening is not None
        assert (opening.kind, opening.token, opening.continues, opening.sees_token) == (
            "line_end",
            ord(top),
            False,
            False,
        )
        assert (opening.measurable_target, opening.resolution.how) == (1, "declared")
        assert row.phase is Phase.BEGUN  # nothing was measured yet

    def test_a_token_that_keeps_the_target_and_others_alive_is_not_judged_yet(self) -> None:
        row = letters_row("alpha=1729\nbeta=1786\nbeta=", ALIKE, "beta")
        way = opener(slots=("line_end",))
        for written in "17":
            assert way.open(row, ord(written)) is None
            assert row.phase is Phase.BEGUN
            write(row, written)
        opening = way.open(row, ord("2"))
        assert opening is not None
        assert (opening.kind, opening.continues, row.phase) == ("line_end", True, Phase.BEGUN)
        assert (opening.owners, opening.wanted(9), opening.wanted(1)) == ([0], [1, 0], [1])

    def test_a_value_that_was_judged_is_left_alone_where_it_has_no_choice(self) -> None:
        row = letters_row(PROMPT, ITEMS, "beta")
        judged(at_the_end(row, "4"))
        write(row, "4")
        assert at_the_end(row, "2") is None
        assert row.phase is Phase.JUDGED
        continued = at_the_end(row, "x")
        assert continued is not None
        assert (continued.kind, continued.continues) == ("continued", True)

    def test_a_value_that_was_chosen_is_left_alone_where_the_model_goes_on_with_it(self) -> None:
        row = letters_row("alpha=47\nbeta=42\nbeta=", {"alpha": "47", "beta": "42"}, "beta")
        judged(at_the_end(row, "x"))
        row.write()
        write(row, "4")
        assert at_the_end(row, "2") is None
        assert row.phase is Phase.FORCED
        assert at_the_end(row, "7") is not None  # where its own token may not be written, it is judged as before

    def test_nothing_opens_later(self) -> None:
        row = letters_row(PROMPT, ITEMS, "beta")
        write(row, "so ")
        way = opener(slots=("line_end",))
        assert not way.may_open(row)
        assert opener(slots=("automatic",)).may_open(row)

    def test_nothing_opens_where_nothing_is_bound(self) -> None:
        assert not opener().may_open(letters_row("beta=", []))


class TestAutomatically:
    """Only the token that is about to be written makes it a slot."""

    def row(self, items: dict[str, str] | None = None, written: str = "It is ") -> Row:
        items = items or ITEMS
        row = letters_row("".join(f"{key}={value}\n" for key, value in items.items()), items)
        write(row, written)
        return row

    def open(self, row: Row, top: str) -> Opening | None:
        return opener(slots=("automatic",)).open(row, ord(top))

    def test_a_candidate_opens_it_and_nothing_else_does(self) -> None:
        row = self.row()
        assert self.open(row, "x") is None
        assert row.phase is Phase.CLOSED
        opening = self.open(row, "4")
        assert opening is not None
        assert (opening.kind, opening.sees_token, opening.tells) == ("automatic", True, True)

    def test_a_word_that_goes_on_does_not(self) -> None:
        assert self.open(self.row(written="no 2"), "4") is None

    def test_a_name_that_is_on_its_way_does_not(self) -> None:
        """A value begins with 1 too, but "crate 1" goes on to be the crate that is spoken of."""
        items = {"crate 10": "17", "crate 11": "42"}
        row = self.row(items, written="Of crate ")
        assert self.open(row, "1") is None
        assert row.value is not None  # what comes next tells
        write(row, "1")
        assert self.open(row, "0") is None
        assert row.phase is Phase.CLOSED
        assert self.open(self.row(items, written="Of crate "), "4") is not None

    def test_a_name_does_where_a_value_is_asked_for(self) -> None:
        items = [
            Binding("room of Ann", "12", attribute="room", owners=("Ann",)),
            Binding("phone of room 12", "88", attribute="phone", owners=("room 12",)),
        ]
        row = letters_row("The room of Ann is 12. The phone of room 12 is 88.\nSay both.\n", items)
        write(row, "Ann has room ")
        assert row.bound.inside_name("Ann has room ", "1")
        assert opener(slots=("automatic",)).open(row, ord("1")) is not None

    def test_what_goes_on_as_no_candidate_does_was_none(self) -> None:
        row = self.row(ALIKE)
        assert self.open(row, "1") is None
        assert row.phase is Phase.BEGUN
        write(row, "1")
        assert self.open(row, "x") is None
        assert (row.phase, row.value) == (Phase.CLOSED, None)

    def test_tokens_that_go_on_with_a_word_are_told(self) -> None:
        items = {"alpha": "=7", "beta": "42"}
        row = self.row(items, written="no 3")
        opening = self.open(row, "=")
        assert opening is not None
        assert opening.glued == {ord("4")}

    def test_what_the_query_says_itself_is_no_answer(self) -> None:
        items = [
            Binding("badge of Ann", "4417", attribute="badge", owners=("Ann",)),
            Binding("badge of Bob", "8213", attribute="badge", owners=("Bob",)),
        ]
        text = "The badge of Ann is 4417. The badge of Bob is 8213.\nWhose badge is 8213?\n"
        row = letters_row(text, items)
        write(row, "Badge ")
        assert row.bound.echoed == {1}
        assert opener(slots=("automatic",)).open(row, ord("8")) is None
        assert row.phase is Phase.CLOSED
        assert opener(slots=("automatic",)).open(row, ord("4")) is not None


class TestGoingOn:
    def test_a_value_of_which_only_the_evidence_is_known_goes_on_to_its_bound(self) -> None:
        row = letters_row("see: nothing\nbeta=", [Evidence("beta", text="nothing")])
        way = opener(slots=("line_end",), max_value_tokens=2)
        judged(way.open(row, ord("n")))
        write(row, "n")
        judged(way.open(row, ord("o")))
        write(row, "o")
        assert way.open(row, ord("!")) is None
        assert row.phase is Phase.CLOSED

    def test_one_that_begins_again_is_judged_anew(self) -> None:
        row = letters_row(PROMPT, ITEMS, "beta")
        value = judged(at_the_end(row, "x"))
        row.restate(LETTERS.encode("\n"), 1)
        assert opener().may_open(row)
        row.read(row.next_forced(), ends=False)
        reopened = at_the_end(row, "4")
        assert reopened is not None
        assert (reopened.kind, reopened.continues, reopened.sees_token) == ("reopened", False, False)
        assert (value.start, row.value, row.phase) == (len(row.ids), value, Phase.BEGUN)

    def test_one_that_is_followed_in_a_branch_is_not_judged(self) -> None:
        row = letters_row(PROMPT, ITEMS, "beta")
        judged(at_the_end(row, "1"))
        row.follow(plain_branch([0.5, 0.5]))
        write(row, "4")
        assert at_the_end(row, "x") is None
        assert row.phase is Phase.FOLLOWED

    def test_an_opening_stays_as_it_was_when_its_value_goes_on(self) -> None:
        row = letters_row(PROMPT, ITEMS, "beta")
        opening = at_the_end(row, "4")
        value = judged(opening)
        assert opening is not None
        before = (opening.node, opening.continues, opening.resolution, opening.owners)
        write(row, "4")
        row.resolve_again(Resolution(0, "sentence", "it says so", "alpha"))
        assert value.node is not opening.node
        assert (opening.node, opening.continues, opening.resolution, opening.owners) == before

    def test_one_that_may_be_over_is_over_where_the_model_goes_on_with_something_else(self) -> None:
        row = letters_row(
            "beta=5 EUR\nalpha=7\nbeta=", [Binding("beta", "5 EUR", aliases=("5",)), Binding("alpha", "7")], "beta"
        )
        value = judged(at_the_end(row, "5"))
        row.write()
        write(row, "5")
        write(row, " ")
        assert value.may_be_over
        assert at_the_end(row, "x") is None
        assert row.phase is Phase.CLOSED


def test_where_a_value_is_expected_something_else_may_be_said() -> None:
    row = letters_row("alpha=17\nbeta=42\nWhat is beta?\n", ITEMS)
    write(row, "The beta is ")
    way = opener(slots=("key_phrase",))
    assert way.open(row, ord("u")) is None
    assert row.phase is Phase.CLOSED
    other = way.open(row, ord("9"))
    assert other is not None
    assert (other.kind, other.sees_token, other.measurable_target) == ("key_phrase", False, 1)
