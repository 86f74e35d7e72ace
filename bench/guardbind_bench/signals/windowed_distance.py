"""Reads how far back local heads look, within a window: windowed average attention distance."""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignedSettings

__all__ = ["WINDOWED_DISTANCE", "DistanceSettings", "windowed_distance"]


class DistanceSettings(SignedSettings):
    """The hyper-parameters."""

    local: float = Field(default=0.3, gt=0, le=1)
    """Share of the heads that are local: those that look back least."""
    window: int = Field(default=10, ge=1)
    """Distances above it count as it."""


def windowed_distance(attention: Tensor, local: float, window: int) -> Tensor:
    """Return the mean distance that local heads look back, in tokens, none counted as more than a window.

    Args:
        attention: Of the last token, `[heads, columns]`.
        local: Share of the heads that are local, by their own mean distance.
        window: The window.

    Example:
        >>> import torch
        >>> from guardbind_bench.signals.windowed_distance import windowed_distance
        >>> near, far = [0.0, 0.0, 0.5, 0.5], [1.0, 0.0, 0.0, 0.0]
        >>> float(windowed_distance(torch.tensor([near, far]), 0.5, 10))
        0.5
    """
    back = torch.arange(attention.shape[-1] - 1, -1, -1, device=attention.device).float()
    nearest = (attention @ back).argsort(stable=True)[: max(1, math.ceil(local * len(attention)))]
    return attention[nearest].mean(0) @ back.clamp(max=window)


def _distance(reading: SlotReading, settings: DistanceSettings) -> Tensor:
    found = [windowed_distance(one.flatten(0, 1), settings.local, settings.window) for one in reading.attention()]
    return settings.sign * torch.stack(found)


WINDOWED_DISTANCE = FormulaSignal(
    "windowed_distance",
    "arXiv 2510.13554",
    "How far back local heads look; the authors take it for a trigger, and local heads of this token stand for theirs.",
    frozenset({"attention"}),
    "nothing",
    _distance,
    extra_forwards=1,
    extra_tokens="last token",
    settings=DistanceSettings,
    grid=({"sign": -1}, {"window": 40}, {"sign": -1, "window": 40}),
)
