"""Finds the values of a text that are told by their form: numbers, amounts, dates, times, codes, addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from guardbind.text.date_words import ENDINGS, MONTHS, OF
from guardbind.text.layout import Span
from guardbind.text.values import ValueType, classify

__all__ = ["TypedValue", "ValueKind", "typed_values"]

ValueKind: TypeAlias = ValueType | Literal["time", "quantity"]
"""What `classify` tells, `time` for a time of day, and `quantity` for digits with letters that say of what."""

_SIGN = "[$\u20ac\u00a3\u00a5\u20b9\uffe5]"
_CODE = "(?:EUR|USD|GBP|CHF|CNY|JPY|CAD|AUD)"
_AMOUNT = r"\d{1,15}(?:[.,'\u00a0\u202f]\d{1,6}){0,6}"
_DAY = rf"\d{{1,2}}(?:{ENDINGS}|er|\u00ba|\.)?"
_MONTH = rf"(?i:{MONTHS})(?![^\W\d_])"
# Every repetition is bounded, so that a text is read in a time that grows with its length alone.
_VALUE = re.compile(
    r"(?P<url>[A-Za-z][A-Za-z\d+.-]{1,15}://[^\s<>\"'`()\[\]\uff0c\u3002]{1,240})"
    r"|(?P<email>(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z\d-]{1,63}(?:\.[A-Za-z\d-]{1,63}){1,6})"
    rf"|(?P<money>(?:{_SIGN}|\b{_CODE})[ \u00a0\u202f]?{_AMOUNT}"
    rf"|(?<![A-Za-z\d]){_AMOUNT}[ \u00a0\u202f]?(?:{_SIGN}|{_CODE}\b|\u5143))"
    r"|(?P<date>(?<![A-Za-z\d])(?:\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{4}\s?\u5e74\s?\d{1,2}\s?\u6708\s?\d{1,2}\s?[\u65e5\u53f7]|\d{1,2}\u6708\d{1,2}[\u65e5\u53f7]"
    r"|\d{1,2}(?:\.\d{1,2}\.|/\d{1,2}/|-\d{1,2}-)\d{2,4}(?![A-Za-z\d])))"
    rf"|(?P<day>(?<![A-Za-z\d]){_DAY} {OF}{_MONTH}\.?(?: {OF}\d{{4}}(?!\d))?"
    rf"|(?<![^\W_]){_MONTH}\.? \d{{1,2}}(?:{ENDINGS})?(?!\d)(?:,? \d{{4}}(?!\d))?)"
    r"|(?P<time>(?<![A-Za-z\d])\d{1,2}(?::\d\d){1,2}(?!\d)(?:\s?[aApP](?:\.[mM]\.?|[mM]\b))?"
    r"|(?<![A-Za-z\d])\d{1,2}(?:\.\d\d)?\s?(?:[aApP](?:\.[mM]\.?|[mM]\b)|Uhr\b)|(?<![A-Za-z\d])\d{1,2}\s?h\s?\d\d(?![A-Za-z\d])"
    r"|\d{1,2}\u70b9(?:\d{1,2}\u5206|\u534a)?)"
    r"|(?P<phone>\+\d(?:[ ()/.-]{0,2}\d){6,14}(?![A-Za-z\d])"
    r"|(?<![A-Za-z\d])(?:0\d(?:[ \u00a0\u202f]\d\d){4}|\d{3}(?:[ \u00a0\u202f]\d{3,4}){2})(?![A-Za-z\d]))"
    r"|(?P<code>#?(?<![A-Za-z\d])(?=[A-Za-z_./:,#'-]{0,40}\d)[A-Za-z\d]{1,64}(?:[-_./:,#'][A-Za-z\d]{1,64}){0,12}"
    r"(?:\s?%)?)"
)
_ORDINAL = re.compile(rf"\d{{1,3}}(?:{ENDINGS})", re.IGNORECASE)
_NUMBERED = re.compile(r"[\s>*_#(-]*\d{1,3}[.)](?=\s)")
_KINDS: dict[str, ValueKind] = {"money": "money", "date": "date", "day": "date", "url": "url", "email": "email"}


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A value that is told by its form.

    Attributes:
        text: The value as it is written.
        span: Where it stands, in characters.
        kind: What it is.
    """

    text: str
    span: Span
    kind: ValueKind


def typed_values(text: str, start: int, end: int) -> list[TypedValue]:
    """Return the values between two places of a text, in textual order; they do not overlap.

    The number of a list item and ordinal numbers are none.

    Args:
        text: The text.
        start: Where to begin.
        end: Where to stop.

    >>> [(value.text, value.kind) for value in typed_values("2. At 9:40 Jo paid $12.50 for QX-7.", 0, 35)]
    [('9:40', 'time'), ('$12.50', 'money'), ('QX-7', 'id')]
    """
    numbered = _NUMBERED.match(text, start, end)
    at = start if numbered is None else numbered.end()
    found: list[TypedValue] = []
    for match in _VALUE.finditer(text, at, end):
        written = match.group()
        if match.lastgroup == "url":
            written = written.rstrip(".,;:!?")
        if not _ORDINAL.fullmatch(written):
            place = match.start(), match.start() + len(written)
            found.append(TypedValue(written, place, _kind(match.lastgroup or "", written)))
    return found


def _kind(form: str, written: str) -> ValueKind:
    """Return the kind of a value: as a parser reads it, or else what its form is."""
    if form == "time":
        return "time"
    kind = classify(written).type
    if kind != "text":
        return kind
    return _KINDS.get(form, "quantity")
