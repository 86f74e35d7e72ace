"""Finds the dots that end no sentence: those of abbreviations, initials, ordinal numbers and list items."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardbind.text.language import Language

__all__ = ["mere_dots"]

_LIST_NUMBER = re.compile(r"(?:\A|(?<=[\r\n]))[^\S\r\n]*\d+\.")
# "J. Doe", "B. A. Carter", and no degree ("45 \u00b0C. The"): what follows is another initial, or no word that may
# begin a sentence.
_INITIAL = re.compile(
    r"(?<![\w'\u2019.\u00b0])(?:[^\W\d_]\.)*(?P<letter>[^\W\d_])(?P<dot>\.)[ \u00a0]"
    r"(?=(?P<next>[^\W\d_]\w*)(?P<again>(?<=[ \u00a0].)\.)?)"
)
_FULL_NAME = re.compile(r"(?:[^\W\d_]\.[ \u00a0]){0,3}[^\W\d_][\w-]*(?:[ \u00a0](?=[^\W\d_a-z])[\w-]+){0,2}?")
_FOLLOWING_WORD = re.compile(r"[ \u00a0](?P<next>[^\W\d_]+)")
_ORDINAL = re.compile(r"(?<![\w.,])\d{1,2}(?P<dot>\.)[ \u00a0](?=(?P<next>\w+))")
_COUNTED = re.compile(r"[#(]?(?:[A-Za-z]{0,8}[-/]?\d|[IVX]+\b)")
_CONTEXT = 12


def mere_dots(text: str, language: Language) -> frozenset[int]:
    """Return the dots that end no sentence, whatever follows them."""
    if "." not in text:
        return frozenset()
    mere: set[int] = set()
    for short in _abbreviations(text, language):
        following = text[short.end() : short.end() + _CONTEXT].lstrip()
        when = language.dot_of(short["short"])
        firm = _FOLLOWING_WORD.match(text, short.end())
        goes_on = following[:1].islower() or following[:1].isdecimal()
        goes_on |= firm is not None and firm["next"].lower() in language.marks.legal_forms
        if when == "always" or (_COUNTED.match(following) if when == "counted" else goes_on):
            mere.update(at for at in range(*short.span()) if text[at] == ".")
    mere.update(number.end() - 1 for number in _LIST_NUMBER.finditer(text))
    reached = -1  # behind the last initial
    for initial in _INITIAL.finditer(text):
        capitals = initial["letter"].isupper() and initial["next"][0].isupper()
        if language.said_to_be.search(text, max(0, initial.start() - _CONTEXT), initial.start()):
            capitals &= not _begins_sentence(text, initial.end(), language)  # "The grade is A. Bob's is B."
        names = initial["again"] is not None or initial["next"].casefold() not in language.function_words
        if initial["letter"] == "I" and initial.start() != reached:
            names &= initial["again"] is not None  # "It was I. Bob was there."
        if capitals and names:
            mere.add(initial.start("dot"))
            reached = initial.end()
    if language.marks.ordinals:
        for ordinal in _ORDINAL.finditer(text):
            following = ordinal["next"]
            if not following[0].isupper() or following.lower() in language.marks.ordinal_before:
                mere.add(ordinal.start("dot"))
    return frozenset(mere)


def _abbreviations(text: str, language: Language) -> Iterator[re.Match[str]]:
    """Find the abbreviations, none of which goes over a line break, on the lines that may have one."""
    reached = 0
    for end in language.abbreviation_end.finditer(text):
        if end.start() >= reached:
            start, reached = text.rfind("\n", 0, end.start()) + 1, text.find("\n", end.end())
            reached = len(text) if reached < 0 else reached
            yield from language.abbreviation.finditer(text, start, reached)


def _begins_sentence(text: str, place: int, language: Language) -> bool:
    """Whether the name at a place, or what it owns, has a verb behind it."""
    name = _FULL_NAME.match(text, place)
    if name is None:
        return False
    goes_on = language.goes_on_with.match(text, name.end())
    if goes_on is None or not goes_on["owned"] or goes_on["mark"]:
        return goes_on is not None
    return name.group().endswith(language.marks.genitives) and language.owning.match(text, name.end()) is not None
