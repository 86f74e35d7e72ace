"""Tells where a question counts nothing: it asks for a number that is stated itself, with its unit or under it."""

from __future__ import annotations

import re
from dataclasses import replace

from guardbind.evidence import EvidenceTable
from guardbind.targets.labels import Labels, LabelTable
from guardbind.targets.query import Query, odd_words
from guardbind.text.asking import UNITS
from guardbind.text.layout import Span
from guardbind.text.words import words

__all__ = ["asks_for_count_in", "odd_in", "uncounted"]

_WORD = 40  # characters of a word, at most


def uncounted(query: Query, table: EvidenceTable, labels: LabelTable) -> Query:
    """Return a query without the words that ask for a number that is stated: "how many days", of "14 days".

    Args:
        query: What is asked.
        table: What the prompt binds.
        labels: How it is called.
    """
    counted = [word for word, _ in query.odd if _stated(query.text, word, query, table, labels)]
    text = query.text
    for word in counted:
        text = text.replace(word, " " * len(word))
    odd = tuple(found for found in query.odd if found[0] not in counted)
    return replace(query, text=text, odd=odd, counts=True) if counted else query


def odd_in(text: str, query: Query, table: EvidenceTable, labels: LabelTable) -> list[tuple[str, str]]:
    """Return the odd words of a text besides those that ask for a number that is stated: "the number of seats is".

    Args:
        text: The text, of the answer.
        query: What is asked.
        table: What the prompt binds.
        labels: How it is called.
    """
    found = odd_words(text, query.language)
    return [(word, reason) for word, reason in found if not _stated(text, word, query, table, labels)]


def asks_for_count_in(query: Query, text: str) -> bool:
    """Whether what is odd in a query is only that it asks how many of something that a text speaks of.

    Args:
        query: What is asked.
        text: What may answer.

    >>> query = Query("How many minutes is it?", "", (("How many", "something computed is meant"),), None, "", (0, 0))
    >>> asks_for_count_in(query, "It took 53 minutes."), asks_for_count_in(query, "It took a while.")
    (True, False)
    """
    language = query.language
    kinds = [pattern for kind, pattern in language.asking.kinds.items() if kind != "none"]
    said = {word.stem for word in words(text, language)}
    at = 0
    for word, _ in query.odd:
        at = query.text.find(word, at)
        if at < 0 or not any(pattern.fullmatch(word) for pattern in kinds):
            return False
        at += len(word)
        counted = next(iter(words(query.text[at:], language)), None)
        if counted is None or not counted.content or counted.stem not in said:
            return False
    return bool(query.odd)


def _stated(text: str, phrase: str, query: Query, table: EvidenceTable, labels: LabelTable) -> bool:
    counting = query.language.asking.kinds.get("any")
    # Two words in most languages, one in Spanish: "cuántas".
    if " " not in phrase and (counting is None or counting.fullmatch(phrase) is None):
        return False
    following = re.search(rf"{re.escape(phrase)}\s+(?P<unit>[^\W\d_]+(?:[ -][^\W\d_]+)*)", text)
    stems = tuple(word.stem for word in words(following["unit"], query.language)) if following else ()
    for label in labels.labels:
        if not stems or label.attribute != stems[: len(label.attribute)]:
            continue
        if _is_plural(label, table):
            return True
        places = [mention.value_chars for mention in table.items[label.item].mentions]
        behind = [words(_with_next(query.prompt, place), query.language) for place in places]
        if len(label.attribute) == 1 and any(stems[0] == word.stem for found in behind for word in found):
            return True
    return False


def _is_plural(label: Labels, table: EvidenceTable) -> bool:
    """Whether a number stands under a word in the plural, as what counts something does: `nights: 3`."""
    item = table.items[label.item]
    if label.type == "number" and len(label.attribute) == 1 and re.fullmatch(UNITS, label.attribute[0]):
        return True  # "how many kcal", which has no plural
    return label.type == "number" and (item.attribute or item.key).casefold() not in label.attribute


def _with_next(prompt: str, value: Span) -> str:
    """Return a value with the word behind it."""
    start, end = value
    behind = prompt[end : end + _WORD].split()[:1]
    return " ".join([prompt[start:end], *behind])
