"""Binding a large table: the work is counted, grows with the rows, and no value is told or tokenised twice."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from babel.numbers import parse_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from guardbind.candidates.trie import Trie
from guardbind.extraction.surfaces import Surfaces
from guardbind.targets.stated import read_stated
from guardbind.text import values
from guardbind.text.decoded import PromptText

HEAD = "order,customer,total,date\n"


def table(rows: int, first: int = 0) -> str:
    lines = (
        f"ORD-{row:06d},Customer {row},{row * 7919 % 100000 / 100:.2f},2024-{row % 12 + 1:02d}-{row % 28 + 1:02d}"
        for row in range(first, first + rows)
    )
    return HEAD + "\n".join(lines) + f"\n\nWhat is the total of ORD-{first + rows // 2:06d}?"


def prompt(text: str) -> PromptText:
    return PromptText(text, tuple((place, place + 1) for place in range(len(text))))


def calls(run: Callable[[], Any]) -> int:
    """Count the calls of functions of Python; what repeats a scan for each row shows as a square."""
    counted = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal counted
        counted += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return counted


def test_the_work_grows_with_the_rows() -> None:
    read_stated(prompt(table(3)))  # what is compiled and loaded once
    prompts = [prompt(table(rows, rows * 10)) for rows in (50, 100, 200)]
    work = [calls(partial(read_stated, of_rows)) for of_rows in prompts]
    first, second = work[1] - work[0], work[2] - work[1]
    assert second <= 2.6 * first  # 2 for twice the rows, and 4 where each row looks at every other one
    assert work[2] / 200 < 2500


def test_each_value_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[str] = Counter()
    number = values._number

    def counting(value: str) -> values.Typed | None:
        seen[value] += 1
        return number(value)

    monkeypatch.setattr(values, "_number", counting)
    values.classify.cache_clear()
    said = [str(10_000 + row) for row in range(20_000)]
    surfaces = Surfaces([(one, one) for one in said])
    assert len(surfaces.every(said)) == len(said)
    assert max(seen.values()) == 1


def test_statements_of_a_record_share_it() -> None:
    items = read_stated(prompt(table(20))).bindings
    records = {id(item.record): item.record for item in items}
    assert len(records) == 20
    assert all(record is not None and record.spans for record in records.values())


class CountingTokenizer:
    """Writes a token for each character, and counts what it is asked."""

    is_fast = True

    def __init__(self) -> None:
        self.all_special_ids: list[int] = []
        self.asked: Counter[str] = Counter()

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        self.asked[text] += 1
        return list(map(ord, text))

    def __call__(self, texts: list[str], **_: Any) -> dict[str, list[list[int]]]:
        return {"input_ids": [self.encode(text, add_special_tokens=False) for text in texts]}


def test_each_spelling_is_tokenised_once() -> None:
    tokenizer = CountingTokenizer()
    Trie.build(tokenizer, [(f"v{number}", [f"V{number}"]) for number in range(50)] * 2)
    assert max(tokenizer.asked.values()) == 1
    assert sum(tokenizer.asked.values()) <= 50 * 2 * 8 + 4


@settings(max_examples=50)
@given(st.from_regex(r"(?:0|[1-9][0-9]{0,9}),[0-9]{1,9}", fullmatch=True))
def test_a_comma_is_read_as_the_parser_reads_it(digits: str) -> None:
    read = (values._attempt(parse_decimal, digits, locale=locale, strict=True) for locale in ("en_US", "de_DE"))
    assert str(values._decimal(digits)) == str(next((amount for amount in read if amount is not None), None))
