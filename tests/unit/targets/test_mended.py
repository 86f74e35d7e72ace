"""Kinds that were once resolved wrongly stay open: a correction that no rule reads, a denial above numbered items."""

from __future__ import annotations

import pytest
from plain_slots import LETTERS

from guardbind.session.bound_prompt import bind_prompt

OPEN = {
    "a correction in another entry": (
        "The wifi password: lark-4\nThe wifi password (new): knot-9",
        "What is the wifi password?",
    ),
    "a denial above a numbered item": (
        "It is false that:\n1. Bob's badge number is 4417.\n2. Ann's badge number is 5520.",
        "What is Bob's badge number?",
    ),
}


def aimed_at(facts: str, question: str) -> str | None:
    ids = LETTERS.encode(f"{facts}\n\n{question}\n")
    found = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    index = found.agreement.asked.index
    return None if index is None else found.table.items[index].value


@pytest.mark.parametrize("kind", OPEN)
def test_it_is_left_open(kind: str) -> None:
    assert aimed_at(*OPEN[kind]) is None


def test_what_is_said_plainly_is_found() -> None:
    assert aimed_at("The wifi password: lark-4\nThe gate code: 7701", "What is the wifi password?") == "lark-4"
    assert aimed_at("1. Bob's badge number is 4417.\n2. Ann's is 5520.", "What is Bob's badge number?") == "4417"


def test_what_is_struck_through_leaves_the_rest() -> None:
    facts = "Anna's badge: 9370\nPaul's badge: ~~4417~~ 5520\n~~Anna's badge: 1188~~"
    assert aimed_at(facts, "What is Paul's badge?") == "5520"
    assert aimed_at(facts, "What is Anna's badge?") == "9370"
