"""Finds the statements of a prompt that no rule has read: sentences and lines with a value that no binding holds."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, zip_longest

from guardbind.evidence import EvidenceTable
from guardbind.extraction.instructions import unread as unread_instructions
from guardbind.extraction.stance import takes_back
from guardbind.extraction.struck import is_struck
from guardbind.targets.query import Query
from guardbind.targets.turn_layout import TurnLayout
from guardbind.text.language import Language
from guardbind.text.layout import Span, Unit
from guardbind.text.typed_values import TypedValue, typed_values

__all__ = ["UnreadStatement", "UnreadStatements"]

_MOST = 64  # statements of a prompt
_LONGEST = 600  # characters of a statement
_LISTED = re.compile(r"[\s>*_#-]*(?:\d{1,3}[.)])?\s*")  # what an item of a list begins with
_WRAPPED = 40  # characters of a line from which on the next may go on with its sentence


@dataclass(frozen=True, slots=True)
class UnreadStatement:
    """A sentence, a line or a row with values that no binding holds.

    Attributes:
        span: Where it stands in the decoded prompt, in characters.
        values: Its values that no binding holds, in textual order; at least one.
        alone: No rule has read anything of its sentence, and no record covers it. Of one that is not alone, `span` is
            the part that was left over.
    """

    span: Span
    values: tuple[TypedValue, ...]
    alone: bool = True


class UnreadStatements:
    """What a prompt states and no rule has read; looked for when it is first asked for.

    Left out is what is no evidence: what the assistant wrote, the question itself and other questions, requests,
    instructions, forms and examples, and what is denied, supposed, struck through or taken back. What
    others are said to say, or somebody doubts, is still there for a model to read, and kept.

    Args:
        table: What the prompt binds.
        query: What it asks, and who said what.
        most: How many are kept; of more, those nearest to the question.
    """

    def __init__(self, table: EvidenceTable, query: Query, most: int = _MOST) -> None:
        self._table = table
        self._query = query
        self._most = most

    @cached_property
    def every(self) -> tuple[UnreadStatement, ...]:
        """The statements in textual order, read or not read beside another one."""
        found = list(self._found())
        if len(found) > self._most:
            start, end = self._query.span
            found.sort(key=lambda one: max(start - one.span[1], one.span[0] - end))
            found = sorted(found[: self._most], key=lambda one: one.span)
        return tuple(found)

    def _found(self) -> Iterator[UnreadStatement]:
        query, text = self._query, self._query.prompt
        language = query.language
        start, end = query.span
        asked = {value.text.casefold() for value in typed_values(text, start, end)}
        known = self._known | asked
        covered = _Covered({span for item in self._table.items if item.record for span in item.record.spans})
        stated = _Covered({mention.chars for item in self._table.items for mention in item.mentions})
        silent = _Covered({*self._silent(), (start, end)})
        units = _sentences(text, TurnLayout(query).layout.units(0, len(text)))
        for unit, following in zip_longest(units, units[1:]):
            if unit.question or unit.end - unit.start > _LONGEST or silent.touches(unit.start, unit.end):
                continue
            low, high = _stripped(text, unit.start, unit.end)
            values = [one for one in typed_values(text, low, high) if one.text.casefold() not in known]
            if not values:
                continue
            said = text[low:high]
            behind = "" if following is None else text[following.start : following.end]
            if language.changes.stale.search(behind) or language.questions.corrected.search(behind):
                continue
            if is_struck(said) or takes_back(said, language) or _requests(text, low, language):
                continue
            if language.questions.example.search(text, low, values[0].span[0]):
                continue
            if not stated.touches(low, high):
                yield UnreadStatement((low, high), tuple(values), alone=not covered.touches(low, high))
                continue
            for part in stated.left(low, high):
                own = tuple(one for one in values if part[0] <= one.span[0] and one.span[1] <= part[1])
                if own:
                    yield UnreadStatement(_stripped(text, *part), own, alone=False)

    def _silent(self) -> Iterator[Span]:
        """Yield the parts in which nothing is stated: turns of the assistant, what marks turns, and instructions."""
        query = self._query
        reached = 0
        for turn in query.turns:
            if reached < turn.start:
                yield reached, turn.start
            reached = max(reached, turn.end)
            if turn.role == "assistant":
                yield turn.start, turn.end
                continue
            for low, high in unread_instructions(query.prompt[turn.start : turn.end], query.language):
                yield turn.start + low, turn.start + high
        if query.turns and reached < len(query.prompt):
            yield reached, len(query.prompt)

    @cached_property
    def _known(self) -> frozenset[str]:
        """All that the prompt states as a value, a key or a name, and what of it could be a value by itself."""
        items = self._table.items
        names = {name for item in items for name in (*item.surfaces, *item.owners, item.key)}
        names.update(name for item in items if item.record is not None for name in item.record.names)
        within = {value.text for name in names for value in typed_values(name, 0, len(name))}
        return frozenset(name.casefold() for name in names | within)


def _requests(text: str, start: int, language: Language) -> bool:
    """Whether a sentence begins as one that tells what to do; in a list, behind its number."""
    listed = _LISTED.match(text, start)
    begins = start if listed is None else listed.end()
    return language.statements.request.match(text, begins) is not None


class _Covered:
    """Some stretches of a text, which may overlap."""

    def __init__(self, spans: set[Span]) -> None:
        self._spans = sorted(span for span in spans if span[0] < span[1])
        self._starts = [start for start, _ in self._spans]
        self._reach = list(accumulate((end for _, end in self._spans), max))

    def touches(self, start: int, end: int) -> bool:
        """Whether one of them has a character between two places."""
        place = bisect_left(self._starts, end)
        return place > 0 and self._reach[place - 1] > start

    def left(self, start: int, end: int) -> Iterator[Span]:
        """Yield what none of them covers between two places, one of which is touched."""
        last = bisect_left(self._starts, end)
        at, reached = last, start
        while at and self._reach[at - 1] > start:
            at -= 1
        for low, high in self._spans[at:last]:
            if high <= reached:
                continue
            if reached < low:
                yield reached, low
            reached = high
        if reached < end:
            yield reached, end


def _stripped(text: str, start: int, end: int) -> Span:
    said = text[start:end]
    return start + len(said) - len(said.lstrip()), start + len(said.rstrip())


def _sentences(text: str, units: Sequence[Unit]) -> list[Unit]:
    """Put together what of a sentence stands on several lines, where one plainly goes on in the next."""
    found: list[Unit] = []
    for unit in units:
        if found and _goes_on(text, found[-1], unit):
            found[-1] = Unit(found[-1].start, unit.end, unit.question)
        elif text[unit.start : unit.end].strip():
            found.append(unit)
    return found


def _goes_on(text: str, before: Unit, unit: Unit) -> bool:
    if before.end != unit.start or not _WRAPPED <= unit.end - before.start <= _LONGEST:
        return False
    line, further = text[before.start : before.end], text[unit.start : unit.end]
    if not line.endswith(("\n", "\r")) or len(line) < _WRAPPED:
        return False
    last, first = line.rstrip(" \t\r\n")[-1:], further[:1]
    return (last.isalpha() or last == ",") and first.islower()
