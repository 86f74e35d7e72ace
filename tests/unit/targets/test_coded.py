"""A question that names a code and nothing else asks for what the code stands for."""

from __future__ import annotations

import json

import pytest
from plain_slots import LETTERS

from guardbind.session.bound_prompt import BoundPrompt, bind_prompt

PAIRS = {"9f2c-11ab": "c04e-77d1", "41b7-20cc": "e9a3-5f02", "07aa-3e19": "b2d8-6c44"}
FORMS = {
    "map": json.dumps(PAIRS),
    "list": json.dumps([{"key": key, "value": value} for key, value in PAIRS.items()]),
    "lines": "\n".join(f"{key}: {value}" for key, value in PAIRS.items()),
}


def bound(facts: str, question: str) -> BoundPrompt:
    ids = LETTERS.encode(f"{facts}\n\n{question}\n")
    return bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None)


def answer(facts: str, question: str) -> str | None:
    found = bound(facts, question)
    index = found.agreement.asked.index
    return None if index is None else found.table.items[index].value


@pytest.mark.parametrize("form", FORMS)
def test_it_is_found_in_whatever_words_it_is_asked_for(form: str) -> None:
    for question in (
        "What does 41b7-20cc map to?",
        "Tell me what 41b7-20cc points at.",
        "`41b7-20cc` -> ?",
        "Which UUID is stored under 41b7-20cc?",
        "Please return the string paired with 41b7-20cc.",
        "Find the value for key 41b7-20cc.",
        "Report the entry for 41b7-20cc, nothing else.",
    ):
        assert answer(FORMS[form], question) == "e9a3-5f02", question


@pytest.mark.parametrize("form", FORMS)
def test_what_asks_for_something_else_finds_nothing(form: str) -> None:
    for question in (
        "What does 55d0-9b3f map to?",
        "Who created 41b7-20cc?",
        "What is the expiry of 41b7-20cc?",
        "What replaced 41b7-20cc?",
        "What do 41b7-20cc and 9f2c-11ab map to?",
    ):
        assert answer(FORMS[form], question) is None, question


def test_a_record_with_more_than_one_value_is_asked_for_by_field() -> None:
    facts = json.dumps([{"id": "A-1001", "status": "open", "city": "Cork"}, {"id": "A-1002", "status": "sent"}])
    assert answer(facts, "What does A-1001 map to?") is None
    assert answer(facts, "What is stored as the status of A-1001?") == "open"


def test_what_was_taken_back_is_left_open() -> None:
    said = "Sorry, forget what I said about 41b7-20cc."
    assert answer(f"{FORMS['lines']}\n{said}", "What does 41b7-20cc map to?") is None
    assert answer(f"{FORMS['lines']}\n{said}", "What does 9f2c-11ab map to?") == "c04e-77d1"
