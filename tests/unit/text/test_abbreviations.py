"""The expression that finds abbreviations finds what the list of them, tried one by one at each place, finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.registry import LANGUAGES
from guardbind.text.abbreviations import abbreviation_pattern


def one_by_one(abbreviations: list[str]) -> re.Pattern[str]:
    ways = []
    for short in sorted(abbreviations, key=len, reverse=True):
        before = r"(?<=\w)" if short.startswith("-") else r"(?<!\w)"
        ways.append(before + re.escape(short.removeprefix("-")).replace(r"\.", r"\.[ \u00a0]?"))
    return re.compile(rf"(?P<short>{'|'.join(ways)})\.", re.IGNORECASE)


def found(pattern: re.Pattern[str], text: str) -> list[tuple[int, int, str]]:
    return [(*match.span(), match["short"]) for match in pattern.finditer(text)]


def listed(name: str) -> list[str]:
    return list(LANGUAGES.get(name)._abbreviated)


@pytest.mark.parametrize("name", list(LANGUAGES))
@given(data=st.data())
def test_every_language_finds_its_abbreviations(name: str, data: st.DataObject) -> None:
    shorts = listed(name) or ["mr"]
    part = st.sampled_from(shorts).map(lambda short: short.removeprefix("-"))
    part = part.flatmap(lambda short: st.sampled_from([short, short.upper(), short.title(), short.replace(".", ". ")]))
    between = st.sampled_from([". ", ".", " ", "", ".\n", "x", ", 4. ", "\u00a0", "\u017f."])
    text = data.draw(st.lists(st.one_of(part, between), max_size=24).map("".join))
    assert found(abbreviation_pattern(shorts), text) == found(one_by_one(shorts), text)


@given(st.text(alphabet="aegmr.. -x\u00e9\u017fK\n", max_size=40))
def test_letters_that_are_no_words(text: str) -> None:
    shorts = ["mr", "e.g", "a.m", "-str", "-er", "k", "gen", "m"]
    assert found(abbreviation_pattern(shorts), text) == found(one_by_one(shorts), text)
    assert found(abbreviation_pattern([]), text) == found(one_by_one([]), text)
