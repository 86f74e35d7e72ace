"""Appends candidates, and reads how the residual turns by each of them."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignedSettings

__all__ = ["ROTATION", "RotationSettings", "angles"]


class RotationSettings(SignedSettings):
    """The hyper-parameters; the published description leaves them open, these are our reading."""

    candidates: int = Field(default=4, ge=2)
    """How many of the likeliest candidates are appended, the emitted token among them."""
    reference: Literal["others", "prompt"] = "others"
    """What a residual's angle is to: the mean of the other candidates', or the residual before anything is appended."""
    late: float = Field(default=0.7, ge=0, lt=1)
    """Share of the depth below which layers are left out."""


def angles(
    residuals: Tensor, prompt: Tensor, reference: Literal["others", "prompt"], kept: Tensor | None = None
) -> Tensor:
    """Return the angle of each candidate's residual, mean over layers `[candidates, trials]`, radians.

    Args:
        residuals: `[candidates, layers, trials, hidden]`.
        prompt: Before any is appended, `[layers, trials, hidden]`.
        reference: What the angle is to.
        kept: Which of them are candidates of a trial, bool `[candidates, trials]`; the angle of the rest is infinite.
            By default all are. Where a trial has but one, it is to itself.
    """
    if kept is None:
        kept = torch.ones(len(residuals), residuals.shape[2], dtype=torch.bool, device=residuals.device)
    if reference == "prompt":
        others = prompt.expand_as(residuals)
    else:
        own = residuals * kept[:, None, :, None]
        # Of one alone there is no other; its own residual stands for theirs.
        beside = (kept.sum(0) - 1)[None, None, :, None]
        others = torch.where(beside > 0, (own.sum(0, keepdim=True) - own) / beside.clamp(min=1), own)
    cosine = torch.nn.functional.cosine_similarity(residuals, others, dim=-1).clamp(-1, 1)
    return torch.arccos(cosine).mean(1).masked_fill(~kept, torch.inf)


def _rotation(reading: SlotReading, settings: RotationSettings) -> Tensor:
    chosen = [_candidates(reading, place, settings.candidates) for place in range(len(reading.trials))]
    # Values of a text have fewer kinds in one trial than in another: the emitted token fills up, and is not counted.
    most = max(map(len, chosen))
    filled = [tokens + tokens[:1] * (most - len(tokens)) for tokens in chosen]
    residuals = torch.stack([reading.after(list(tokens)) for tokens in zip(*filled, strict=True)])
    counts = torch.tensor([len(tokens) for tokens in chosen], device=residuals.device)
    kept = torch.arange(most, device=residuals.device)[:, None] < counts
    first = int(settings.late * residuals.shape[1])
    found = angles(residuals[:, first:], reading.residuals()[first:], settings.reference, kept)
    return settings.sign * (found[0] - found.min(0).values)


def _candidates(reading: SlotReading, place: int, count: int) -> list[int]:
    """Return the emitted token, and the likeliest candidates besides."""
    tokens = torch.tensor([value.token for value in reading.trials[place].candidates])
    order = tokens[reading.plain[place].cpu()[tokens].argsort(descending=True, stable=True)].tolist()
    emitted = int(reading.emitted[place])
    return [emitted, *(token for token in order if token != emitted)][:count]


ROTATION = FormulaSignal(
    "rotation",
    "arXiv 2603.13259, our reading",
    "Angle of the residual behind the emitted value to the mean of those behind others, less the least such angle.",
    frozenset({"layers"}),
    "candidates",
    _rotation,
    extra_forwards=4,
    extra_tokens="last token",
    settings=RotationSettings,
    grid=({"sign": -1}, {"reference": "prompt"}, {"reference": "prompt", "sign": -1}),
)
