"""Says which tokens of a row ask, and which records stand before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guardbind.nulls.null import TokenRanges
from guardbind.session.bound_prompt import BoundPrompt
from guardbind.session.row import Row

__all__ = ["Stretch", "hidden_records", "question_of", "sentence_of"]

# Attention rests on the first token of a text whatever it is; without it everything is unexpected.
_SINK = frozenset({0})
_LONGEST = 192  # tokens that are read; of more, the last ones


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is read again of a row.

    Attributes:
        row: The row.
        ids: Its tokens up to the end of what is read again, without padding.
        asks: Which of them ask.
        records: Records that stand before these: the indices of their bindings, and their tokens.
    """

    row: Row
    ids: tuple[int, ...]
    asks: range
    records: tuple[tuple[tuple[int, ...], TokenRanges], ...]


def question_of(row: Row) -> Stretch | None:
    """Return the question of a row's prompt; None where there is none that can be read.

    A record that stands behind it was not read yet when it was, so that it cannot rest on it; then nothing can be told.
    """
    bound = row.bound
    asks = bound.prompt.tokens(*bound.agreement.query.span)
    return _stretch(row, bound.ids, asks)


def sentence_of(row: Row, begins: int) -> Stretch | None:
    """Return the answer so far from one of its tokens on; None where it cannot be read.

    Args:
        row: The row.
        begins: Where the sentence begins among the row's tokens.
    """
    return _stretch(row, tuple(row.ids), range(begins, len(row.ids)))


def _stretch(row: Row, ids: tuple[int, ...], asks: range) -> Stretch | None:
    asks = range(max(asks.start, asks.stop - _LONGEST, 1), asks.stop)
    records = hidden_records(row.bound)
    if not asks or not records or any(part.stop > asks.start for _, parts in records for part in parts):
        return None
    return Stretch(row, ids, asks, records)


def hidden_records(bound: BoundPrompt) -> tuple[tuple[tuple[int, ...], TokenRanges], ...]:
    """Return the records of a prompt: the indices of their bindings, and the tokens of all that belongs to them.

    A binding without a record is one of its own, together with the others of its key.

    Args:
        bound: The prompt.
    """
    grouped: dict[tuple[str, str], list[int]] = {}
    for item in bound.table.items:
        if not item.absent:
            known = ("key", item.key) if item.record is None else ("record", item.record.id)
            grouped.setdefault(known, []).append(item.index)
    found = []
    for members in grouped.values():
        tokens: set[int] = set()
        for index in members:
            item = bound.table.items[index]
            for mention in item.mentions:
                tokens.update(mention.tokens)
            for span in () if item.record is None else item.record.spans:
                tokens.update(bound.prompt.tokens(*span))
        found.append((tuple(members), _ranges(sorted(tokens - _SINK))))
    return tuple(found)


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
