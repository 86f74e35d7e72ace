"""Prompts that stop where a known value may be begun, by two who saw no rule: what is taken for the target's rest.

Of 60 of the first (`v`) that stop inside a value 32 were gone on with rightly and none wrongly; of 90 that only look so
26 were taken for the target's value. Of the second's (`x`), counted after twenty of the 26 were mended, it is 27 of 45,
none of them wrongly, and 2 of 65. One of the two is mended, too, so that these prompts measure nothing any more.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from paths import ROOT
from plain_slots import LETTERS, letters_opener

from guardbind.config import GuardConfig
from guardbind.evidence import Binding
from guardbind.session.bound_prompt import bind_prompt
from guardbind.session.row import Row

PROMPTS = [json.loads(line) for line in (ROOT / "tests/data/blind_begun.jsonl").read_text("utf-8").splitlines()]
# v040 an old value that is not declared; v050 a mask that is asked for in Italian; v063 the number of a line in a list;
# v108 a network and no host; v114 and v125 a rival that the line calls by other words than its key; x070 an Italian
# verb that begins as a name does.
WRONG = {"v040", "v050", "v063", "v108", "v114", "v125", "x070"}
RIGHT = 58


def wanted(line: dict[str, Any], token: int) -> frozenset[int] | None:
    """Return the tokens that go on as the target's value; None where the prompt is not taken to stop inside one."""
    found = bind_prompt(
        LETTERS,
        index=0,
        pad=0,
        ids=LETTERS.encode(line["prompt"]),
        items=[Binding(key, value) for key, value in line["bindings"]],
        declared=line["target"],
        source=None,
        language=GuardConfig().set_language,
    )
    row = Row(found)
    opening = letters_opener().open(row, token)
    if opening is None or opening.node is None or opening.resolution.index is None:
        return None
    if row.value is None or not row.value.begun:
        return None
    candidate = found.candidate(opening.resolution.index)
    return frozenset(token for token, child in opening.node.children.items() if candidate in child.values)


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[dict[str, Any], frozenset[int]]]:
    """What is wanted where the model is about to write what is right, of each prompt in which anything is."""
    every = {line["id"]: (line, wanted(line, ord(line["next"][0]))) for line in PROMPTS}
    return {name: (line, found) for name, (line, found) in every.items() if found is not None}


def test_what_is_right_is_not_taken_for_a_wrong_value(told: dict[str, tuple[dict[str, Any], frozenset[int]]]) -> None:
    assert {name for name, (line, found) in told.items() if ord(line["next"][0]) not in found} <= WRONG


def test_a_value_that_is_begun_is_gone_on_with(told: dict[str, tuple[dict[str, Any], frozenset[int]]]) -> None:
    assert len(PROMPTS) == 260
    assert sum(line["goes_on"] and ord(line["next"][0]) in found for line, found in told.values()) >= RIGHT


def test_where_the_model_ends_the_word_nothing_is_taken_for_a_value() -> None:
    ended = [(line, end) for line in PROMPTS for end in " .," if not goes_on_with(line, end)]
    assert len(ended) > 700
    assert not any(wanted(line, ord(end)) for line, end in ended)


def goes_on_with(line: dict[str, Any], end: str) -> bool:
    """Whether a sign is no end, as a value that may be begun has it there: the space of "blue door"."""
    text = line["prompt"] + end
    return any(text.endswith(value[:stop]) for _, value in line["bindings"] for stop in range(2, len(value) + 1))
