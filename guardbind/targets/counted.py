"""Tells where a question counts nothing: it asks for a number that is stated itself, with its unit or under it."""

from __future__ import annotations

import re
from dataclasses import replace

from guardbind.evidence import EvidenceTable
from guardbind.targets.labels import Labels, LabelTable
from guardbind.targets.query import Query
from guardbind.text.layout import Span
from guardbind.text.words import words

__all__ = ["uncounted"]

_WORD = 40  # characters of a word, at most


def uncounted(query: Query, table: EvidenceTable, labels: LabelTable) -> Query:
    """Return a query without the words that ask for a number that is stated: "how many days", of "14 days".

    Args:
        query: What is asked.
        table: What the prompt binds.
        labels: How it is called.
    """
    counted = [word for word, _ in query.odd if " " in word and _stated(query, word, table, labels)]
    text = query.text
    for word in counted:
        text = text.replace(word, " " * len(word))
    odd = tuple(found for found in query.odd if found[0] not in counted)
    return replace(query, text=text, odd=odd) if counted else query


def _stated(query: Query, phrase: str, table: EvidenceTable, labels: LabelTable) -> bool:
    following = re.search(rf"{re.escape(phrase)}\s+(?P<unit>[^\W\d_]+)", query.text)
    unit = words(following["unit"], query.language)[:1] if following else ()
    stems = tuple(word.stem for word in unit)
    for label in labels.labels:
        if not stems or label.attribute != stems:
            continue
        places = [mention.value_chars for mention in table.items[label.item].mentions]
        behind = [words(_with_next(query.prompt, place), query.language) for place in places]
        if _is_plural(label, table) or any(stems[0] == word.stem for found in behind for word in found):
            return True
    return False


def _is_plural(label: Labels, table: EvidenceTable) -> bool:
    """Whether a number stands under a word in the plural, as what counts something does: `nights: 3`."""
    item = table.items[label.item]
    return label.type == "number" and (item.attribute or item.key).casefold() not in label.attribute


def _with_next(prompt: str, value: Span) -> str:
    """Return a value with the word behind it."""
    start, end = value
    behind = prompt[end : end + _WORD].split()[:1]
    return " ".join([prompt[start:end], *behind])
