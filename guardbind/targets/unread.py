"""Tells which bindings a sentence contradicts that nothing was read from."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from itertools import accumulate, zip_longest
from typing import NamedTuple

from guardbind.evidence import EvidenceTable, Located
from guardbind.extraction.kinds import alike
from guardbind.extraction.stance import rejects
from guardbind.targets.query import Query
from guardbind.text.layout import Layout
from guardbind.text.words import words

__all__ = ["Unread"]

_CLOSING = ".,;:!?)(\"'\u201c\u201d"
_LONGEST = 400  # characters of a sentence that is looked at


class _Sentence(NamedTuple):
    """A sentence without a statement: its words, and what of it could be a value."""

    stems: frozenset[str]
    values: tuple[str, ...]


class Unread:
    """What a prompt says besides its statements.

    What is read may be a stranger's, and what was not read may be what it contradicts. So where a sentence names whose
    value it is and gives another one of its kind, nobody can tell which holds.

    Args:
        table: What the prompt binds.
        query: What it asks; its sentences give nothing.
    """

    def __init__(self, table: EvidenceTable, query: Query) -> None:
        self._table = table
        self._query = query

    def contradicts(self, item: Located) -> bool:
        """Whether such a sentence gives another value of the kind of a binding's, to the same owner."""
        language = self._query.language
        if item.owners:
            wanted = [frozenset(word.stem for word in words(name, language)) for name in item.owners]
        else:
            wanted = [frozenset(word.stem for word in words(item.attribute or item.key, language) if word.content)]
        own = {surface.casefold() for surface in item.surfaces}
        return any(
            any(want and want <= sentence.stems for want in wanted)
            and any(
                alike(value, surface)
                for value in sentence.values
                if value.casefold() not in own
                for surface in item.surfaces
            )
            for sentence in self._sentences
        )

    def _names(self) -> set[str]:
        """Return all that the prompt states as a value or a name."""
        found = {name for item in self._table.items for name in (*item.surfaces, *item.owners)}
        return found.union(*(item.record.names for item in self._table.items if item.record is not None))

    @cached_property
    def _sentences(self) -> tuple[_Sentence, ...]:
        text, language = self._query.prompt, self._query.language
        start, end = self._query.span
        # A heading belongs to its record, and states nothing besides.
        stated = sorted(
            {mention.chars for item in self._table.items for mention in item.mentions}
            | {span for item in self._table.items if item.record is not None for span in item.record.spans}
        )
        starts = [first for first, _ in stated]
        reach = list(accumulate((last for _, last in stated), max))
        known = {part.strip(_CLOSING).casefold() for name in self._names() for part in (name, *name.split())}
        found = []
        units = Layout(text, language=language).units(0, len(text))
        for unit, following in zip_longest(units, units[1:]):
            said = text[unit.start : unit.end]
            behind = "" if following is None else text[following.start : following.end]
            if language.changes.stale.search(behind) or language.questions.corrected.search(behind):
                continue  # what is taken back at once was left out for that
            if unit.question or start <= unit.start < end or len(said) > _LONGEST or not any(map(str.isdecimal, said)):
                continue
            place = bisect_left(starts, unit.end)
            if place and reach[place - 1] > unit.start:
                continue
            if any(turn.role == "assistant" and turn.start <= unit.start < turn.end for turn in self._query.turns):
                continue
            values = tuple(
                value
                for value in (part.strip(_CLOSING) for part in said.split())
                if any(map(str.isdecimal, value)) and value.casefold() not in known
            )
            if values and not rejects(said, language):
                found.append(_Sentence(frozenset(word.stem for word in words(said, language)), values))
        return tuple(found)
