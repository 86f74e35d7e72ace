"""Writes the regular expression that finds the abbreviations of a language."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["abbreviation_pattern"]


def abbreviation_pattern(abbreviations: Iterable[str]) -> re.Pattern[str]:
    """Return what finds an abbreviation with its last dot; the group `short` is without it.

    Args:
        abbreviations: Without their last dots, the inner ones with or without a space behind them: "mr", "e.g". One
            with a hyphen in front stands at the end of a longer word.

    >>> abbreviation_pattern(["mr", "e.g", "-str"]).findall("Mr. Hare, e. g. in Hauptstr. 4")
    ['Mr', 'e. g', 'str']
    """
    longest = sorted(abbreviations, key=len, reverse=True)
    within = [short.removeprefix("-") for short in longest if short.startswith("-")]
    alone = [short for short in longest if not short.startswith("-")]
    # What is the same for all is said once, and first: a text has few places where an abbreviation may begin.
    most = max((len(short.partition(".")[0]) for short in within + alone), default=0)
    ways = [
        rf"{before}(?=[^.]{{0,{most}}}\.)(?:{'|'.join(map(_spelled, shorts))})"
        for before, shorts in ((r"(?<!\w)", alone), (r"(?<=\w)", within))
        if shorts
    ]
    return re.compile(rf"(?P<short>{'|'.join(ways)})\.", re.IGNORECASE)


def _spelled(abbreviation: str) -> str:
    r"""Allow white space behind the inner dots: `e\.[ ]?g` for "e.g"."""
    return re.escape(abbreviation).replace(r"\.", r"\.[ \u00a0]?")
