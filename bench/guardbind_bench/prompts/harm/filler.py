"""Writes unrelated text in the language of an item, a given number of words long."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from random import Random

from guardbind_bench.prompts.harm.wordings import Wordings
from guardbind_bench.prompts.natural import sentences

__all__ = ["filler"]


def filler(rng: Random, words: Wordings, k: int) -> str:
    """Return whole sentences of at least `k` words that bind nothing; empty if `k` is 0.

    Args:
        rng: Draws their order.
        words: Wordings of the language; without sentences of its own those of English are written.
        k: Words; two signs count as one word where a language writes no spaces.
    """
    own = list(words.unrelated)
    rng.shuffle(own)
    stream: Iterator[str] = cycle(own) if own else (sentence.strip() for sentence in sentences(rng))
    found: list[str] = []
    count = 0
    while count < k:
        found.append(next(stream))
        count += len(found[-1].split()) if words.spaced else len(found[-1]) // 2
    return (" " if words.spaced else "").join(found)
