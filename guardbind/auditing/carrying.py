"""Finds the span that carries a claim: leaves parts of the evidence out, then parts of the part that mattered."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence

from guardbind.auditing.judging import CARRIES, lost_bits
from guardbind.auditing.verifier import LabelReading

__all__ = ["LeaveOut", "narrowed", "parts_of"]

LeaveOut = Callable[[Sequence[Sequence[str]]], Awaitable[list[LabelReading | None]]]
"""Reads a claim once for each of some lists of spans, with these left out."""


def parts_of(spans: Sequence[str], most: int) -> list[list[str]]:
    """Return spans in parts of about the same size, at least two where there are two spans, and `most` of them.

    >>> parts_of(["S1", "S2", "S3", "S4", "S5"], 3)
    [['S1', 'S2'], ['S3', 'S4'], ['S5']]
    """
    count = min(len(spans), max(2, most))
    size, more = divmod(len(spans), max(1, count))
    ends = [(place + 1) * size + min(place + 1, more) for place in range(count)]
    return [list(spans[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]


async def narrowed(
    shown: LabelReading, spans: Sequence[str], most: int, leave_out: LeaveOut
) -> dict[str, LabelReading]:
    """Return the readings with one span left out, for the spans among which the one that carries the claim is.

    The spans are left out in `most` parts. The part that is ahead of the others is left out in parts again, until they
    are single spans. So n spans take at most `most` readings for each power of `most` in n, and most of them fewer: a
    claim that no part is ahead of is left there.

    Args:
        shown: The answers with everything shown.
        spans: Ids of the spans.
        most: Parts of a round; 0 leaves none out.
        leave_out: Reads.

    Returns:
        Readings by the id of the span; empty where no part is ahead of the others, or one was not answered.
    """
    left = list(spans)
    while most and len(left) > 1:
        parts = parts_of(left, most)
        readings = await leave_out(parts)
        answered = [reading for reading in readings if reading is not None]
        if len(answered) < len(parts):
            return {}
        single = {part[0]: reading for part, reading in zip(parts, answered, strict=True) if len(part) == 1}
        if len(single) == len(parts):
            return single
        bits = [lost_bits(shown, reading) for reading in answered]
        best = max(range(len(parts)), key=lambda place: bits[place].low)
        ahead = max((each.high for place, each in enumerate(bits) if place != best), default=-math.inf)
        if bits[best].low < max(CARRIES, ahead):
            return {}
        left = parts[best]
        if len(left) == 1:
            return single
    return {}
