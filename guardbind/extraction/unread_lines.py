"""Finds the lines of a text that earlier rules have not read completely."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from guardbind.text.layout import Span

__all__ = ["unread_lines"]

_BREAK = re.compile(r"[\r\n]")


def unread_lines(text: str, taken: Sequence[Span]) -> Iterator[Span]:
    """Yield stretches of whole lines that hold all that stands beside what is taken, in textual order.

    What a rule finds outside of them overlaps what is taken, and would be dropped: of a prompt that is a table a rule
    need look at the question only.

    Args:
        text: The text.
        taken: What earlier rules have read: disjoint, in textual order.
    """
    start, reached = 0, 0
    for low, high in (*taken, (len(text), len(text))):
        gap = (max(start, reached), low)
        start = max(start, high)
        if gap[0] >= gap[1] or text[slice(*gap)].isspace():
            continue
        begun = max(text.rfind("\n", reached, gap[0]), text.rfind("\r", reached, gap[0]), reached - 1) + 1
        closing = _BREAK.search(text, gap[1])
        reached = len(text) if closing is None else closing.start()
        yield begun, reached
