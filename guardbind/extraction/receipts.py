"""Reads lines that end in an amount: `Coffee beans   $12.50`, `2 x Coffee beans @ $6.25 = $12.50`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from guardbind.extraction.prose import is_key
from guardbind.extraction.rule import Block, Found, SparingRule
from guardbind.extraction.unread_lines import unread_lines
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.values import classify

__all__ = ["item_of", "read"]

_SIGNED = r"[-\u2212]?(?:[A-Z]{0,2}[$\u20ac\u00a3\u00a5]|[A-Z]{3})[ \u00a0]?\d[\d.,]{0,15}"
_MONEY = rf"(?:{_SIGNED}|[-\u2212]?\d[\d.,]{{0,15}}[ \u00a0]?(?:[A-Z]{{3}}|[$\u20ac\u00a3\u00a5]))"
_PLAIN = r"[-\u2212]?\d[\d.,]{0,12}[.,]\d\d"  # a column of prices has no sign
_AMOUNT = rf"(?P<amount>{_MONEY}|{_PLAIN})"
_COUNT = r"\d{1,4}[ \u00a0]?[x\u00d7]"
_WORD = r"[^\s:|=@$\u20ac\u00a3\u00a5<>{}\[\]\"]{1,40}"
_ITEM = rf"(?P<item>[^\W\d_]{_WORD}?(?:[ \u00a0]{_WORD}){{0,5}}?)"
_COLUMN = rf"(?:[ \t]{{2,40}}(?:{_COUNT}|\d{{1,4}}|{_MONEY}|{_PLAIN}))"
_END = r"[ \t]{0,40}(?=[\r\n]|\Z)"
_BEGIN = r"(?:\A|(?<=[\r\n]))[ \t]{0,40}(?:[-*\u2022][ \t]{1,8})?"
_GAP = r"(?:[ \t]{0,40}\.{3,80}[ \t]{0,40}|[ \t]{2,80}|\t)"
_LONGEST = 200  # characters of a line
_TAIL = 20  # characters at its end in which a digit stands
_LINE = re.compile(r"[^\r\n]{3,200}")


def _receipt(text: str, language: Language, taken: Sequence[Span]) -> Iterator[Block]:
    """Find lines of an item and what it comes to; the last amount of the line is the value, counts are not bound.

    The item is at most six words. Before the amount stand two spaces, a tab, dots or a dash, or before the item
    a count.
    """
    for line in (line for stretch in unread_lines(text, taken) for line in _LINE.finditer(text, *stretch)):
        if (match := item_of(text, *line.span(), language)) is not None:
            statement = (match.start("item"), match.end("amount"))
            item, amount = match["item"], match.span("amount")
            found = Found((item,), amount, statement, form="words", places=(match.span("item"),))
            yield Block(statement, (found,))


def item_of(text: str, start: int, end: int, language: Language) -> re.Match[str] | None:
    """Match the `item` of a line and the `amount` that it comes to; None if the line is of another form."""
    if end - start > _LONGEST or not any(map(str.isdecimal, text[max(start, end - _TAIL) : end])):
        return None
    for form in _forms(language):
        match = form.match(text, start, end)
        if match and is_key(match["item"], language) and classify(match["amount"]).type in ("money", "number"):
            return match
    return None


@cache
def _forms(language: Language) -> tuple[re.Pattern[str], ...]:
    said = language.statements
    each = rf"(?:[ \t]{{1,40}}(?:{said.each})[ \t]{{0,4}}(?:{_MONEY}|{_PLAIN})(?:[ \t](?:{said.every}))?)"
    return (
        # Coffee beans   2   6.25   12.50
        re.compile(rf"{_BEGIN}(?:{_COUNT}[ \t]{{1,8}})?{_ITEM}{_COLUMN}{{0,2}}{_GAP}{_AMOUNT}{_END}"),
        # Coffee beans - $12.50
        re.compile(rf"{_BEGIN}{_ITEM}[ \t][-\u2013\u2014][ \t](?P<amount>{_MONEY}){_END}"),
        # 2 x Coffee beans @ $6.25 = $12.50
        re.compile(
            rf"{_BEGIN}{_COUNT}[ \t]{{1,8}}{_ITEM}:?{each}?[ \t]{{1,40}}(?:[=\u2013-][ \t]{{1,8}})?"
            rf"(?P<amount>{_MONEY}){_END}"
        ),
        # Coffee beans: 2 x $6.25 = $12.50
        re.compile(
            rf"{_BEGIN}{_ITEM}[:,]?[ \t]{{1,40}}(?:{_COUNT}|\d{{1,4}}[ \t]?@)[ \t]{{0,4}}(?:{_MONEY}|{_PLAIN})"
            rf"[ \t]{{0,8}}=[ \t]{{0,8}}{_AMOUNT}{_END}"
        ),
    )


read = SparingRule(_receipt, order=60, default=True)
"""The rule `receipt`."""
