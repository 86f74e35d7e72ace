"""Leaves out what a text strikes through: it is taken back, and no part of the value beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from guardbind.extraction.rule import Found
from guardbind.text.layout import Span

__all__ = ["is_struck", "unstruck"]

_STRUCK = re.compile(
    r"(?<!~)~~(?![~\s])[^~\r\n]{1,200}(?<!\s)~~(?!~)|<(?P<tag>s(?:trike)?|del)>[^<\r\n]{1,200}</(?P=tag)>",
    re.IGNORECASE,
)


def unstruck(text: str, read: Sequence[Found]) -> list[Found | None]:
    r"""Return what was read without what is struck through; None in the place of what is struck as a whole.

    Where something is struck before or behind a value, the value is the rest. Where a key is struck, or a stretch in
    the middle of a value, nothing is left.

    Args:
        text: The text.
        read: What was found in it.

    >>> from guardbind.extraction import extract
    >>> [(item.key, item.value) for item in extract("Ann's badge: ~~4417~~ 5520\nBob's badge: ~~9370~~\n").items]
    [("Ann's badge", '5520')]
    """
    struck = [match.span() for match in _STRUCK.finditer(text)]
    return [_rest(text, found, struck) for found in read] if struck else list(read)


def is_struck(said: str) -> bool:
    """Whether a line is struck through as a whole.

    >>> is_struck(" ~~Paul: room 6~~ "), is_struck("Paul: room ~~6~~ 9")
    (True, False)
    """
    return _STRUCK.fullmatch(said.strip()) is not None


def _rest(text: str, found: Found, struck: Sequence[Span]) -> Found | None:
    start, end = found.value
    if any(_overlap(place, one) for place in found.places if place is not None for one in struck):
        return None
    if any(isinstance(part, str) and _STRUCK.search(part) for part in found.path):
        return None
    within = [one for one in struck if _overlap(found.value, one)]
    for first, last in within:
        if first == start:
            start = last
    for first, last in reversed(within):
        if last == end:
            end = first
        while start < end and text[end - 1].isspace():
            end -= 1
    while start < end and text[start].isspace():
        start += 1
    if start >= end or any(_overlap((start, end), one) for one in within):
        return None
    if (start, end) == found.value:
        return found
    return None if found.decoded is not None else replace(found, value=(start, end))


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
