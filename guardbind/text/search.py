"""Finds many strings in one text, in a time that does not grow with their number times its length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

__all__ = ["places_of", "verbatim"]

# Up to so many strings, or so many characters of text, looking for each string by itself is faster.
_FEW = 1000
_SHORT = 1000
_HEAD = 4  # characters by which longer strings are told apart first


def verbatim(text: str, surface: str) -> Iterator[int]:
    """Yield the start of each occurrence of `surface`, also of overlapping ones."""
    start = text.find(surface)
    while start >= 0:
        yield start
        start = text.find(surface, start + 1)


def places_of(text: str, wanted: Collection[str]) -> Iterator[tuple[int, str]]:
    """Yield where each of some strings stands, also inside of another one; the order is not told.

    Args:
        text: The text to search.
        wanted: Strings that are not empty, each once.
    """
    if len(text) ** 2 < len(wanted):
        # Fewer stretches of text than strings: each is looked up.
        known = frozenset(wanted)
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                if text[start:end] in known:
                    yield start, text[start:end]
        return
    if len(wanted) <= _FEW or len(text) <= _SHORT:
        for string in wanted:
            for start in verbatim(text, string):
                yield start, string
        return
    strings = frozenset(wanted)
    heads: defaultdict[int, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for string in strings:
        head = string[:_HEAD]
        heads[len(head)][head].add(len(string))
    for size, lengths_of in heads.items():
        for start in range(len(text) - size + 1):
            for length in lengths_of.get(text[start : start + size], ()):
                string = text[start : start + length]
                if string in strings and len(string) == length:
                    yield start, string
