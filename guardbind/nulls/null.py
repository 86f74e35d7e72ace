"""Defines nulls: what one is given, what it returns, and what may stand in for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from guardbind.model.tail import Tail

__all__ = ["Null", "NullReading", "NullRow", "SpanBias", "TokenRanges"]

TokenRanges = tuple[range, ...]
"""Token ranges of one piece of evidence: everything that is taken away together."""


@dataclass(frozen=True, slots=True)
class SpanBias:
    """What is added to the attention that the last token pays to some tokens.

    Attributes:
        tokens: The tokens that are attended to more.
        nats: What is added to their attention logits; above 0.
        layers: The layers, from 0; None: all of them.
    """

    tokens: TokenRanges
    nats: float
    layers: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class NullRow:
    """One row of the batch at a slot.

    Attributes:
        row: Its place in the batch, and so in the live cache.
        ids: Token ids so far, prompt and answer, without padding.
        pad: Columns of left padding; token `i` stands in column `pad + i`.
        statements: For each null of this row, the tokens of the whole statements that are taken away.
        values: The same, the tokens of the values only.
        everything: The statements of every piece of evidence of the row, measured or not.
        bias: With what bias the last token is read once more, beside the nulls; the same layers for all rows.
    """

    row: int
    ids: tuple[int, ...]
    pad: int
    statements: tuple[TokenRanges, ...]
    values: tuple[TokenRanges, ...]
    everything: TokenRanges
    bias: SpanBias | None = None


@dataclass(frozen=True, slots=True)
class NullReading:
    """What the nulls of some rows gave.

    Attributes:
        logits: For each row, raw fp32 logits `[nulls, vocabulary]`.
        plain: For each row, the replica with nothing taken away `[vocabulary]`, which must equal the main pass; None
            when it was not asked for.
        forwards: Forward passes that were run.
        cost: What they cost, in words.
        biased: For each row, the last token read under the row's bias, `[1, vocabulary]`; with `plain` there are two
            lines, the second with every other column weakened instead, which must be the same. None where no row has a
            bias, or the null cannot read one.
    """

    logits: tuple[Tensor, ...]
    plain: tuple[Tensor, ...] | None
    forwards: int
    cost: str
    biased: tuple[Tensor, ...] | None = None


class Null(Protocol):
    """A way to take evidence away; registered in `NULLS`.

    A null that masks columns may also have `reread` (see `MaskedTail`), by which what a question rests on is read.

    Attributes:
        name: The registered name.
        stand_ins: Names of the nulls to use where this one is not available, the best first. A null may lack it; then
            nothing stands in for it.

    A null may have `biases`, True where it reads what a `NullRow.bias` asks for.

    Two more it may have, which are read when a guard is attached (`guardbind.nulls.trial`): `last_resorts`, names of
    nulls that are used where neither it nor any stand-in can be; and `keeps_positions`, True where it promises that
    the tokens behind the evidence stay where they are.
    """

    name: str
    stand_ins: tuple[str, ...]

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        """Read every null of every row.

        Args:
            tail: The interrupted generation; nothing of it is changed.
            rows: The rows at a slot.
            plain: Also read the replica with nothing taken away.

        Raises:
            NullUnavailableError: It cannot be read on this model or cache.
        """
        ...
