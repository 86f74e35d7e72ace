"""Tells whether somebody but a document says a statement: in a quotation, before it, or behind it in its sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from guardbind.text.language import Language
from guardbind.text.layout import Layout
from guardbind.text.speech import Stance

__all__ = [
    "BEFORE",
    "attributed",
    "by_others",
    "first_stance",
    "is_source",
    "quotation",
    "sources_say",
    "told_behind",
    "voiced",
]

BEFORE = 240
"""Characters before a statement in which something is said about it."""
_QUOTED = 400  # characters of a quotation
_BLANK = re.compile(r"\n[^\S\n]*\n")
_QUOTES = {
    **{'"': '"', "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb", "\u300c": "\u300d"},
}
_CLOSING = "\"'\u201c\u201d\u00bb\u300d)*"
# What goes on behind a quotation says whose it is; a capital begins another sentence.
_GOES_ON = re.compile(
    rf"[{_CLOSING}]+(?:[ \t]*[,\uff0c\u2013\u2014-])*[ \t]*"
    r"(?P<said>[a-z\u00df-\u00ff\u3400-\u9fff][^\n.!?\u3002]+)"
)
_LEADS = re.compile(r"[^.!?\u3002:\uff1a]*[\w,\uff0c][ \t]*\Z")
_ADDED = re.compile(rf"[{_CLOSING}]*[ \t]*[,(\uff0c\uff08\u2013\u2014-]+[ \t]*(?P<said>[^\n;!?\u3002\uff1b]{{2,}})")


def first_stance(patterns: Mapping[Stance, re.Pattern[str]], said: str) -> Stance | None:
    """Return the first stance of which a pattern is found."""
    return next((stance for stance, pattern in patterns.items() if pattern.search(said)), None)


def by_others(said: str, language: Language) -> Stance | None:
    """Return `said` where somebody but a document says something."""
    others = any(not is_source(match["who"], language) for match in language.speech.saying.finditer(said))
    return "said" if others else None


def is_source(who: str, language: Language) -> bool:
    """Whether a word names a document, or the one who speaks."""
    return who.lower() in language.speech.sources


def sources_say(said: str, language: Language) -> bool:
    """Whether words name a document."""
    if not language.marks.spaced:
        return any(source in said for source in language.speech.sources)
    documents = language.speech.sources - language.function_words
    return any(word.lower() in documents for word in re.findall(r"\w+", said))


def voiced(lead: str, language: Language) -> bool:
    """Whether the words before a statement end with somebody's saying it."""
    return language.speech.voiced.search(lead) is not None and not sources_say(lead, language)


def quotation(text: str, start: int, end: int, language: Language, *, sentence: bool) -> Stance | None:
    """Return how a quotation is meant in which a statement stands; None where it stands in none, or nobody's.

    A sentence in quotation marks is somebody's where it is part of another sentence that names no document.

    Args:
        text: The text.
        start: Where the statement begins.
        end: Where it ends.
        language: What the text is written in.
        sentence: Whether it is one.
    """
    low = max([0, start - _QUOTED, *(blank.end() for blank in _BLANK.finditer(text, max(0, start - _QUOTED), start))])
    opened = max((at for mark in _QUOTES if (at := text.rfind(mark, low, start)) >= 0), default=-1)
    if opened < 0:
        return None
    mark = text[opened]
    if (mark == '"' and text.count(mark, low, start) % 2 == 0) or (mark != '"' and _QUOTES[mark] in text[opened:start]):
        return None
    before = text[max(text.rfind("\n", 0, opened) + 1, opened - BEFORE) : opened]
    closed = text.find(_QUOTES[mark], end, end + _QUOTED)
    if (found := first_stance(language.speech.frames, before)) or (found := by_others(before, language)):
        return found
    if closed < 0:
        return None
    if (found := attributed(text, closed, language)) or not sentence:
        return found
    led, behind = _LEADS.search(before), _GOES_ON.match(text, closed)
    around = led.group() if led else behind["said"] if behind else ""
    return "said" if around.strip() and not sources_say(around, language) else None


def attributed(text: str, end: int, language: Language) -> Stance | None:
    """Return `said` where somebody but a document is named behind a statement as who says it."""
    match = language.speech.said_by.match(text, end, _line_end(text, end))
    who = next(filter(None, match.groups()), "") if match else ""
    return "said" if who and not is_source(who, language) else None


def told_behind(text: str, end: int, layout: Layout, language: Language) -> bool:
    """Whether what a sentence adds to its statement says that it is told: ", at least that is what they reckon"."""
    added = _ADDED.match(text, end, _line_end(text, end))
    if added is None or _parting(language).match(added["said"]):
        return False
    said = text[added.start("said") : min(added.end(), layout.clause(added.start("said")).end)]
    if any(map(str.isdecimal, said)) or language.speech.hearsay.search(said) is None:
        return False
    # "as stated in the contract" is no hearsay, and "or so I was told" is.
    return not sources_say(language.speech.hearsay.sub("", said), language)


@cache
def _parting(language: Language) -> re.Pattern[str]:
    """Return what begins another clause, which says nothing of the one before."""
    edge = r"\b" if language.marks.spaced else ""
    return re.compile(rf"(?:{language.marks.joining}){edge}|{language.statements.contrast.pattern}", re.IGNORECASE)


def _line_end(text: str, end: int) -> int:
    line = text.find("\n", end, end + BEFORE)
    return line if line >= 0 else min(len(text), end + BEFORE)
