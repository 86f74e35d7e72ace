"""Which tokens copy the value of a declared passage, from rows of letters."""

from __future__ import annotations

import pytest
from plain_slots import LETTERS, letters_opener, letters_row

from guardbind.evidence import Binding, Evidence
from guardbind.session.copying import copies_at

PROMPT = "{passage}\nbeta=[x17]\n{question}"


def copied(passage: str, question: str, top: str = "x", *, target: str | None = "it", known: bool = False) -> str:
    """Return the letters that copy the value of a passage where the answer stands behind the question."""
    prompt = PROMPT.format(passage=passage, question=question)
    span = (0, len(passage))
    item = Binding("it", "zebra", span=span) if known else Evidence("it", span=span)
    opening = letters_opener(slots=("prompt_end",)).open(letters_row(prompt, [item], target), ord(top))
    assert opening is not None
    return "".join(sorted(map(chr, copies_at(opening, LETTERS))))


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        ("alpha=[zebra]", "alpha=["),
        ("alpha = [ zebra ]", "Question: what is alpha?\nalpha=["),
        ("The code of the vault is zebra.", "What is the code of the vault?\nThe code of the vault is"),
        ('{"port": "zebra"}', '{"host": "m", "port":'),
        ("Vault: zebra", "- VAULT:"),
        ("key_1 = zebra", "key_1 ="),
        ("alpha=[zebra] alpha=[zebra]", "alpha=["),
    ],
)
def test_the_word_behind_what_stands_before_the_slot(passage: str, question: str) -> None:
    assert copied(passage, question) == " z"


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        # Something else may be meant than a copy.
        ("The code is zebra.", "Is the code mule? Answer:"),
        ("alpha=[zebra]", "How many letters has alpha?\nalpha=["),
        # Other words stand before the value.
        ("alpha=[zebra]", "beta=["),
        ("subalpha=[zebra]", "alpha=["),
        ("sub_alpha=[zebra]", "alpha=["),
        ("Ann's badge: zebra; Bob's phone: mule", "Bob's badge:"),
        # It says several things.
        ("alpha=[zebra] " + "and so on " * 20, "alpha=["),
        # Two values, none, or a word that is about nothing.
        ("alpha=[zebra] alpha=[mule]", "alpha=["),
        ("alpha=[]", "alpha=["),
        ("The code is not zebra.", "The code is"),
    ],
)
def test_nothing_where_that_is_not_what_is_to_be_copied(passage: str, question: str) -> None:
    assert copied(passage, question) == ""


@pytest.mark.parametrize("top", ["z", "a", '"'])
def test_nothing_where_the_model_writes_a_word_of_the_passage_or_opens_a_value(top: str) -> None:
    assert copied("alpha=[zebra]", "alpha=[", top) == ""


def test_nothing_where_the_caller_did_not_say_that_this_passage_is_meant() -> None:
    assert copied("alpha=[zebra]", "alpha=[", target=None) == ""
    assert copied("alpha=[zebra]", "alpha=[", known=True) == ""
