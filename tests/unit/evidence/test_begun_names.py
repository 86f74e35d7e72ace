"""Names that an answer is in the middle of."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.evidence import EvidenceTable, Located
from guardbind.evidence.begun_names import BegunNames


def begun(names: Sequence[str], owners: Sequence[str] = ()) -> BegunNames:
    return BegunNames(
        EvidenceTable(tuple(Located(i, name, "7", (), (), None, tuple(owners)) for i, name in enumerate(names)))
    )


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("The code of crate ", "1"),
        ("The code of crate", " 1"),
        ("The code of Crate  ", "101"),
        ("crate ", "102"),
        ("Code of the north pump c", "o"),
        ("The code of crate", " "),
        ("north pump", "\t"),
        ("It is due to Dr. ", "W"),
    ],
)
def test_a_name_is_gone_on_with(text: str, following: str) -> None:
    assert begun(["crate 101", "crate 102", "north pump controller"], ["Dr. Weber"]).within(text, following)


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("The code is ", "1"),
        ("The code of crate ", "2"),
        ("The code of crate 101 is ", "1"),
        ("The code of crate 101", "1"),
        ("The code of crate 1", " "),
        ("The code of a rate ", "1"),
        ("", "crate"),
        ("a scrate ", "1"),
    ],
)
def test_no_name_is_gone_on_with(text: str, following: str) -> None:
    assert not begun(["crate 101", "crate 102", "KEY"]).within(text, following)


def test_a_name_of_one_word_is_never_gone_on_with() -> None:
    assert not begun(["17", "crate"]).within("There are 17 cra", "te")
    assert not begun([]).within("The code of crate ", "1")


_WORDS = st.lists(st.sampled_from(["a", "b", "ab", "1", "12"]), min_size=1, max_size=4).map(" ".join)


@given(names=st.lists(_WORDS, max_size=5), text=_WORDS, following=st.sampled_from([" 1", " a", "2", "b", " ab"]))
def test_it_is_what_comparing_with_every_name_says(names: list[str], text: str, following: str) -> None:
    said = (text + following).split()
    written = len(text.split())
    parts = [" ".join(said[at:]) for at in range(written)]
    expected = any(" " in name and name.startswith(part) for name in names for part in parts)
    assert begun(names).within(text, following) is expected
