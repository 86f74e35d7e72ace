"""Finds slots in a Markdown table that is being written: its cells."""

from __future__ import annotations

import re

from guardbind.slots.moment import Moment
from guardbind.slots.rule import slot_rule
from guardbind.targets import Place

__all__ = ["cell"]

_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+\s*:?-*:?\s*\Z")


@slot_rule(order=30, expects_value=True)
def cell(moment: Moment) -> Place | None:
    """A slot at the start of a cell; its column's heading says what, the cells before it whose."""
    if moment.last.strip() and not moment.last.rstrip().endswith("|"):
        return None
    lines = moment.text().splitlines()
    row = lines[-1] if lines else ""
    if not row.lstrip().startswith("|") or not row.rstrip(" ").endswith("|"):
        return None
    rule = next((at for at in range(len(lines) - 2, 0, -1) if _RULE.match(lines[at])), None)
    if rule is None:
        return None
    headings = [heading.strip() for heading in lines[rule - 1].strip().strip("|").split("|")]
    written = [text.strip() for text in row.strip().strip("|").split("|")] if row.strip() != "|" else []
    if len(written) >= len(headings) or not moment.names_key(headings[len(written)]):
        return None
    return Place(headings[len(written)], " ; ".join(written))
