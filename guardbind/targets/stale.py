"""Tells which bindings may no longer hold: something said later changes or takes them back, and no value was read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from guardbind.evidence import EvidenceTable, Located
from guardbind.extraction.changes import says_change
from guardbind.extraction.stance import is_former
from guardbind.targets.query import Query
from guardbind.text.layout import Layout, Unit
from guardbind.text.words import words

__all__ = ["Doubts"]


class Doubts:
    """What a prompt says about its own statements.

    Args:
        table: What the prompt binds.
        query: What it asks; its sentences change nothing.
    """

    def __init__(self, table: EvidenceTable, query: Query) -> None:
        self._table = table
        self._query = query
        self._language = query.language

    def former(self, item: Located) -> bool:
        """Whether a value is said to be one of the past, where it is stated last."""
        text = self._query.prompt
        return bool(item.mentions) and is_former(text, item.mentions[-1].chars, self._language)

    def stale(self, item: Located) -> bool:
        """Whether something behind a value says that it is no longer so, and no newer value of it was read there."""
        return item.index in self._stale

    @cached_property
    def _stale(self) -> frozenset[int]:
        found: set[int] = set()
        placed = sorted((m.chars, item.index) for item in self._table.items for m in item.mentions)
        for unit in self._silent([start for (start, _), _ in placed]):
            before = [entry for entry in placed if entry[0][1] <= unit.start]
            found.update(self._concerned(unit, before))
        # What is stated again behind the words that took it back holds again, and so does what replaced it.
        return frozenset(found)

    def _silent(self, stated: Sequence[int]) -> Iterator[Unit]:
        """Yield the sentences in which words of change stand, and no statement."""
        text, (start, end) = self._query.prompt, self._query.span
        changes, corrected = self._language.changes, self._language.questions.corrected
        for unit in Layout(text, language=self._language).units(0, len(text)):
            if (
                unit.question
                or start <= unit.start < end
                or bisect_left(stated, unit.end) != bisect_left(stated, unit.start)
            ):
                continue
            said = text[unit.start : unit.end]
            if changes.stale.search(said) or corrected.search(said) or says_change(text, unit, self._language):
                yield unit

    def _concerned(self, unit: Unit, before: Sequence[tuple[tuple[int, int], int]]) -> set[int]:
        """Return what a sentence may be about: what it names, or else what was stated last; all if it names several."""
        text, language = self._query.prompt, self._language
        said = text[unit.start : unit.end]
        if not before:
            return set()
        stems = {word.stem for word in words(said, language)}
        items = {index for _, index in before}
        named = {index for index in items if self._named(self._table.items[index], stems)}
        owned = {index for index in named if self._owned(self._table.items[index], stems)}
        latest = {index: span[1] for span, index in before}
        found = owned or named
        if not found and (language.questions.corrected.search(said) or says_change(text, unit, language)):
            found = self._last(before) if says_change(text, unit, language) else items
        # A value that came to be the latest of its key behind the sentence is in `placed` only later.
        return {index for index in found if latest[index] <= unit.start}

    def _last(self, before: Sequence[tuple[tuple[int, int], int]]) -> set[int]:
        """Return what stands in the last line or sentence that states something."""
        layout = Layout(self._query.prompt, language=self._language)
        begun = layout.unit_start(max(0, before[-1][0][1] - 1))
        return {index for span, index in before if span[1] > begun}

    def _named(self, item: Located, stems: set[str]) -> bool:
        """Whether a sentence has all words of an attribute."""
        label = item.attribute or item.key
        wanted = {word.stem for word in words(label, self._language) if word.content}
        return bool(wanted) and wanted <= stems

    def _owned(self, item: Located, stems: set[str]) -> bool:
        return any({word.stem for word in words(name, self._language)} <= stems for name in item.owners)
