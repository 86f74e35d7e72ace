"""The words of a text, as keys, questions and answers share them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

__all__ = ["FIRST", "GENERIC", "LATEST", "Word", "content", "stem", "words"]

# Letters and digits with what may join them inside one word; "e-mail" is one word, "order_id" and "orderId" are two.
_WORD = re.compile(r"[^\W_]+(?:[.,:/@'\u2019-](?=[^\W_])[^\W_]+)*")
_HUMP = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_POSSESSIVE = re.compile(r"['\u2019]s?\Z")
_SAME = {
    **{"e-mail": "email", "mail": "email", "emails": "email"},
    **{"cost": "price", "costs": "price", "nr": "number", "num": "number"},
}

FIRST = frozenset({"first", "original", "originally", "initial", "initially", "earliest"})
LATEST = frozenset(
    {"last", "latest", "current", "currently", "final", "finally", "newest", "recent", "recently", "now"}
)
"""Words that ask for one of several values that a key had in turn."""

GENERIC = frozenset(
    {"address", "amount", "code", "date", "field", "id", "identifier", "key", "name", "number", "value", "label"}
)
"""Words of an attribute that a person may leave out: "badge" for badge number."""

_ARE_ABOUT_NOTHING = """
    a above according again an and answer any are as ask at be been being belong belongs brief briefly by
    can check conversation could csv did do does earlier entry exact exactly find for format from full get
    give had has have having her here his how i in into is it its json just know listed look markdown me much
    message my need no of ok on only or our please quote recorded registered reply report return say
    sentence short show shown so stated sure table tell text than that the their them then there these this
    those to under unknown up us using want was we were what when where which who whom whose why will with
    would write yaml yes you your
"""


class Word(NamedTuple):
    """One word: its stem, where it stands, whether it is written as a name is, with a digit, as an owner ("Bob's")."""

    stem: str
    start: int
    end: int
    capital: bool
    numeric: bool
    owning: bool


@lru_cache(maxsize=1 << 12)
def words(text: str) -> tuple[Word, ...]:
    """Return the words of a text; camelCase and snake_case are taken apart, a possessive 's is taken off."""
    found: list[Word] = []
    for match in _WORD.finditer(text):
        for start, end in _parts(match.group(), match.start()):
            written = _POSSESSIVE.sub("", text[start:end])
            if written:
                numeric = any(char.isdecimal() for char in written)
                owning = len(written) < end - start
                found.append(Word(stem(written), start, end, written[0].isupper(), numeric, owning))
    return tuple(found)


def stem(word: str) -> str:
    """Return the form that the spellings of a word share: no case, no plural s."""
    low = word.casefold()
    low = _SAME.get(low, low)
    if len(low) > 3 and low.endswith("s") and not low.endswith(("ss", "us", "is")):
        return low[:-1]
    return low


def content(found: Sequence[Word]) -> list[Word]:
    """Return the words that are about something: no articles, no helping verbs, not what one asks with."""
    return [word for word in found if word.stem not in _STOP]


def is_content(word: Word) -> bool:
    """Whether a word is about something."""
    return word.stem not in _STOP


def is_telling(text: str) -> bool:
    """Whether a text holds a letter or digit, and more than words that are about nothing."""
    found = words(text)
    return any(is_content(word) and (len(word.stem) > 1 or word.numeric or word.capital) for word in found)


def _parts(written: str, at: int) -> list[tuple[int, int]]:
    if any(char.isdecimal() for char in written) or stem(written) == "email" or "@" in written:
        return [(at, at + len(written))]
    parts: list[tuple[int, int]] = []
    for piece in re.finditer(r"[^-/.,:@]+", written):
        edges = [0, *(cut.start() for cut in _HUMP.finditer(piece.group())), len(piece.group())]
        base = at + piece.start()
        parts += [(base + a, base + b) for a, b in pairwise(edges) if a < b]
    return parts


_STOP = frozenset(map(stem, _ARE_ABOUT_NOTHING.split()))
