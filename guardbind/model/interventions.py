"""Describes what is changed in a forward pass: attention before and after softmax, heads, and whole layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import Tensor

__all__ = [
    "AttentionBias",
    "AttentionWeight",
    "HeadMean",
    "HeadScale",
    "Heads",
    "Intervention",
    "LayerOutput",
    "QueryZero",
]

Heads: TypeAlias = Sequence[tuple[int, int]] | None
"""Heads as layer and number, each from 0; None: every head of every layer."""


@dataclass(frozen=True, slots=True, eq=False)
class AttentionBias:
    """Adds to attention logits, before softmax.

    Attributes:
        columns: Columns of the pass, from 0, what a cache holds and padding included; none: nothing is changed.
        bias: What is added, in nats; minus infinity masks the columns, 0 changes nothing.
        heads: The heads.
        rows: How many of the last tokens of the pass it acts for; 1 is the one whose logits decide the next token.
        batch: The row of the batch; None for all of them.
    """

    columns: Sequence[int]
    bias: float
    heads: Heads = None
    rows: int = 1
    batch: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AttentionWeight:
    """Scales attention weights after softmax; the weights of a token sum to 1 again.

    Attributes:
        columns: As in `AttentionBias`.
        factor: What the weights are multiplied by; 1 changes nothing.
        heads: The heads.
        rows: As in `AttentionBias`.
        batch: As in `AttentionBias`.
        spread: Who gives or takes the difference: `all`, every column in proportion, scaled ones too, or `others`, the
            columns that are not scaled, in proportion, so that the scaled ones keep exactly `factor` of their weight.
    """

    columns: Sequence[int]
    factor: float
    heads: Heads = None
    rows: int = 1
    batch: int | None = None
    spread: Literal["all", "others"] = "all"


@dataclass(frozen=True, slots=True, eq=False)
class QueryZero:
    """Makes attention uniform over what a token sees; this is no ablation, since the head still gives the mean value.

    Attributes:
        heads: The heads.
        rows: As in `AttentionBias`.
    """

    heads: Heads
    rows: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class HeadScale:
    """Multiplies what heads hand to the output projection.

    Attributes:
        heads: The heads.
        factor: 0 takes them away, 1 changes nothing.
        rows: As in `AttentionBias`.
        batch: As in `AttentionBias`.
    """

    heads: Heads
    factor: float
    rows: int = 1
    batch: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class HeadMean:
    """Puts the mean over other prompts in the place of what heads hand to the output projection.

    Attributes:
        heads: The heads.
        means: `[layers, heads, head size]`, the mean of each head.
        rows: As in `AttentionBias`.
        batch: As in `AttentionBias`.
    """

    heads: Heads
    means: Tensor
    rows: int = 1
    batch: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LayerOutput:
    """Puts something else in the place of what a decoder layer hands on.

    Attributes:
        layer: Number of the layer, from 0.
        change: Given what came in and what would go out, both `[batch, rows, hidden]`, returns what goes out.
        rows: As in `AttentionBias`.
    """

    layer: int
    change: Callable[[Tensor, Tensor], Tensor]
    rows: int = 1


Intervention: TypeAlias = AttentionBias | AttentionWeight | QueryZero | HeadScale | HeadMean | LayerOutput
"""Any of them."""
