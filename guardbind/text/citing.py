"""Describes how a language writes citations: the words around them, and those that only look like it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guardbind.text.speech import NOTHING

__all__ = ["Citing"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Citing:
    """Words of citations; all but the last are regular expressions in lower case, parted by `|`, none of it in a group.

    Attributes:
        sources: What a source is called before its number or name: "doc", "source". A plural s may follow.
        parts: What else a part of a context is called before its number: "section", "excerpt".
        leads: What stands before it: "see", "cf.".
        counting: What stands between that and its number: "no.".
        joining: Words between two citations in one bracket: "and".
        headings: What a list of sources is headed with: "references".
        ranges: Words behind which numbers in brackets are an interval or a list of values: "between", "equals".
        units: Units that may stand before a raised digit, beside those of one letter and of metres.
        addressed: What a sentence says that speaks to who judges claims, and not of what is so.
    """

    sources: str = ""
    parts: str = ""
    leads: str = ""
    counting: str = ""
    joining: str = ""
    headings: str = ""
    ranges: str = ""
    units: str = ""
    addressed: re.Pattern[str] = NOTHING
