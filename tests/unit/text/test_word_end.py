"""Where a word, number or time ends, and where the text goes on with it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guardbind.text.word_end import goes_on

GOES_ON = [
    ("is 2", "010"), ("at 05:47", ":15"), ("is 5", ",5"), ("is 5", ".5"), ("total is 4417", ",50"), ("1", ",250"),
    ("is 12", "B"), ("is 8213", "-A"), ("report", ".pdf"), ("Ann", "a"), ("on 2010", "/05"),
]  # fmt: skip
ENDS = [
    ("at 05:47", ": go"), ("is 5", ".\n"), ("[2", ",5"), ("Bob,8213", ",31"), ("8213", ",31"), ("is 4417", ", 82"),
    ("工号是8213", "号"), ("张伟", "的"), ("Bob", "'s"), ("is 8213", "--"), ("Rome", ".The"), ("port=8080", ":80"),
    ("(5)", "5"),
]  # fmt: skip


def test_what_goes_on_and_what_ends() -> None:
    assert [pair for pair in GOES_ON if goes_on(*pair) is not True] == []
    assert [pair for pair in ENDS if goes_on(*pair) is not False] == []
    assert [mark for mark in ":,.-/" if goes_on("at 05:47", mark) is not None] == []


@given(st.text(max_size=8), st.text(max_size=8))
def test_what_was_told_is_not_told_otherwise_by_more_text(before: str, after: str) -> None:
    told = goes_on(before, after)
    assert told is None or goes_on(before, after + "1") is told
