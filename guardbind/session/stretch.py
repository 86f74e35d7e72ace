"""Says which tokens of a row ask, and which records stand before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guardbind.nulls.null import TokenRanges
from guardbind.session.bound_prompt import BoundPrompt
from guardbind.session.row import Row
from guardbind.targets import UnreadStatement

__all__ = ["HiddenRecord", "Stretch", "hidden_records", "question_of", "sentence_of"]

# Attention rests on the first token of a text whatever it is; without it everything is unexpected.
_SINK = frozenset({0})
_LONGEST = 192  # tokens that are read; of more, the last ones


@dataclass(frozen=True, slots=True)
class HiddenRecord:
    """A record as it is hidden.

    Attributes:
        id: Tells it from others.
        outer: Id of the record that it stands in, or None.
        items: Indices of its bindings.
        tokens: All that belongs to it.
        statement: A statement that no rule has read; None where it is a record of bindings.
    """

    id: str
    outer: str | None
    items: tuple[int, ...]
    tokens: TokenRanges
    statement: UnreadStatement | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is read again of a row.

    Attributes:
        row: The row.
        ids: Its tokens up to the end of what is read again, without padding.
        asks: Which of them ask.
        records: The records that stand before these.
    """

    row: Row
    ids: tuple[int, ...]
    asks: range
    records: tuple[HiddenRecord, ...]

    def kin(self, place: int) -> frozenset[int]:
        """Return the places of the records that one stands in, or that stand in it."""
        outer = {record.id: record.outer for record in self.records}
        around = _around(self.records[place].id, outer)
        return frozenset(
            at
            for at, record in enumerate(self.records)
            if record.id in around or self.records[place].id in _around(record.id, outer)
        )


def question_of(row: Row, *, unread: bool = False) -> Stretch | None:
    """Return the question of a row's prompt, without the answer that it begins; None where none can be read.

    A record that stands behind it was not read yet when it was, so that it cannot rest on it; then nothing can be told.

    Args:
        row: The row.
        unread: Statements that no rule has read are hidden, too, as records of their own.
    """
    bound = row.bound
    asks = bound.prompt.tokens(*bound.asked)
    return _stretch(row, bound.ids, asks, unread=unread)


def sentence_of(row: Row, begins: int, *, unread: bool = False) -> Stretch | None:
    """Return the answer so far from one of its tokens on; None where it cannot be read.

    Args:
        row: The row.
        begins: Where the sentence begins among the row's tokens.
        unread: See `question_of`.
    """
    return _stretch(row, tuple(row.ids), range(begins, len(row.ids)), unread=unread)


def _stretch(row: Row, ids: tuple[int, ...], asks: range, *, unread: bool) -> Stretch | None:
    asks = range(max(asks.start, asks.stop - _LONGEST, 1), asks.stop)
    records = hidden_records(row.bound)
    if not asks or not records or any(part.stop > asks.start for record in records for part in record.tokens):
        return None
    return Stretch(row, ids, asks, (*records, *_unread_records(row.bound, asks.start)) if unread else records)


def _unread_records(bound: BoundPrompt, end: int) -> list[HiddenRecord]:
    """Return the statements before a token that no rule has read, each as a record of its own."""
    found = []
    for statement in bound.unread_statements:
        if not statement.alone:
            continue
        tokens = bound.prompt.tokens(*statement.span)
        if tokens and tokens.stop <= end:
            ranges = _ranges(sorted(set(tokens) - _SINK))
            found.append(HiddenRecord(f"unread {statement.span[0]}", None, (), ranges, statement))
    return found


def hidden_records(bound: BoundPrompt) -> tuple[HiddenRecord, ...]:
    """Return the records of a prompt with the tokens of all that belongs to them.

    A binding without a record is one of its own, together with the others of its key.

    Args:
        bound: The prompt.
    """
    grouped: dict[str, list[int]] = {}
    for item in bound.table.items:
        if not item.absent:
            grouped.setdefault(f"key {item.key}" if item.record is None else item.record.id, []).append(item.index)
    found = []
    for name, members in grouped.items():
        tokens: set[int] = set()
        outer = None
        for index in members:
            item = bound.table.items[index]
            for mention in item.mentions:
                tokens.update(mention.tokens)
            if item.record is not None:
                outer = item.record.outer
                for span in item.record.spans:
                    tokens.update(bound.prompt.tokens(*span))
        found.append(HiddenRecord(name, outer, tuple(members), _ranges(sorted(tokens - _SINK))))
    return tuple(found)


def _around(name: str, outer: Mapping[str, str | None]) -> set[str]:
    """Return the records that one stands in."""
    found: set[str] = set()
    at = outer.get(name)
    while at is not None and at not in found:
        found.add(at)
        at = outer.get(at)
    return found


def _ranges(places: Sequence[int]) -> TokenRanges:
    """Return sorted places as ranges.

    >>> _ranges([3, 4, 7])
    (range(3, 5), range(7, 8))
    """
    ranges: list[range] = []
    for place in places:
        if ranges and ranges[-1].stop == place:
            ranges[-1] = range(ranges[-1].start, place + 1)
        else:
            ranges.append(range(place, place + 1))
    return tuple(ranges)
