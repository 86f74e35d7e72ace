"""What is stated within something else: each character is evidence of one value, and no prompt ends a request."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.errors import ConfigError
from guardbind.extraction import Block, extract
from guardbind.extraction.apart import StatedAt, apart

WITHIN = StatedAt((10, 40), (30, 35), "outer", "outer"), StatedAt((15, 22), (18, 21), "inner", "inner")


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        (WITHIN, [(22, 40), (15, 22)]),
        ((StatedAt((0, 9), (2, 4), 1, 1), StatedAt((6, 12), (10, 11), 2, 2)), [(0, 6), (6, 12)]),
        ((StatedAt((0, 9), (0, 9), 1, 1), StatedAt((6, 12), (6, 12), 2, 2)), [(0, 9), None]),
        ((StatedAt((0, 9), (0, 9), 1, 1), StatedAt((6, 12), (6, 12), 1, 2)), [(0, 9), (6, 12)]),
    ],
    ids=["within", "beside", "a part of the value", "one value"],
)
def test_what_shares_characters_is_cut(stated: tuple[StatedAt, ...], kept: list[tuple[int, int] | None]) -> None:
    assert apart(stated) == kept


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 5), max_size=12))
def test_no_two_values_share_a_character(drawn: list[tuple[int, ...]]) -> None:
    stated = [
        StatedAt((start, start + a + 1 + b + c), (start + a, start + a + 1 + b), says % 3, at)
        for at, (start, a, b, c, says) in enumerate(drawn)
    ]
    kept = apart(stated)
    left = [(span, item) for span, item in zip(kept, stated, strict=True) if span is not None]
    for span, item in left:
        assert item.span[0] <= span[0] <= item.value[0] < item.value[1] <= span[1] <= item.span[1]
    furthest: tuple[tuple[int, int], StatedAt] | None = None
    for span, item in sorted(left):
        assert furthest is None or furthest[1].says == item.says or furthest[0][1] <= span[0]
        furthest = (span, item) if furthest is None or span[1] > furthest[0][1] else furthest


def test_a_rule_that_fails_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    def fails(text: str) -> Iterator[Block]:
        raise KeyError(text)

    with caplog.at_level(logging.WARNING, "guardbind"):
        table = extract("Bob's secret is 4417.\nAnn's badge: 9082", rules=[fails, "sentence", "assignment"])
    assert {item.value for item in table.items} == {"4417", "9082"}
    assert table.notes == ("the rule 'fails' raised KeyError; what it would have read is left out.",)
    assert table.notes[0] in caplog.text
    assert "4417" not in caplog.text


def test_what_a_rule_says_itself_is_told() -> None:
    def refuses(text: str) -> Iterator[Block]:
        raise ConfigError("not so")

    with pytest.raises(ConfigError, match="not so"):
        extract("a = 1", rules=[refuses])
