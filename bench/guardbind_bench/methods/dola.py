"""Contrasts the last layer with an earlier one that differs most from it: DoLa."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.combiners import jensen_shannon, pointwise
from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["DOLA", "DolaSettings", "dola"]


class DolaSettings(MethodSettings):
    """The hyper-parameters."""

    half: Literal["low", "high"] = "high"
    """Whether the candidates are every second layer of the lower or of the upper half."""
    theta: float = Field(default=0.1, gt=0, le=1)
    """Share of the largest probability that a token needs."""
    swapped: bool = False
    """Measure the divergence with the arguments of its two halves exchanged, as the authors' code does."""


def dola(layers: Tensor, candidates: list[int], theta: float, *, swapped: bool = False) -> Tensor:
    """Return DoLa's scores.

    Args:
        layers: Log-probabilities of every layer, `[layers, trials, vocabulary]`; the last is the model's own.
        candidates: Earlier layers to choose from.
        theta: Share of the largest probability that a token needs.
        swapped: See `DolaSettings`.
    """
    last = layers[-1]
    measure = _exchanged if swapped else jensen_shannon
    apart = torch.stack([measure(last, layers[layer])[:, 0] for layer in candidates])
    chosen = torch.tensor(candidates, device=last.device)[apart.argmax(0)]
    return pointwise(last, layers[chosen, torch.arange(len(last), device=last.device)], theta)


def _exchanged(first: Tensor, second: Tensor) -> Tensor:
    middle = torch.logaddexp(first, second) - math.log(2)
    halves = [(middle.exp() * (middle - p)).nan_to_num().sum(-1, keepdim=True) for p in (first, second)]
    return torch.stack(halves).mean(0)


@dataclass(frozen=True, slots=True)
class Dola:
    """The method; see `Method`. Early layers are read through the final norm, which the authors leave out."""

    name: str = "dola"
    source: str = "arXiv 2309.03883"
    about: str = "Contrasts with an earlier layer."
    needs: frozenset[Need] = frozenset({"layers"})
    told: Knowledge = "nothing"
    extra_forwards: int = 0
    settings: type[DolaSettings] = DolaSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = (
        {"half": "low"},
        {"swapped": True},
        {"theta": 0.5},
    )

    def scores(self, scene: Scene, settings: DolaSettings) -> Tensor:
        """Choose the earlier layer, and contrast."""
        layers = scene.layers()
        count = len(layers)
        # With tied embeddings the first two repeat their input.
        low = list(range(2, max(3, count // 2), 2))
        high = list(range(max(2, count // 2), max(3, count - 1), 2))
        chosen = [layer for layer in (low if settings.half == "low" else high) if layer < count - 1] or [0]
        return dola(layers, chosen, settings.theta, swapped=settings.swapped)


DOLA = Dola()
