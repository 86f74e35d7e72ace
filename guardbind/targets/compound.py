"""Tells whether a value holds several, of which only one is asked for: "amount 5.20, shipping 3.10"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from guardbind.text.language import Language
from guardbind.text.words import content, words

__all__ = ["asks_within", "is_list"]

_PARTS = re.compile(r"[,;|\u3001\uff0c\uff1b(\uff08]\s*|\n")
_MEMBERS = 3  # of what is taken for a list
_MEMBER_WORDS = 3
_LONGEST = 400  # characters of a value that are looked at


def asks_within(value: str, texts: Iterable[str], attribute: Collection[str], language: Language) -> bool:
    """Whether a text names what a part of a value begins with, besides the attribute that has the value.

    Args:
        value: The value.
        texts: What asks for it.
        attribute: The stems of its attribute.
        language: What all are written in.
    """
    begun = set()
    parts = _PARTS.split(value[:_LONGEST])
    for part in parts if len(parts) > 1 else ():
        found = words(part, language)
        if len(found) > 1 and found[0].content and not found[0].numeric:
            begun.add(found[0].stem)
    begun.difference_update(attribute)
    return bool(begun) and any(word.stem in begun for text in texts for word in content(words(text, language)))


def is_list(value: str) -> bool:
    """Whether a value is several things, of which a field that takes one thing means one.

    >>> is_list("M101, NGC 4565, M3"), is_list("Main Street 5, Cork")
    (True, False)
    """
    parts = _PARTS.split(value[:_LONGEST])
    return len(parts) >= _MEMBERS and all(0 < len(part.split()) <= _MEMBER_WORDS for part in parts)
