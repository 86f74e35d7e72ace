"""Tells whether two values are of one kind, so that one may take the place of the other."""

from __future__ import annotations

import re

from guardbind.text.values import classify

__all__ = ["alike"]

_NUMBER = re.compile(r"[+-]?\d[\d.,]*")
_CLOCK = re.compile(r"\d{1,2}(?::\d\d){1,2}|\d{1,2}(?:[:.]\d\d)?[ ]?[aApP]\.?[mM]\b")
_NUMERIC = frozenset({"number", "id", "version"})


def alike(one: str, other: str) -> bool:
    """Whether two values are of one kind: both amounts, times, numbers of one unit, or words written alike.

    >>> alike("16:30", "14:00 in room 204"), alike("12 km", "4417"), alike("9 Birch Lane", "14 Elm Road")
    (True, False, True)
    """
    clocks = [_CLOCK.match(value) is not None for value in (one, other)]
    if any(clocks):
        return all(clocks)
    first, second = classify(one), classify(other)
    if first.type != "text" or second.type != "text":
        return first.type == second.type or {first.type, second.type} <= _NUMERIC
    numbers = [_NUMBER.match(value) for value in (one, other)]
    if all(numbers):
        rests = [value[number.end() :].split() for value, number in zip((one, other), numbers, strict=True) if number]
        names = [any(word[:1].isupper() for word in rest) for rest in rests]
        return all(names) or (not any(names) and rests[0] == rests[1])
    if any(numbers):
        return False
    digits = [any(map(str.isdecimal, value)) for value in (one, other)]
    if digits[0] != digits[1]:
        return False
    return one[:1].isupper() == other[:1].isupper() and abs(len(one.split()) - len(other.split())) <= 2
