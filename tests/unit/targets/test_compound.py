"""A value that holds several is not what one of them is asked for."""

from __future__ import annotations

import pytest

from guardbind.targets.compound import asks_within, is_list
from guardbind.text.english import ENGLISH
from guardbind.text.spanish import SPANISH


@pytest.mark.parametrize(
    ("value", "question", "within"),
    [
        ("amount 5.20, shipping 3.10", "What is the amount of order 4652?", True),
        ("amount 5.20, shipping 3.10", "What is the shipping of order 4652?", True),
        ("amount 5.20, shipping 3.10", "When was order 4652 sent?", False),
        ("stand B12", "Which stand is it?", False),
        ("Main Street 5, Cork", "What is the address?", False),
        ("open", "Is it open?", False),
        ("", "What is it?", False),
    ],
)
def test_it_holds_what_is_asked_for(value: str, question: str, within: bool) -> None:
    assert asks_within(value, [question], ("order", "4652"), ENGLISH) is within


def test_the_attribute_itself_may_stand_in_it() -> None:
    assert not asks_within("seat 4, row 7", ["Which seat?"], ("seat",), ENGLISH)


def test_in_another_language() -> None:
    assert asks_within("importe 5,20 €, gastos 3,10 €", ["¿Cuál es el importe?"], ("pedido",), SPANISH)


def test_a_list_has_three_short_members_or_more() -> None:
    assert is_list("M101, NGC 4565, M3")
    assert is_list("red; green; blue")
    for value in ("M101", "M101, M3", "It rained, so we left early that day, and came back", ",,"):
        assert not is_list(value), value
