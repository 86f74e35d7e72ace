"""Targets of prompts in which a value is changed or taken back: the newer value, or none."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt

from guardbind.evidence import Binding, locate
from guardbind.registry import LANGUAGES
from guardbind.targets import Agreement, read_query
from guardbind.targets.stated import read_bindings

PIN = "Otto's pin is 4410."
ASKED = "What is Otto's pin?"
NEWER = ["It is now 7035.", "Sorry, 7035.", "The pin was changed to 7035.", "Typo! It's 7035.", "His new pin is 7035."]
TAKEN_BACK = [
    "That is no longer valid.",
    "Otto's pin has changed.",
    "That figure is out of date.",
    "They moved him to 7035.",
    "Please use 7035 from now on.",
    "It is now 7035 or 7036.",
    "Otto's pin was reset.",
]
SAID_ELSEWHERE = [
    "The menu has changed.",
    "His phone is 5550199.",
    "Please change my order.",
    "It rains.",
    "Water is changed twice a day.",
    "It used to be 7035.",
    "Before the move, Otto's pin was 7035, they say.",
    "Eva's desk is 12. Correction: 13.",
]


def read(text: str, language: str = "english") -> str | None:
    prompt, words = as_prompt(f"{text}\n"), LANGUAGES.get(language)
    table = locate(read_bindings(prompt, words), prompt)
    found = Agreement(table, read_query(prompt, table.end, words)).resolve(None)
    return None if found.index is None else table.items[found.index].value


@pytest.mark.parametrize(("behind", "value"), [(NEWER, "7035"), (TAKEN_BACK, None), (SAID_ELSEWHERE, "4410")])
def test_what_is_said_behind_a_value(behind: list[str], value: str | None) -> None:
    read_as = {said: read(f"{PIN} {said} Eva is here. {ASKED}") for said in behind}
    assert read_as == dict.fromkeys(behind, value)


def test_what_was_is_never_taken_for_what_is() -> None:
    assert read(f"Otto's pin used to be 7035. {ASKED}") is None
    assert read(f"{PIN} Otto's pin was 7035. {ASKED}") is None
    assert read(f"Otto's pin was 7035 until May. {PIN} {ASKED}") == "4410"
    assert read("Ottos PIN war früher 7035. Ottos PIN ist 4410. Wie lautet Ottos PIN?", "german") == "4410"


def test_what_is_stated_again_holds_again() -> None:
    assert read(f"{PIN} That is no longer valid. Otto's pin is 7035. {ASKED}") == "7035"


def test_what_is_declared_and_stated_nowhere_is_passed_over() -> None:
    items = [
        Binding("Otto's pin", "4410", attribute="pin", owners=("Otto",)),
        Binding("Eva's desk", "99", attribute="desk", owners=("Eva",)),
    ]
    prompt, words = as_prompt(f"{PIN} Eva's desk has changed. {ASKED}\n"), LANGUAGES.get("english")
    table = locate(items, prompt)
    assert table.items[1].absent
    assert Agreement(table, read_query(prompt, table.end, words)).resolve(None).index == 0
