"""Reduces words to stems: by a rule of our own for English, by Snowball for other languages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, lru_cache
from importlib import import_module
from typing import Protocol

from guardbind.errors import MissingDependencyError

__all__ = ["plural_s", "snowball"]


# A stemmer of Snowball keeps the word that it works on, so that two threads at one would get the stem of neither.
_STEMMING = threading.Lock()


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...


def plural_s(word: str) -> str:
    """Take the s of a plural off a word in lower case.

    >>> plural_s("badges"), plural_s("status"), plural_s("address")
    ('badge', 'status', 'address')
    """
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def snowball(algorithm: str) -> Callable[[str], str]:
    """Return the stemmer of a language; it is loaded at the first word.

    Args:
        algorithm: Its name in Snowball: `german`.

    Returns:
        A function of a word in lower case. It raises `MissingDependencyError` if snowballstemmer is not installed.
    """

    @lru_cache(maxsize=1 << 14)
    def stemmed(word: str) -> str:
        with _STEMMING:
            return str(_stemmer(algorithm).stemWord(word))

    return stemmed


@cache
def _stemmer(algorithm: str) -> _Stemmer:
    try:
        snowballstemmer = import_module("snowballstemmer")
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"the stems of {algorithm} need snowballstemmer, which is not installed.",
            hint="Install it with: pip install snowballstemmer",
        ) from error
    stemmer: _Stemmer = snowballstemmer.stemmer(algorithm)
    return stemmer
