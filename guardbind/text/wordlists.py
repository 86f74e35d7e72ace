"""Makes sets and patterns of the words that a language file lists."""

from __future__ import annotations

import re

__all__ = ["anywhere", "either", "wordlist"]


def wordlist(*words: str) -> frozenset[str]:
    """Return the words of some strings, parted by white space.

    >>> sorted(wordlist("the a", "an"))
    ['a', 'an', 'the']
    """
    return frozenset(word for written in words for word in written.split())


def either(*phrases: str) -> re.Pattern[str]:
    r"""Compile phrases, parted by `|`, that stand as whole words in any case; a space stands for white space.

    Groups of regular expressions may stand in them: `add(?:s|ed)?`.

    >>> either("sum|how many").findall("How  many make the sum of summer?")
    ['How  many', 'sum']
    """
    joined = "|".join(phrases)
    return re.compile(rf"\b(?:{joined})\b".replace(" ", r"\s+"), re.IGNORECASE)


def anywhere(*phrases: str) -> re.Pattern[str]:
    """Compile phrases, parted by `|`, wherever they stand: for a script without spaces."""
    return re.compile("|".join(phrases), re.IGNORECASE)
