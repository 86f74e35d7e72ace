"""Reads what the question of a prompt rests on: hides one record at a time while its tokens are read again."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.errors import NullUnavailableError
from guardbind.model.tail import Tail
from guardbind.nulls.null import NullRow
from guardbind.session.stretch import Stretch
from guardbind.targets import AskedRecord, QuestionBits

__all__ = ["QuestionReader", "Reread"]

logger = logging.getLogger("guardbind")

Reread = Callable[..., tuple[tuple[Tensor, ...], int]]
"""What a null may have to read a stretch again; see `MaskedTail.reread`."""

_MOST_HIDDEN = 16  # records, or groups of them, that are hidden in one forward
_KEPT_GROUPS = 3  # of these, the ones that are looked into


class QuestionReader:
    """Reads the questions of a generation, those of all rows together.

    Args:
        config: The guard's settings.
        reread: Reads a stretch again under masked columns; None where the null of the model cannot.
    """

    def __init__(self, config: GuardConfig, reread: Reread | None) -> None:
        self._config = config
        self._reread = reread

    def read(self, tail: Tail, stretches: Sequence[Stretch], columns: int) -> list[QuestionBits | None]:
        """Return what each stretch rests on; None where that cannot be read.

        Records are hidden in groups where there are many, and the groups that matter are parted until each record of
        them was hidden alone.

        Args:
            tail: The interrupted generation.
            stretches: What is read again, at most one stretch per row; all of them end in the same column.
            columns: That column, padding included.
        """
        if self._reread is None or not stretches:
            return [None] * len(stretches)
        searches = [_Search(stretch) for stretch in stretches]
        while pending := [search for search in searches if search.groups]:
            again = max(search.again for search in pending)
            rows = [search.null_row() for search in pending]
            try:
                read, _ = self._reread(tail, rows, columns=columns, again=again)
            except NullUnavailableError as error:
                logger.warning("what a question rests on cannot be read: %s", error)
                self._reread = None
                return [None] * len(stretches)
            for search, logprobs in zip(pending, read, strict=True):
                search.take(logprobs)
        return [search.result(self._config) for search in searches]


class _Bits(NamedTuple):
    """Bits of a record, or of a group of them: of all tokens that ask, and the most that one of them has."""

    total: float
    token: float


class _Search:
    """Finds the record that a stretch rests on, from groups to single ones."""

    def __init__(self, stretch: Stretch) -> None:
        self._stretch = stretch
        self._alone: dict[int, _Bits] = {}  # of records that were hidden alone
        self._left: list[_Bits] = []  # of groups that were not looked into
        self.groups = _parted(range(len(stretch.records)))

    @property
    def again(self) -> int:
        """Tokens to read again: those that ask, the one before them, and what follows up to the end."""
        stretch = self._stretch
        return min(len(stretch.ids), len(stretch.ids) - stretch.asks.start + 1)

    def null_row(self) -> NullRow:
        stretch = self._stretch
        hidden = tuple(tuple(part for at in group for part in stretch.records[at].tokens) for group in self.groups)
        return NullRow(stretch.row.index, stretch.ids, stretch.row.bound.pad, hidden, hidden, ())

    def take(self, logprobs: Tensor) -> None:
        """Take note of `[1 + groups, tokens]`, nats, and say what is to be hidden next."""
        stretch = self._stretch
        first = logprobs.shape[1] - (len(stretch.ids) - stretch.asks.start)
        asked = logprobs[:, max(0, first) : first + len(stretch.asks)].double()
        lost = (asked[0] - asked[1:]) / math.log(2)
        bits = [_Bits(*pair) for pair in zip(lost.sum(-1).tolist(), lost.amax(-1).tolist(), strict=True)]
        found = list(zip(bits, self.groups, strict=True))
        self._alone.update({group[0]: value for value, group in found if len(group) == 1})
        several = [pair for pair in found if len(pair[1]) > 1]
        by_total = sorted(several, key=lambda pair: -pair[0].total)
        by_token = sorted(several, key=lambda pair: -pair[0].token)
        within = list(dict.fromkeys(group for pair in (by_total[:2], by_token[:1], by_total[2:3]) for _, group in pair))
        within = within[:_KEPT_GROUPS]
        self._left += [value for value, group in several if group not in within]
        self.groups = [part for group in within for part in _parted(group, _MOST_HIDDEN // len(within))]

    def result(self, config: GuardConfig) -> QuestionBits | None:
        if not self._alone:
            return None
        ranked = sorted(self._alone, key=lambda at: -self._alone[at].total)
        best = self._alone[ranked[0]]
        # What stands in the record, or around it, is no rival of it.
        kin = self._stretch.kin(ranked[0])
        others = [*(self._alone[at] for at in ranked[1:] if at not in kin), *self._left]
        lead = best.total - max((other.total for other in others), default=0.0)
        token_lead = best.token - max((other.token for other in others), default=0.0)
        clear = (
            best.total >= config.min_question_bits
            and lead >= config.min_question_lead
            and token_lead >= config.min_token_lead
        )
        return QuestionBits(AskedRecord(self._stretch.records[ranked[0]].items, best.total), lead, token_lead, clear)


def _parted(records: Sequence[int], parts: int = _MOST_HIDDEN) -> list[tuple[int, ...]]:
    """Cut records into at most so many groups of neighbours, as even as can be."""
    count = min(parts, len(records))
    return [tuple(records[i * len(records) // count : (i + 1) * len(records) // count]) for i in range(count)]
