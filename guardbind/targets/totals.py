"""Tells whether a value is of all that is listed, where a question asks for it of one line of the list."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from guardbind.evidence import EvidenceTable, Located
from guardbind.extraction.kinds import alike
from guardbind.targets.query import Query
from guardbind.text.layout import occurrences
from guardbind.text.words import Word, words

__all__ = ["of_one_line"]

_AMOUNT = re.compile(r"\d[.,]\d\d(?!\d)|[$\u20ac\u00a3\u00a5]")
_QUANTITY = re.compile(r"[+-]?[$\u20ac\u00a3\u00a5]?\d")
_BEGUN = 3  # words at the beginning of a line that may say what it is of
_LONGEST = 200  # characters of such a line


def of_one_line(item: Located, asked: Iterable[Word], table: EvidenceTable, query: Query) -> bool:
    """Whether a question names what has a value of its own besides one that nobody owns: "the total of the rye loaf".

    Args:
        item: The binding, which nobody owns.
        asked: Words of the question that its key does not account for.
        table: What the prompt binds.
        query: The question.
    """
    language = query.language
    stems = {word.stem for word in asked if len(word.stem) > 1}
    own = {word.stem for word in words(item.key, language)}
    if not stems - own:
        return False
    total = not own.isdisjoint(language.totals)
    for other in table.items:
        if occurrences(query.text, other.surfaces):
            continue  # "invoice INV-7" says which bill, and asks for no line of it
        named = {word.stem for word in words(other.key, language) if word.content} - own
        if named and named <= stems and any(_rivals(item.value or "", said, total=total) for said in other.surfaces):
            return True
    return total and _begins_a_line(item, stems - own, query)


def _rivals(value: str, other: str, *, total: bool) -> bool:
    """Whether another value is of the kind of one; beside a total, any number is."""
    return _QUANTITY.match(other) is not None and (total or alike(value, other))


def _begins_a_line(item: Located, stems: Collection[str], query: Query) -> bool:
    """Whether a line with an amount of its own begins with what is named, in the lines before a total."""
    start, end = query.span
    places = [mention.chars[0] for mention in item.mentions]
    at = 0
    for line in query.prompt.splitlines(keepends=True):
        begun, at = at, at + len(line)
        if len(line) > _LONGEST or start <= begun < end or any(begun <= place < at for place in places):
            continue
        if _AMOUNT.search(line):
            first = [word for word in words(line, query.language) if word.content][:_BEGUN]
            if any(word.stem in stems for word in first if not word.numeric):
                return True
    return False
