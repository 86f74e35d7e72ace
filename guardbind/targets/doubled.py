"""Tells whether several values of one key are those of several lists that say the same things, and no history."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from guardbind.evidence import EvidenceTable, Located
from guardbind.targets.aliases import Stems, attribute_stems
from guardbind.targets.query import Query
from guardbind.targets.stale import Doubts
from guardbind.text.layout import Span
from guardbind.text.words import words

__all__ = ["DoubledLists"]

_MOST = 64  # lines between two statements that are looked at
_WORDS = 8  # of a heading
_ENDS = (".", "!", "?", ",", ";", "\u3002", "\uff01", "\uff1f")
_COLONS = (":", "\uff1a")
_MARKS = "#*_=~-\u2013\u2014 \t"


class DoubledLists:
    """Lists that say the same things, for two farms, two days, before and after: neither is the newer one.

    Args:
        table: What the prompt binds.
        query: What it asks; it knows the turns.
        doubts: What the prompt says about its own statements.
    """

    def __init__(self, table: EvidenceTable, query: Query, doubts: Doubts) -> None:
        self._table = table
        self._query = query
        self._doubts = doubts

    def hold(self, history: Sequence[Located]) -> bool:
        """Whether the last of several values stands in another list than one before it, and nothing says it is newer.

        That is where the same is told again of somebody else too, or where a heading stands between the two values.
        What a later turn says again is a change of mind.
        """
        again = self._again(history)
        if again is None:
            return False
        attribute = attribute_stems(history[-1].attribute or history[-1].key, self._query.language)
        others = self._restated.get(attribute, set()) - {_key(history[-1])}
        headings = self._headings(*again)
        if headings and self._of_change(headings[-1]):
            return False
        return bool(others or headings)

    def _again(self, history: Sequence[Located]) -> Span | None:
        """Return what stands between the last value and an other one before it, if one turn states both plainly."""
        last = history[-1]
        if len(history) < 2 or not last.mentions or self._doubts.says_newer(last):
            return None
        start = last.mentions[-1].chars[0]
        turn = max((turn.start for turn in self._query.turns if turn.start <= start), default=0)
        before = [
            mention.chars[1]
            for item in history[:-1]
            if item.value != last.value
            for mention in item.mentions
            if turn <= mention.chars[0] and mention.chars[1] <= start
        ]
        return (max(before), start) if before else None

    @cached_property
    def _restated(self) -> Mapping[Stems, set[tuple[str | None, str]]]:
        """Keys that are stated again with another value, by their attribute."""
        found: defaultdict[tuple[str | None, str], list[Located]] = defaultdict(list)
        for item in self._table.items:
            if item.value is not None:
                found[_key(item)].append(item)
        restated: defaultdict[Stems, set[tuple[str | None, str]]] = defaultdict(set)
        for key, items in found.items():
            if len(items) > 1 and self._again(items) is not None:
                stems = attribute_stems(items[-1].attribute or items[-1].key, self._query.language)
                restated[stems].add(key)
        return restated

    def _headings(self, start: int, end: int) -> list[str]:
        """Return the lines of a stretch that state nothing and are no sentences."""
        text = self._query.prompt
        lines = text[start:end].split("\n")[1:-1][-_MOST:]
        at = start + text[start:end].find("\n") + 1
        above = "x"
        found: list[str] = []
        for line in lines:
            said = line.strip()
            label = said.endswith(_COLONS) or said[:1] in ("#", "*", "=") or not above
            named = said.strip(_MARKS).rstrip("".join(_COLONS)).strip(_MARKS)
            short = bool(named) and len(named.split()) <= _WORDS and not said.endswith(_ENDS)
            if label and short and not self._states(at, at + len(line)):
                found.append(named)
            above = said
            at += len(line) + 1
        return found

    def _states(self, start: int, end: int) -> bool:
        place = bisect_left(self._starts, end)
        return place > 0 and any(high > start for _, high in self._stated[max(0, place - 16) : place])

    def _of_change(self, said: str) -> bool:
        language = self._query.language
        stems = {word.stem for word in words(said, language)}
        label = said.split(":")[0].strip().casefold() in language.forms.labels
        cue = language.changes.cue.match(f"{said.split()[0]}:") is not None  # "New list"
        return label or cue or not stems.isdisjoint(language.latest)

    @cached_property
    def _stated(self) -> list[Span]:
        return sorted({mention.chars for item in self._table.items for mention in item.mentions})

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self._stated]


def _key(item: Located) -> tuple[str | None, str]:
    return (None if item.record is None else item.record.id, item.key)
