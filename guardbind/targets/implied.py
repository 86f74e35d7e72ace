"""Finds the attribute that a question asks for without naming it: "how heavy is Pepper", of a weight."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from guardbind.targets.aliases import Stems, attribute_stems
from guardbind.text.asking import UNITS
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.words import words

__all__ = ["implied", "said_in"]


def implied(text: str, attributes: Collection[Stems], language: Language) -> tuple[Stems, Span] | None:
    """Return which attribute a question implies, and by which words; None if none, or more than one.

    A length and a duration may both answer "how long": where the prompt has the two, neither is meant for sure.

    Args:
        text: The question.
        attributes: Those that are bound.
        language: What it is written in.
    """
    found: dict[Stems, Span] = {}
    for pattern, names in _implied(language):
        if (said := pattern.search(text)) is None:
            continue
        for attribute in attributes:
            if attribute in names or (attribute[:-1] in names and re.fullmatch(UNITS, attribute[-1])):
                found.setdefault(attribute, said.span())
    return next(iter(found.items())) if len(found) == 1 else None


def said_in(text: str, span: Span, language: Language) -> frozenset[str]:
    """Return the words by which a question implies what it asks for: they say nothing else."""
    return frozenset(word.stem for word in words(text[slice(*span)], language)) if span[0] < span[1] else frozenset()


@cache
def _implied(language: Language) -> tuple[tuple[re.Pattern[str], frozenset[Stems]], ...]:
    return tuple(
        (pattern, frozenset(attribute_stems(name, language) for name in names))
        for pattern, names in language.asking.implied
    )
