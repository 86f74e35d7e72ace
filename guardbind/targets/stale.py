"""Tells which bindings may no longer hold: something said later changes or takes them back, and no value was read."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from guardbind.evidence import EvidenceTable, Located
from guardbind.extraction.changes import gives_other, says_change
from guardbind.extraction.kinds import alike
from guardbind.extraction.stance import is_former
from guardbind.targets.query import Query
from guardbind.text.layout import Layout, Unit
from guardbind.text.words import words

__all__ = ["Doubts"]

_OPENING = " \t\r\n-*>\"'("
_CLOSING = ".,;:!?)(\"'\u201c\u201d"
_WORD = re.compile(r"\w")


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

    def only_was(self, last: Located, others: Sequence[Located]) -> bool:
        """Whether the last of several values is told as what was, and another one as what is."""
        return self._was(last) and any(not self._was(item) and not self.former(item) for item in others)

    def stale(self, item: Located) -> bool:
        """Whether something behind a value says that it is no longer so, and no newer value of it was read there."""
        return item.index in self._stale

    def _was(self, item: Located) -> bool:
        """Whether the sentence that states a value last is in the past, and says of no change."""
        if not item.mentions:
            return False
        mention = item.mentions[-1]
        said = self._query.prompt[mention.chars[0] : mention.value_chars[0]]
        language = self._language
        return bool(language.speech.past.search(said)) and not language.statements.new.search(said)

    @cached_property
    def _stale(self) -> frozenset[int]:
        found: set[int] = set()
        placed = sorted((m.chars, item.index) for item in self._table.items for m in item.mentions)
        last = {index: span[1] for span, index in placed}
        for unit in self._silent([start for (start, _), _ in placed]):
            before = placed[: bisect_left(placed, ((unit.start, 0), 0))]
            # What is stated again behind the words that took it back holds again.
            found.update(index for index in self._concerned(unit, before) if last[index] <= unit.start)
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
            says = changes.stale.search(said) or corrected.search(said) or says_change(text, unit, self._language)
            if says or changes.refers.search(said):
                yield unit

    def _concerned(self, unit: Unit, before: Sequence[tuple[tuple[int, int], int]]) -> set[int]:
        """Return what a sentence may be about: what it names, or else what was stated last."""
        text, language = self._query.prompt, self._language
        said = text[unit.start : unit.end]
        if not before:
            return set()
        changes, corrected = language.changes, language.questions.corrected.search(said)
        change = says_change(text, unit, language)
        if not (corrected or change or changes.stale.search(said)):
            return self._replaced(unit, said, before)
        stems = {word.stem for word in words(said, language)}
        items = {index for _, index in before}
        named = {index for index in items if self._named(self._table.items[index], stems)}
        found = {index for index in named if self._owned(self._table.items[index], stems)} or named
        if not found and (change or changes.refers.match(said.lstrip(_OPENING))):
            found = self._last(before)
        if not found and corrected:
            found = items
        return found

    def _replaced(self, unit: Unit, said: str, before: Sequence[tuple[tuple[int, int], int]]) -> set[int]:
        """Return what the sentence before states, if this one has another value of its kind: "They moved her to 9F"."""
        between = self._query.prompt[before[-1][0][1] : unit.start]
        stems = {word.stem for word in words(said, self._language)}
        again = any(self._named(self._table.items[index], stems) for index in self._last(before))
        # "Nobody says that Eva's pin is 4410" was not bound for a reason, and "Her phone is 5550199" says something else.
        if _WORD.search(between) or again or gives_other(said, self._language):
            return set()
        values = [value.strip(_CLOSING) for value in said.split() if any(map(str.isdecimal, value))]
        found = set()
        for index in self._last(before):
            own = self._table.items[index]
            known = {surface.casefold() for surface in own.surfaces}
            others = [value for value in values if value.casefold() not in known]
            if any(alike(value, surface) for value in others for surface in own.surfaces):
                found.add(index)
        return found

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
