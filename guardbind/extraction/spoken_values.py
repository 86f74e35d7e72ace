"""Reads the value that a clause gives: quoted, typed with its unit, or a name in capitals."""

from __future__ import annotations

import re
from functools import cache

from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify

__all__ = ["closes_clause", "currency_follows", "cut_short", "first_value", "state_at", "typed_before", "wordlike"]

_QUOTED = re.compile(
    r"(?:[\"\u201c\u201e`]|\u00ab\s?)(?P<value>[^\"\u201c\u201d\u201e\u00ab\u00bb`\r\n]{1,200}?)"
    r"(?:[\"\u201d\u201c`]|\s?\u00bb)"
)
_STATE = re.compile(r"[a-z][a-z_-]{1,30}(?=[.;]?(?:[ \t]*[\r\n]|[ \t]*\Z|[.;][ \t]))")  # "is now overdue."
_CODE = re.compile(r"[A-Z]{3}[ \t\u00a0]\d")  # of a currency, before its amount
_NEXT_WORD = re.compile(r"[ \t]\u00b0?[^\W\d_](?:[\w%/\u00b2\u00b3-]|\.(?=\w)){0,40}")  # "a.m" is one
_ELSEWHERE = re.compile(r",[ \t]+[A-Z]")  # "5 Quay Road, Cork"
_WORD = re.compile(r"\S+")
_LIMITED_WORD = re.compile(r"\S{1,200}")
_WORDS = 6  # of a value
_CHARACTERS = 240
_TYPED = 4  # words of a value that comes first
_LONGEST_TYPED = 60  # characters of it
_ANOTHER = re.compile(r"[ \t\u00a0](?:[^\w\s.,;:!?()]|[A-Z]{3}[ \u00a0])?\d")  # value
_GOES_ON = re.compile(r"[ \u00a0\u202f]\d{2,4}(?![\w.,/:-]*\d)(?=[ \u00a0\u202f]\d|\W|\Z)")  # "06 12"
# "7 h 40", "6 ft 2 in": what a number with a short unit goes on with.
_FURTHER = re.compile(r"[ \u00a0\u202f]\d{1,2}(?:[ \u00a0\u202f][^\W\d_]{1,3})?(?![\w.,:/-]*\w)")
_SHORT = 3  # letters of such a unit
_MOST_COUNTED = 3  # words behind an ordinal number
_SECOND = re.compile(r"\.[ \t\u00a0]\d")
# A number, and a word of consonants that begins with a capital, as no unit does, with a dot that ends no line.
_UNLISTED = re.compile(r"\d\w{0,3}[ \u00a0](?P<short>[A-Z][bcdfghj-np-tv-z]{1,3})(?P<dot>\.)[ \u00a0]")
_UNIT = 120  # characters behind a value in which its unit is looked for


def wordlike(word: str) -> bool:
    """Whether a word may be one of a name or of an attribute."""
    return all(char.isalnum() or char in "-_.&/#'\u2019" or not char.isascii() for char in word)


def first_value(text: str, start: int, end: int, layout: Layout, language: Language, *, names: bool) -> Span | None:
    """Return the longest value that begins at `start`.

    Args:
        text: The text.
        start: Where it begins.
        end: What it does not go beyond.
        layout: Which dots in the text end nothing.
        language: What the text is written in.
        names: Whether words in capitals are one.
    """
    if quoted := _QUOTED.match(text, start):
        return quoted.span("value") if quoted["value"].strip() else None
    ends = [match.end() for match in _LIMITED_WORD.finditer(text, start, min(end, start + _CHARACTERS))][:_WORDS]
    for stop in reversed(ends):
        while stop > start and text[stop - 1] in ".,;:!?)\"'\u2019\u201d*":
            stop -= 1
        if stop > start and classify(text[start:stop]).type != "text":
            if layout.is_mere(stop):
                return _counted(text, start, stop, end, language)
            return _with_unit(text, start, stop, end, layout, language)
    return _named(text, start, ends, layout) if names else None


def typed_before(text: str, end: int) -> int | None:
    """Return where the longest typed value begins that ends at a place."""
    line = max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1
    words = list(_WORD.finditer(text, max(line, end - _LONGEST_TYPED), end))[-_TYPED:]
    starts = (word.start() for word in words)
    return next((start for start in starts if classify(text[start:end]).type != "text"), None)


def state_at(text: str, start: int) -> Span | None:
    """Return the one word in small letters that ends a sentence, if that is all that follows: "is now overdue."."""
    state = _STATE.match(text, start)
    return state.span() if state else None


def cut_short(text: str, start: int, end: int, language: Language) -> bool:
    """Whether a number with a name ends at the dot of an abbreviation that no list has: "12 Pk" of "12 Pk. Lane"."""
    short = _UNLISTED.search(text, start, end + 2)
    return (
        short is not None
        and short.start("dot") == end
        and language.abbreviation.match(text, short.start("short")) is None
    )


def currency_follows(text: str, start: int) -> bool:
    """Whether the code of a currency stands at a place, before its amount."""
    return _CODE.match(text, start) is not None


def closes_clause(text: str, end: int, language: Language) -> bool:
    """Whether the clause of a value ends with it."""
    return _clause_end(language).match(text, end) is not None


@cache
def _clause_end(language: Language) -> re.Pattern[str]:
    return re.compile(rf"[\"'\u201d)\]]?(?:[.,;!]|\s+(?:{language.marks.joining})\b|\s*\Z|[ \t]*[\r\n])")


def _with_unit(text: str, start: int, stop: int, end: int, layout: Layout, language: Language) -> Span | None:
    """Add what is counted or measured ("5 GB"); a value that goes on beyond two words is not taken in part."""
    reached = stop
    for word in _NEXT_WORD.finditer(text, stop, min(end, stop + _UNIT)):
        if word.start() != reached:
            break
        said = word.group().strip().lower()
        if said in language.statements.range:
            return None  # a range, or a choice
        if said in language.statements.on:
            if said in language.statements.adverbs and _ANOTHER.match(text, word.end()):
                return None  # "was 2019 only $17"
            break
        reached = word.end()
    if reached == stop:
        return None if _GOES_ON.match(text, reached) else (start, stop)
    if text[reached : reached + 1] == "." and layout.is_mere(reached):
        if text[text.rfind(" ", start, reached) + 1].isupper():
            return _road(text, start, reached, end, layout, language)
        if _SECOND.match(text, reached):
            return None  # "6 ft. 2 in."
    if cut_short(text, start, reached, language):
        return None
    counted = text[stop:reached].split()
    if len(counted) == 1 and len(counted[0]) <= _SHORT and (further := _FURTHER.match(text, reached)):
        return (start, further.end()) if closes_clause(text, further.end(), language) else None
    return (start, reached) if len(counted) <= 2 and not _ELSEWHERE.match(text, reached) else None


def _road(text: str, start: int, dot: int, end: int, layout: Layout, language: Language) -> Span | None:
    """Return a number with the name behind it that has an abbreviation in it: "9 Mt. Vernon Road"."""
    begin = text.rfind(" ", start, dot) + 1
    ends = [word.end() for word in _LIMITED_WORD.finditer(text, begin, min(end, start + _CHARACTERS))][:_WORDS]
    named = _named(text, begin, ends, layout)
    if named is None or named[1] <= dot or not closes_clause(text, named[1], language):
        return None
    return None if _ELSEWHERE.match(text, named[1]) else (start, named[1])


def _counted(text: str, start: int, dot: int, end: int, language: Language) -> Span | None:
    """Return a number with what a dot behind it counts, up to the end of the clause: "2. OG links"."""
    reached, count = dot + 1, 0
    for word in _NEXT_WORD.finditer(text, reached, min(end, dot + _UNIT)):
        if word.start() != reached or word.group().strip().lower() in language.statements.on:
            break
        reached, count = word.end(), count + 1
    return (start, reached) if 1 <= count <= _MOST_COUNTED else None


def _named(text: str, start: int, ends: list[int], layout: Layout) -> Span | None:
    """Return the words in capitals that begin at `start`; a dot that ends no sentence ends none of them."""
    reached = None
    begin = start
    for stop in ends:
        word = text[begin:stop].lstrip()
        if reached is not None and word == "&":
            begin = stop  # "Moor & Co."
            continue
        bare = word.rstrip(".,;:!?)\"'")
        numbered = reached is not None and bare[:1].isdecimal()  # "Room 214"
        if not bare or not (bare[0].isupper() or numbered) or not wordlike(bare):
            break
        reached = stop - (len(word) - len(bare))
        if bare != word and not (word == f"{bare}." and layout.is_mere(stop - 1)):
            break
        begin = stop
    return None if reached is None else (start, reached)
