"""Declared passages of prompts by four who saw no rule: what is to be copied from them where the answer stands.

Of the first 160 (`s`), 1 of 70 was told wrongly, and 8 of 90 where nothing is to be copied; 32 rightly. Of the 150 of
another one (`t`), counted after these were mended, 4 of 60 and 3 of 90; 30 rightly. Of the 160 of a third (`u`), after
the four were mended, none of 60 and 8 of 100; 20 rightly. Of the 140 of a fourth (`w`), after seven of the eight were
mended, 1 of 55 and 10 of 85; 18 rightly. Eight of the eleven are mended, too, so that these prompts measure nothing any
more.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from paths import ROOT
from plain_slots import LETTERS, letters_opener

from guardbind.config import GuardConfig
from guardbind.evidence import Evidence
from guardbind.session.bound_prompt import bind_prompt
from guardbind.session.copying import copies_at
from guardbind.session.row import Row

PROMPTS = [json.loads(line) for line in (ROOT / "tests/data/blind_passages.jsonl").read_text("utf-8").splitlines()]
# s064 and t118 want capital letters; s145 a time five minutes later, of which all but the last digit is written; t056
# a surname out of an address; t122 all digits but the first two hidden; u043 whoever has the office now, of whom
# another statement says so than the declared one; w023 another key that begins alike; w053 a date two years later; w108
# a Finnish name that takes another ending.
WRONG = {"s064", "s145", "t056", "t118", "u043", "w023", "w053", "w108"}
TOLD = 90
NO_WORD = ord("\u25c6")


def copied(line: dict[str, Any]) -> frozenset[str]:
    """Return the characters with which a copy would begin, where the model is about to write none of them."""
    start = line["prompt"].index(line["passage"])
    passage = Evidence("it", span=(start, start + len(line["passage"])))
    ids = LETTERS.encode(line["prompt"])
    language = GuardConfig().set_language
    found = bind_prompt(
        LETTERS, index=0, pad=0, ids=ids, items=[passage], declared="it", source=None, language=language
    )
    opening = letters_opener().open(Row(found), NO_WORD)
    return frozenset() if opening is None else frozenset(map(chr, copies_at(opening, LETTERS))) - {" "}


def is_right(line: dict[str, Any], found: frozenset[str]) -> bool:
    """Whether characters are the first one of what is to be copied, in either case."""
    return line["copy"] is not None and {letter.casefold() for letter in found} == {line["copy"].lstrip()[0].casefold()}


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[dict[str, Any], frozenset[str]]]:
    """What is told of each prompt of which anything is."""
    every = {line["id"]: (line, copied(line)) for line in PROMPTS}
    return {name: found for name, found in every.items() if found[1]}


def test_nothing_else_is_copied(told: dict[str, tuple[dict[str, Any], frozenset[str]]]) -> None:
    assert {name for name, found in told.items() if not is_right(*found)} <= WRONG


def test_what_is_to_be_copied_is_told(told: dict[str, tuple[dict[str, Any], frozenset[str]]]) -> None:
    assert len(PROMPTS) == 610
    assert sum(is_right(*found) for found in told.values()) >= TOLD
