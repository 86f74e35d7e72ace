"""Cites spans for an answer whose model does not: those that share the most words with it, rare words counting more."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from guardbind_bench.prompts.audits.item import SpanText

__all__ = ["cited_by_words"]

# A sign of a script without spaces counts as a word, so that such texts have words at all.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")


def cited_by_words(spans: Sequence[SpanText], text: str, most: int) -> tuple[str, ...]:
    """Return the ids of the spans that share the most words with a text, in the order of the spans.

    A shared word counts with the logarithm of how rare it is among the spans.

    Args:
        spans: The spans.
        text: What they are cited for.
        most: Spans, at most.

    Example:
        >>> spans = [SpanText("S1", "Bob sits in 14."), SpanText("S2", "Eve sits in 15."), SpanText("S3", "It rains.")]
        >>> cited_by_words(spans, "Eve has seat 15", 1)
        ('S2',)
    """
    held = [set(_words(span.text)) for span in spans]
    among = Counter(word for words in held for word in words)
    asked = set(_words(text))
    scores = [math.fsum(math.log(1 + len(spans) / among[word]) for word in sorted(words & asked)) for words in held]
    ranked = sorted((place for place, score in enumerate(scores) if score > 0), key=lambda place: -scores[place])
    return tuple(spans[place].id for place in sorted(ranked[:most]))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
