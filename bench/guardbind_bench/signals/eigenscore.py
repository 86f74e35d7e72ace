"""Draws answers, and reads how far apart their inner states lie: EigenScore."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignedSettings

__all__ = ["EIGENSCORE", "EigenScoreSettings", "eigenscore"]


class EigenScoreSettings(SignedSettings):
    """The hyper-parameters."""

    samples: int = Field(default=10, ge=2)
    """How many answers are drawn."""
    temperature: float = Field(default=0.5, gt=0)
    """Of the softmax that they are drawn from."""
    ridge: float = Field(default=1e-3, gt=0)
    """Added to the diagonal of the covariance."""


def eigenscore(states: Tensor, ridge: float) -> Tensor:
    """Return the mean log10 of the singular values of cov + ridge, as the authors' code has it.

    Args:
        states: One row per sample `[..., samples, hidden]`; each is centred over its own features.
        ridge: Added to the diagonal.

    Example:
        >>> import torch
        >>> round(float(eigenscore(torch.ones(4, 8), 1e-3)), 4)  # nothing is left of constant rows
        -3.0
    """
    centred = (states - states.mean(-1, keepdim=True)).double()
    covariance = centred @ centred.transpose(-1, -2) / (states.shape[-1] - 1)
    singular: Tensor = torch.linalg.svdvals(covariance + ridge * torch.eye(states.shape[-2]).double())
    return singular.log10().mean(-1).float()


def _eigenscore(reading: SlotReading, settings: EigenScoreSettings) -> Tensor:
    drawn = reading.drawn(settings.samples, settings.temperature)
    distinct = [row.unique().tolist() for row in drawn]
    found: list[dict[int, Tensor]] = [{} for _ in distinct]
    for rank in range(max(map(len, distinct))):
        tokens = [row[min(rank, len(row) - 1)] for row in distinct]
        residuals = reading.after(tokens)
        middle = residuals[len(residuals) // 2]
        for place, token in enumerate(tokens):
            found[place][token] = middle[place].cpu()
    states = [torch.stack([found[i][int(token)] for token in row]) for i, row in enumerate(drawn)]
    return settings.sign * eigenscore(torch.stack(states), settings.ridge)


EIGENSCORE = FormulaSignal(
    "eigenscore",
    "arXiv 2402.03744",
    "Spread of the inner states behind 10 drawn answers.",
    frozenset({"layers", "samples"}),
    "nothing",
    _eigenscore,
    extra_forwards=10,
    extra_tokens="last token",
    settings=EigenScoreSettings,
    grid=({"sign": -1},),
)
