"""Whichever way many strings are looked for, they are found where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.text import search
from guardbind.text.search import places_of, verbatim


def every_place(text: str, wanted: set[str]) -> list[tuple[int, str]]:
    return sorted((start, string) for string in wanted for start in verbatim(text, string))


@given(st.text("ab ", max_size=8), st.sets(st.text("ab ", min_size=1, max_size=5)))
def test_a_text_of_fewer_stretches_than_there_are_strings(text: str, wanted: set[str]) -> None:
    wanted |= {f"c{number}" for number in range(len(text) ** 2 + 1)}
    assert sorted(places_of(text, wanted)) == every_place(text, wanted)


@given(st.text("ab ", max_size=30), st.sets(st.text("ab ", min_size=1, max_size=9)))
def test_many_strings_in_a_long_text(text: str, wanted: set[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_FEW", 0)
        patch.setattr(search, "_SHORT", 0)
        assert sorted(places_of(text, wanted)) == every_place(text, wanted)
