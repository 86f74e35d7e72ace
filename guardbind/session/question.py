"""Reads what the question of a prompt rests on: hides one record at a time while its tokens are read again."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.errors import NullUnavailableError
from guardbind.model.tail import Tail
from guardbind.nulls.null import NullRow
from guardbind.session.stretch import Stretch
from guardbind.targets import AskedRecord, QuestionBits

__all__ = ["QuestionReader", "QuestionSearch", "Reread"]

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
        searches = [QuestionSearch(stretch) for stretch in stretches]
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


class QuestionSearch:
    """Finds the record that a stretch rests on, from groups to single ones.

    Args:
        stretch: What is read again.

    Attributes:
        groups: Places of the records that are to be hidden next, those of a group together; empty when all is known.
    """

    def __init__(self, stretch: Stretch) -> None:
        self._stretch = stretch
        self._alone: dict[int, Tensor] = {}  # bits of each token, of records that were hidden alone
        self._left: list[Tensor] = []  # the same of groups that were not looked into
        self.groups = _parted(range(len(stretch.records)))

    @property
    def again(self) -> int:
        """Tokens to read again: those that ask, the one before them, and what follows up to the end."""
        stretch = self._stretch
        return min(len(stretch.ids), len(stretch.ids) - stretch.asks.start + 1)

    def null_row(self) -> NullRow:
        """Return what the groups are hidden by in one forward."""
        stretch = self._stretch
        hidden = tuple(tuple(part for at in group for part in stretch.records[at].tokens) for group in self.groups)
        return NullRow(stretch.row.index, stretch.ids, stretch.row.bound.pad, hidden, hidden, ())

    def take(self, logprobs: Tensor) -> None:
        """Take note of `[1 + groups, tokens]`, nats, and say what is to be hidden next."""
        stretch = self._stretch
        first = logprobs.shape[1] - (len(stretch.ids) - stretch.asks.start)
        asked = logprobs[:, max(0, first) : first + len(stretch.asks)].double()
        self.note((asked[0] - asked[1:]) / math.log(2))

    def note(self, bits: Tensor) -> None:
        """Take note of what hiding each group costs the tokens that ask, and say what is to be hidden next.

        Args:
            bits: `[groups, tokens]`.
        """
        found = list(zip(bits, self.groups, strict=True))
        self._alone.update({group[0]: of_tokens for of_tokens, group in found if len(group) == 1})
        several = [(of_tokens, group) for of_tokens, group in found if len(group) > 1]
        within = _most_telling(several)
        self._left += [of_tokens for of_tokens, group in several if group not in within]
        self.groups = [part for group in within for part in _parted(group, _MOST_HIDDEN // len(within))]

    def _rivals(self, alone: Sequence[int], count: int) -> Tensor:
        """Return `[records, records]`: what stands in a record, or around it, is no rival of it."""
        rivals = ~torch.eye(count, dtype=torch.bool)
        for at, place in enumerate(alone):
            kin = self._stretch.kin(place)
            rivals[at, [other for other, its in enumerate(alone) if its in kin]] = False
        return rivals

    def result(self, config: GuardConfig) -> QuestionBits | None:
        """Return what the stretch rests on.

        By its sum alone a record could win with what many tokens lose a little by whichever record is hidden. So each
        token counts for the record whose loss it feels most, with what it loses more than for any other.
        """
        if not self._alone:
            return None
        alone = list(self._alone)
        bits = torch.stack([*self._alone.values(), *self._left])
        rivals = self._rivals(alone, len(bits))
        score, largest = _margins(bits, rivals)
        best = int(score[: len(alone)].argmax())
        lead, token_lead = (
            float(of[best] - of[rivals[best]].amax()) if rivals[best].any() else float(of[best])
            for of in (score, largest)
        )
        leads = lead >= config.min_agreeing_lead
        clear = lead >= config.min_question_lead and token_lead >= config.min_token_lead
        record = self._stretch.records[alone[best]]
        asked = AskedRecord(record.items, float(bits[best].sum()), record.statement)
        return QuestionBits(asked, lead, token_lead, clear, leads)


def _margins(bits: Tensor, rivals: Tensor) -> tuple[Tensor, Tensor]:
    """Return what each record has more than every rival of it, over the tokens where it has more.

    Args:
        bits: `[records, tokens]`.
        rivals: `[records, records]`, whether the second is a rival of the first.

    Returns:
        The sum over these tokens, and the largest of them; each `[records]`.
    """
    others = torch.where(rivals[:, :, None], bits[None], -torch.inf).amax(1)
    ahead = (bits - others.clamp(min=0)).clamp(min=0)
    return ahead.sum(-1), ahead.amax(-1)


def _most_telling(groups: Sequence[tuple[Tensor, tuple[int, ...]]]) -> list[tuple[int, ...]]:
    """Return the few groups that hold the record that is asked for, whichever way it stands out."""
    if not groups:
        return []
    bits = torch.stack([of_tokens for of_tokens, _ in groups])
    orders = [
        of.argsort(descending=True).tolist()
        for of in (*_margins(bits, ~torch.eye(len(bits), dtype=torch.bool)), bits.sum(-1))
    ]
    ranked = dict.fromkeys(at for together in zip(*orders, strict=True) for at in together)
    return [groups[at][1] for at in list(ranked)[:_KEPT_GROUPS]]


def _parted(records: Sequence[int], parts: int = _MOST_HIDDEN) -> list[tuple[int, ...]]:
    """Cut records into at most so many groups of neighbours, as even as can be."""
    count = min(parts, len(records))
    return [tuple(records[i * len(records) // count : (i + 1) * len(records) // count]) for i in range(count)]
