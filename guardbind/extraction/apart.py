"""Keeps statements apart, so that each character of a text is evidence of one value."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from guardbind.text.layout import Span

__all__ = ["StatedAt", "apart"]


class StatedAt(NamedTuple):
    """Where something is stated.

    Attributes:
        span: The whole statement.
        value: The value in it, which is never cut.
        says: The value itself; statements of one value may share characters.
        binding: Which binding it is a statement of; two statements of one binding share none.
    """

    span: Span
    value: Span
    says: Hashable
    binding: Hashable


def apart(stated: Sequence[StatedAt]) -> list[Span | None]:
    """Return the part of each statement that nothing else is stated by, in the order given.

    An element of XML is a statement that holds its attributes, which are statements themselves; and two rules may each
    read a part of what stands in a bracket. A statement ends where the next one begins, or else is the value alone.

    Args:
        stated: Statements in one text.

    Returns:
        None for a statement whose value is a part of another one's.
    """
    spans: list[Span | None] = [item.span for item in stated]
    for left, right in _meeting(stated, spans):
        for at in (left, right):
            spans[at] = _cut(stated, spans, left, right)[at == right]
    for left, right in _meeting(stated, spans):
        spans[left], spans[right] = stated[left].value, stated[right].value
    for _, right in _meeting(stated, spans):
        spans[right] = None
    return spans


def _meeting(stated: Sequence[StatedAt], spans: list[Span | None]) -> Iterator[tuple[int, int]]:
    """Yield statements that share characters, each with the one that reaches furthest of those that begin before it."""
    order = [(span, at) for at, span in enumerate(spans) if span is not None]
    furthest: int | None = None
    for _, at in sorted(order):
        span, before = spans[at], None if furthest is None else spans[furthest]
        if furthest is not None and span is not None and before is not None and span[0] < before[1]:
            one, other = stated[furthest], stated[at]
            if one.says != other.says or one.binding == other.binding:
                yield furthest, at
        span, before = spans[at], None if furthest is None else spans[furthest]
        if span is not None and (before is None or span[1] > before[1]):
            furthest = at


def _cut(stated: Sequence[StatedAt], spans: list[Span | None], left: int, right: int) -> tuple[Span, Span]:
    """Return two statements, of which the left one begins first, without what they share."""
    one, other = spans[left] or stated[left].span, spans[right] or stated[right].span
    first, second = stated[left].value, stated[right].value
    if first[1] <= second[0]:
        at = min(max(other[0], first[1]), second[0])
        return (one[0], at), (at, other[1])
    if second[1] <= first[0]:  # it holds the other one
        at = min(max(other[1], second[1]), first[0])
        return (at, max(one[1], at + 1)), (other[0], min(other[1], at))
    return one, other
