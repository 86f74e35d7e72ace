"""Tells which bindings a prompt takes back by what it says of the list that they stand in, or of their owner."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from guardbind.evidence import EvidenceTable, Located
from guardbind.targets.query import Query
from guardbind.targets.turn_layout import TurnLayout
from guardbind.text.layout import Span
from guardbind.text.words import words

__all__ = ["DisownedStatements"]

_LINES = 60  # lines above a statement in which a label may stand
_LABEL = 12  # words of a label that stands alone
_LONGEST = 400  # characters of a sentence or a label that is looked at
_HEADING = re.compile(r"\s*(?:#{1,6}\s|\*\*|__|<h\d)")
_CELLS = re.compile(r"[|;\t,]")
_MARKED = re.compile(r"\s*(?:#|//|--|;|[(\[*])")  # what a comment or a remark begins with
_MARK = 6  # words of one
_COLONS = (":", "\uff1a", ":**", "\uff1a**")


class _Note(NamedTuple):
    """A sentence that nothing was read from: what it says, its words, and where it stands."""

    said: str
    stems: frozenset[str]
    span: Span


class DisownedStatements:
    """What is said of statements as a whole, and of owners whose values changed.

    "Draft, do not use:", "The numbers above are invented.", "Ann and Bob swapped rooms." Nobody can tell from such
    words what holds instead; so what they speak of is no target. Where the question itself asks for it ("... in last
    year's plan?") it is.

    Args:
        table: What the prompt binds.
        query: What it asks.
        turns: The layout of the prompt.
    """

    def __init__(self, table: EvidenceTable, query: Query, turns: TurnLayout) -> None:
        self._turns = turns
        self._table = table
        self._query = query
        self._words = query.language.disowning

    def takes_back(self, item: Located) -> bool:
        """Whether every place that states a binding is taken back, or its owner's values changed in a way not told."""
        places = [mention.chars[0] for mention in item.mentions]
        if not places:
            return False
        if all(self._labelled(place, item) or self._noted(place) for place in places):
            return True
        return any(self._reshuffles(note, item) for note in self._notes)

    def _labelled(self, place: int, item: Located) -> bool:
        """Whether the nearest label above a place says that what follows it does not hold."""
        line = bisect_right(self._starts, place) - 1
        for above in range(line - 1, max(-1, line - _LINES), -1):
            said = self._line(above)
            if not said.strip():
                return self._alone(above, item)
            if above in self._bound_lines:
                continue
            first = above == 0 or not self._line(above - 1).strip()
            if first or said.rstrip().endswith(_COLONS) or _HEADING.match(said):
                return self._void(said, item)
            if _MARKED.match(said) and len(said.split()) <= _MARK and self._void(said, item):
                return True
        return False

    def _alone(self, blank: int, item: Located) -> bool:
        """Whether the line before a blank one stands alone, as a label of what follows it, and takes that back."""
        above = blank - 1
        while above >= 0 and not self._line(above).strip():
            above -= 1
        if above < 0 or above in self._bound_lines or (above and self._line(above - 1).strip()):
            return False
        said = self._line(above)
        return len(said.split()) <= _LABEL and self._void(said, item)

    def _void(self, said: str, item: Located) -> bool:
        """Whether a label says that what it is of does not hold, or is an older one of what is asked for."""
        return self._says(self._words.labels, said) or self._older(said, item)

    def _older(self, said: str, item: Located) -> bool:
        """Whether a label names the attribute of a binding as a former one: "former stalls"."""
        language = self._query.language
        if _CELLS.search(said):
            return False  # a row of headings
        found = words(said, language)
        asked = frozenset(word.stem for word in words(item.attribute or item.key, language) if word.content)
        older = language.stems(self._words.older)
        pairs = [(one, other) for one, other in pairwise(found) if {one.stem, other.stem} & older]
        named = any(asked & {one.stem, other.stem} for one, other in pairs)
        return named and not any(word.stem in older for word in words(self._query.text, language))

    def _noted(self, place: int) -> bool:
        """Whether a sentence takes back all that stands before it, or behind it where it says so."""
        for note in self._notes:
            if self._words.unchanged.search(note.said):
                continue
            about = self._says(self._words.about, note.said) and not self._words.affirmed.search(note.said)
            if about or self._says(self._words.notes, note.said):
                below = self._words.below.search(note.said) is not None
                if (note.span[0] < place) if below else (place < note.span[0]):
                    return True
        return False

    def _reshuffles(self, note: _Note, item: Located) -> bool:
        language = self._query.language
        if not self._says(self._words.reshuffled, note.said) or self._words.unchanged.search(note.said):
            return False
        if any(self._names(note, name) for name in item.owners):
            return True
        asked = frozenset(word.stem for word in words(item.attribute or item.key, language) if word.content)
        others = self._owners.difference(item.owners)
        return bool(asked) and asked <= note.stems and not any(self._names(note, name) for name in others)

    def _names(self, note: _Note, name: str) -> bool:
        language = self._query.language
        if not language.marks.spaced:
            return name in note.said
        stems = frozenset(word.stem for word in words(name, language))
        return bool(stems) and stems <= note.stems

    def _says(self, pattern: re.Pattern[str], said: str) -> bool:
        """Whether a line says so in words that the question does not have."""
        if len(said) > _LONGEST:
            return False
        asked = self._query.text.casefold()
        return any(found.group().casefold() not in asked for found in pattern.finditer(said))

    def _line(self, index: int) -> str:
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._query.prompt)
        return self._query.prompt[self._starts[index] : end]

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(r"\n", self._query.prompt))]

    @cached_property
    def _stated(self) -> list[Span]:
        return sorted({mention.chars for item in self._table.items for mention in item.mentions})

    @cached_property
    def _bound_lines(self) -> frozenset[int]:
        return frozenset(
            line
            for first, last in self._stated
            for line in range(bisect_right(self._starts, first) - 1, bisect_left(self._starts, max(last, first + 1)))
        )

    @cached_property
    def _owners(self) -> frozenset[str]:
        return frozenset(name for item in self._table.items for name in item.owners if len(name) > 1)

    @cached_property
    def _notes(self) -> tuple[_Note, ...]:
        text, language = self._query.prompt, self._query.language
        start, end = self._query.span
        firsts = [first for first, _ in self._stated]
        found = []
        for unit in self._turns.layout.units(0, len(text)):
            said = text[unit.start : unit.end]
            if unit.question or start <= unit.start < end or len(said) > _LONGEST:
                continue
            if any(turn.role == "assistant" and turn.start <= unit.start < turn.end for turn in self._query.turns):
                continue
            place = bisect_left(firsts, unit.end)
            if place and self._stated[place - 1][1] > unit.start:
                continue
            patterns = (self._words.notes, self._words.about, self._words.reshuffled)
            if not any(pattern.search(said) for pattern in patterns):
                continue
            stems = frozenset(word.stem for word in words(said, language))
            found.append(_Note(said, stems, (unit.start, unit.end)))
        return tuple(found)
