"""Values that are told by their form: which are found, where, and of what kind."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.text.typed_values import typed_values


def found(text: str) -> list[tuple[str, str]]:
    return [(value.text, value.kind) for value in typed_values(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("At 9:40 Jo paid $12.50 for QX-7.", [("9:40", "time"), ("$12.50", "money"), ("QX-7", "id")]),
        ("Due 3 May 2024 or May 5, box 12.", [("3 May 2024", "date"), ("May 5", "date"), ("12", "number")]),
        ("1.200,50 € und 42 EUR", [("1.200,50 €", "money"), ("42 EUR", "money")]),
        ("write to a.b@c.de or see https://x.y/z?a=1.", [("a.b@c.de", "email"), ("https://x.y/z?a=1", "url")]),
        ("Call +49 30 1234567 at 5 p.m.", [("+49 30 1234567", "id"), ("5 p.m.", "time")]),
        ("2024年5月3日用4417号柜，价格300元，下午3点半", None),
        ("Am 3. Mai um 14 Uhr, 7,5 % mehr", [("3. Mai", "date"), ("14 Uhr", "time"), ("7,5 %", "number")]),
        ("le 1er mai 2024 à 14h30", [("1er mai 2024", "date"), ("14h30", "time")]),
        ("2. On the 2nd floor", []),
        ("nothing at all", []),
    ],
)
def test_each_form_with_its_kind(text: str, expected: list[tuple[str, str]] | None) -> None:
    if expected is None:
        expected = [("2024年5月3日", "date"), ("4417", "number"), ("300元", "money"), ("3点半", "time")]
    assert found(text) == expected


@given(st.text(max_size=200), st.integers(0, 50))
def test_any_text_has_values_where_it_says_and_in_order(text: str, start: int) -> None:
    start = min(start, len(text))
    reached = start
    for value in typed_values(text, start, len(text)):
        assert reached <= value.span[0] < value.span[1] <= len(text)
        assert text[slice(*value.span)] == value.text
        assert any(map(str.isdigit, value.text)) or "@" in value.text or "://" in value.text
        reached = value.span[1]


@pytest.mark.parametrize(
    "piece", ["1", "1.", "1 ", "a1-", "a@", "a.", "://", "$1,", "12:3", "3 ma", "(", "1/", "+1 ", "00 ", "年1", "#a"]
)
def test_the_time_grows_with_the_text(piece: str) -> None:
    def seconds(count: int) -> float:
        text = piece * count
        began = process_time()
        typed_values(text, 0, len(text))
        return process_time() - began

    seconds(100)
    few, many = (min(seconds(count) for _ in range(3)) for count in (2_000, 8_000))
    assert many < 0.05 or many < 12 * few, (few, many)
