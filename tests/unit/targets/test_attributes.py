"""Which attribute a text names, plain strings only."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from plain_prompts import as_prompt

from guardbind.evidence import Binding, locate
from guardbind.targets.attributes import WHOLE, Attributes, Match
from guardbind.targets.labels import label_table
from guardbind.text.words import words

BOUND = (
    Binding("Bob's badge number", "8213", attribute="badge number", owners=("Bob",)),
    Binding("Carol's badge number", "3352", attribute="badge number", owners=("Carol",)),
    Binding("Bob's locker code", "77-B", attribute="locker code", owners=("Bob",)),
    Binding("due date", "2024-05-03", attribute="due date"),
    Binding("order date", "2024-05-01", attribute="order date"),
    Binding("fee", "$5.00", attribute="fee"),
    Binding("shipping.status", "open", attribute="status"),
)


def attributes(bindings: Sequence[Binding] = BOUND) -> Attributes:
    table = locate(bindings, as_prompt(" ".join(f"{binding.key}: {binding.value}." for binding in bindings)))
    return Attributes(table, label_table(table))


def names(found: Sequence[Match]) -> list[str]:
    return [" ".join(match.attribute) for match in found]


class TestAsked:
    @pytest.mark.parametrize(
        ("text", "named"),
        [
            ("What is Bob's badge number?", ["badge number"]),
            ("What is Bob's badge?", ["badge number"]),
            ("What are the badge numbers?", ["badge number"]),
            ("What is the number of the badge?", ["badge number"]),  # in another order, joined by "of"
            ("What is the due date?", ["due date"]),
            ("What is the current fee?", ["fee"]),
            ("What is the shipping status?", ["status"]),
            ("How much is it?", ["fee"]),
            ("What is the colour?", []),
            ("What is the parking badge number?", []),  # a modified one
            ("What is the checksum of the badge number?", []),
            ("What is the number badge?", []),
            ("What is the badge. Number?", ["badge number"]),  # "badge" alone
            ("Whose badge number is 8213?", []),  # its value is given
            ("What is the locker code and the fee?", ["locker code", "fee"]),
        ],
    )
    def test_by_words(self, text: str, named: list[str]) -> None:
        assert names(attributes().asked(text)) == named

    def test_the_score_says_how_well(self) -> None:
        whole, part = (attributes().asked(text)[0] for text in ("the badge number", "the badge"))
        assert whole.score == WHOLE > part.score > 0

    def test_all_bindings_of_the_attribute_are_named(self) -> None:
        assert [label.item for label in attributes().asked("the badge number")[0].labels] == [0, 1]

    def test_what_stands_there_in_a_modified_form_only_is_refused(self) -> None:
        assert attributes().refused("the parking badge number") == {("badge", "number")}
        assert attributes().refused("the badge number") == set()


class TestWanted:
    @pytest.mark.parametrize(
        ("text", "named"),
        [
            ("Bob's badge number is", ["badge number"]),
            ("Bob's badge number is 8213 and the locker code", ["locker code"]),
            ("Bob's badge number is 8213", []),
            ("Bob's badge number is 99", []),
            ("It is", []),
        ],
    )
    def test_what_has_no_value_yet(self, text: str, named: list[str]) -> None:
        assert names(attributes().wanted(text)) == named

    def test_of_two_the_one_whose_kind_begins(self) -> None:
        text = "the badge number, the locker code"
        assert names(attributes().wanted(text, [2])) == ["locker code"]
        assert names(attributes().wanted(text, [0])) == ["badge number"]
        had = "the badge number of the locker code"
        assert names(attributes().wanted(had, [2])) == ["badge number", "locker code"]
        assert names(attributes().wanted(had, [0])) == ["badge number"]


def test_known_words_are_those_of_keys_and_names() -> None:
    found = attributes()
    assert [found.known(word) for word in words("Bob badge first shipping zebra")] == [True, True, True, True, False]


def test_a_stop_of_an_abbreviation_does_not_part_an_attribute() -> None:
    bound = (Binding("approx. total", "5", attribute="approx. total"),)
    assert names(attributes(bound).asked("the approx. total")) == ["approx total"]
    assert names(attributes(bound).asked("It is approx! Total?")) == []
