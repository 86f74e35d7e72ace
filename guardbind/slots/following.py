"""Tells whether a text ends as one before a value does: with "is", with a colon."""

from __future__ import annotations

import re
from functools import cache

from guardbind.slots.moment import Moment
from guardbind.text.language import Language

__all__ = ["ends_before_value", "says_that_a_value_follows"]


def says_that_a_value_follows(moment: Moment) -> bool:
    """Whether the text before a moment ends as one before a value does: "is", "was changed to", a colon."""
    if not _endings(moment.language).search(moment.last):
        return False
    return ends_before_value(moment.sentence().asks, moment.language)


def ends_before_value(text: str, language: Language) -> bool:
    """Whether a text ends so.

    >>> from guardbind.text.english import ENGLISH
    >>> ends_before_value("Bob's badge number is", ENGLISH), ends_before_value("Bob's badge number", ENGLISH)
    (True, False)
    """
    return _opens(language).search(text) is not None


@cache
def _opens(language: Language) -> re.Pattern[str]:
    said = language.statements
    return re.compile(
        rf"(?:{language.edge}(?:{said.being}|{said.changed})|[:=\u2192(]|->)"
        rf"\s*(?:(?:{'|'.join(sorted(said.the))})\b\s*)?[\"'`*_(\[\u201c\u201e\u2018$\u20ac\u00a3\u00a5#]*\s*\Z",
        re.IGNORECASE,
    )


@cache
def _endings(language: Language) -> re.Pattern[str]:
    """Return what the last token of such a text may end in; other moments cost nothing."""
    said = language.statements
    return re.compile(rf"(?:{said.being}|{said.to}|{'|'.join(sorted(said.the))}|\W|\A)\s*\Z", re.IGNORECASE)
