"""Cuts out the sentence that a slot stands in."""

from __future__ import annotations

import re

from guardbind.slots.moment import Moment
from guardbind.targets import Place

__all__ = ["sentence"]

_LONGEST = 400
_END = re.compile(r"(?:[!?\u061f]|(?<![.\d])\.)[\"'\u201d\u2019)\]]*\s+|[\u3002\uff01\uff1f\u0964]|[\r\n\u2028\u2029]")
_SHORT = re.compile(r"(?<!\w)(?:no|nr|mr|mrs|ms|dr|prof|st|vs|approx|e\.g|i\.e)\.\s*\Z", re.IGNORECASE)


def sentence(moment: Moment) -> Place:
    """Return the sentence up to the slot; it may have begun in the prompt."""
    text = moment.line()[-_LONGEST:]
    start = 0
    for match in _END.finditer(text):
        if match.end() < len(text) and not _SHORT.search(text, 0, match.end()):
            start = match.end()
    return Place(text[start:], text[start:])
