"""Finds forms and words in an answer, by rules of the scorer's own.

Nothing here is shared with the guard: were its text rules wrong, the score must not be wrong with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

__all__ = [
    "FIRST",
    "LATEST",
    "VAGUE",
    "AnswerWord",
    "about_something",
    "apart",
    "is_about_something",
    "read_words",
    "standing",
    "stem_of",
]

# What belongs together without a blank: words joined by hyphens, and numbers with their sign, groups and decimals.
_UNIT = r"(?:(?<![\w.,])\d{1,3}(?:,\d{3})+(?!\d)\w*|\w+)"
_WHOLE = re.compile(rf"(?:(?<!\w)[-\u2212](?=\d)|(?<!\S)\.(?=\d))?{_UNIT}(?:(?:-|(?<=\d)[./](?=\d)){_UNIT})*")
_RUN = re.compile(r"[^\W_]+(?:[.,:/@'\u2019-][^\W_]+)*")
_PIECE = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?(?:[^\WA-Z_]|['\u2019](?=\w))+|[A-Z]+")
_OWNING = re.compile(r"['\u2019]s\Z")

FIRST = frozenset({"first", "original", "originally", "initial", "initially", "earliest"})
"""Words that say that a value is the first that its key had."""
LATEST = frozenset(
    {"current", "currently", "final", "finally", "last", "latest", "newest", "now", "recent", "recently"}
)
"""Words that say that a value is the latest that its key had."""
VAGUE = frozenset(
    {"address", "amount", "code", "date", "field", "id", "identifier", "key", "label", "name", "number", "value"}
)
"""Words of attributes that many attributes share."""

# Articles, pronouns, prepositions and helping verbs; what one asks with; what one answers with, and in which form; what
# is said about a statement.
_SMALL = """
    a an the this that these those there i me my we us our you your he his him she her hers it its they them their
    of in on by for from to into with according above under up again and or so than then as at
    am be been being is are was were have has had having do does did can could would will get give belong belongs
    what when where which who whom whose why how any check find know tell say show shown look listed please need
    want ask using
    answer reply return report quote write sentence briefly brief short exact exactly full just only text table csv
    json yaml markdown format message conversation
    stated recorded registered unknown sure ok yes no entry earlier here much
"""
_ONE = {
    **dict.fromkeys(("e-mail", "e-mails", "mail", "mails", "emails"), "email"),
    **dict.fromkeys(("cost", "costs"), "price"),
    **dict.fromkeys(("nr", "num"), "number"),
}


@dataclass(frozen=True, slots=True)
class AnswerWord:
    """A word of an answer.

    Attributes:
        stem: The form that its spellings share.
        start: Its first character in the text.
        end: The character behind it, an apostrophe and s included.
        owning: It stands as an owner does: `Bob's`.
    """

    stem: str
    start: int
    end: int
    owning: bool


@lru_cache(maxsize=1 << 10)
def read_words(text: str) -> tuple[AnswerWord, ...]:
    """Return the words of a text.

    A code with a digit or an `@` in it is one word; `order_id`, `order-id` and `orderId` are two.

    Example:
        >>> [word.stem for word in read_words("Bob's e-mail is in order_id 17-A.")]
        ['bob', 'email', 'is', 'in', 'order', 'id', '17-a']
    """
    found: list[AnswerWord] = []
    for run in _RUN.finditer(text):
        written, at = run.group(), run.start()
        whole = any(sign.isdecimal() or sign == "@" for sign in written) or written.lower() in _ONE
        pieces = [run] if whole else _PIECE.finditer(written)
        for piece in pieces:
            start, end = (piece.start(), piece.end()) if whole else (at + piece.start(), at + piece.end())
            owning = _OWNING.search(text[start:end])
            bare = text[start : end - 2] if owning else text[start:end]
            found.append(AnswerWord(stem_of(bare), start, end, owning is not None))
    return tuple(found)


def stem_of(word: str) -> str:
    """Return the form that the spellings of a word share: no case, no s of the plural, one word for the same thing.

    Example:
        >>> stem_of("Seats"), stem_of("status"), stem_of("E-mail")
        ('seat', 'status', 'email')
    """
    low = word.casefold()
    if low in _ONE:
        return _ONE[low]
    plural = len(low) > 3 and low[-1] == "s" and low[-2] not in "sui"
    return low[:-1] if plural else low


_SMALL_STEMS = frozenset(map(stem_of, _SMALL.split()))


def is_about_something(word: AnswerWord) -> bool:
    """Whether a word is more than grammar, and more than what one asks and answers with."""
    return word.stem not in _SMALL_STEMS


def about_something(words: Iterable[AnswerWord]) -> list[AnswerWord]:
    """Return the words that are about something."""
    return [word for word in words if is_about_something(word)]


def standing(text: str, forms: Iterable[str]) -> list[tuple[tuple[int, int], str]]:
    """Find where forms stand by themselves: no part of a longer word, number or hyphenated name.

    A form without capitals stands for its other spellings as well. "12" is not in "112", "12.5", "12-3", "12,500" or
    "-12"; it is in "12, 5", "12:30" and "$12".

    Args:
        text: The text.
        forms: What is looked for.

    Returns:
        Half-open character range and form of each place, in the order of the text.

    Example:
        >>> standing("Lamp 12, not 12.5 or 112", ["lamp", "12"])
        [((0, 4), 'lamp'), ((5, 7), '12')]
    """
    inside = {place for whole in _WHOLE.finditer(text) for place in range(whole.start() + 1, whole.end())}
    found: dict[tuple[int, int], str] = {}
    # Where a form is written in two ways, one of them with capitals, each keeps its own places.
    for form in sorted(filter(None, set(forms)), key=lambda form: (form != form.lower(), form)):
        flags = re.IGNORECASE if form == form.lower() else 0
        for match in re.finditer(f"(?={re.escape(form)})", text, flags):
            start, end = match.start(), match.start() + len(form)
            if start not in inside and end not in inside:
                found[start, end] = form
    return sorted(found.items())


def apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges that do not overlap, in order: of two that do, the one that begins first, or else the longer.

    Example:
        >>> apart([(0, 4), (0, 8), (6, 9), (8, 10)])
        [(0, 8), (8, 10)]
    """
    kept: list[tuple[int, int]] = []
    for start, end in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept
