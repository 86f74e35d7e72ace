"""Describes how a language says, in a value or right behind it, that it is none, or not the only one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guardbind.text.speech import NOTHING

__all__ = ["Unsettling"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Unsettling:
    """Words that leave open which value holds. A language that has none of them takes every value as it is written.

    Attributes:
        led: What a number stands behind where it is none that holds: "was 14, now 9", "approx. 14".
        trailed: What says so behind a value: "14 or 15", "14 (guess)".
        turned: What has another value behind it that takes its place: "14, then 9".
        belied: What says in the words before a statement that it is not so: "Tom, who always lies, says".
        taken_back: What says it right behind: "Just kidding."
        totals: What a value of all that is listed is called, in lower case.
    """

    led: re.Pattern[str] = NOTHING
    trailed: re.Pattern[str] = NOTHING
    turned: re.Pattern[str] = NOTHING
    belied: re.Pattern[str] = NOTHING
    taken_back: re.Pattern[str] = NOTHING
    totals: frozenset[str] = frozenset()
