"""Compares heads with each other: how alike what they give is, and how differently they spread their attention."""

from __future__ import annotations

import torch
from torch import Tensor

from guardbind_bench.signals.confidence import entropy_of
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignedSettings

__all__ = ["ATTENTION_SPREAD", "HEAD_COSINE", "pairwise_cosine"]


def pairwise_cosine(outputs: Tensor) -> Tensor:
    """Return the mean cosine of different heads `[...]`, given what they give `[..., heads, size]`.

    Example:
        >>> import torch
        >>> float(pairwise_cosine(torch.ones(3, 4)))
        1.0
    """
    unit = torch.nn.functional.normalize(outputs, dim=-1)
    count = outputs.shape[-2]
    if count == 1:
        return torch.ones(outputs.shape[:-2])
    return ((unit @ unit.transpose(-1, -2)).sum((-1, -2)) - count) / (count * (count - 1))


def _cosine(reading: SlotReading, settings: SignedSettings) -> Tensor:
    return settings.sign * pairwise_cosine(reading.seen().heads()).mean(-1)


def _spread(reading: SlotReading, settings: SignedSettings) -> Tensor:
    entropies = entropy_of(reading.attention().clamp(min=1e-30).log())
    return settings.sign * entropies.flatten(1).std(-1, correction=0)


_GRID = ({"sign": -1},)
HEAD_COSINE = FormulaSignal(
    "head_cosine",
    "floor",
    "Mean cosine of what the heads of a layer give.",
    frozenset({"head_outputs"}),
    "nothing",
    _cosine,
    extra_forwards=1,
    extra_tokens="last token",
    settings=SignedSettings,
    grid=_GRID,
)
ATTENTION_SPREAD = FormulaSignal(
    "attention_spread",
    "floor",
    "Standard deviation of the heads' attention entropies.",
    frozenset({"attention"}),
    "nothing",
    _spread,
    extra_forwards=1,
    extra_tokens="last token",
    settings=SignedSettings,
    grid=_GRID,
)
