"""Emits from an earlier layer while going down makes the model surer: confident decoding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.combiners import entropy
from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["EARLY_EXIT", "EarlyExitSettings", "surest_layer"]


class EarlyExitSettings(MethodSettings):
    """The hyper-parameters."""

    window: int = Field(default=10, ge=0)
    """How many layers it may go down, at most; 0 is the unguarded model."""


def surest_layer(layers: Tensor, window: int) -> Tensor:
    """Return the layer that is emitted from, `[trials]`: down from the last, as long as the entropy falls strictly.

    Args:
        layers: Log-probabilities of every layer, `[layers, trials, vocabulary]`.
        window: How many layers down, at most.
    """
    entropies = torch.stack([entropy(layer)[:, 0] for layer in layers])
    at = torch.full((layers.shape[1],), len(layers) - 1, device=layers.device)
    moving = torch.ones_like(at, dtype=torch.bool)
    for layer in range(len(layers) - 1, max(0, len(layers) - 1 - window), -1):
        moving &= entropies[layer - 1] < entropies[layer]
        at = torch.where(moving, layer - 1, at)
    return at


@dataclass(frozen=True, slots=True)
class EarlyExit:
    """The method; see `Method`."""

    name: str = "early_exit"
    source: str = "arXiv 2606.21906"
    about: str = "Emits from the layer down to which the entropy falls."
    needs: frozenset[Need] = frozenset({"layers"})
    told: Knowledge = "nothing"
    extra_forwards: int = 0
    settings: type[EarlyExitSettings] = EarlyExitSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ({"window": 1}, {"window": 3}, {"window": 5})

    def scores(self, scene: Scene, settings: EarlyExitSettings) -> Tensor:
        """Find the layer, and emit from it."""
        layers = scene.layers()
        at = surest_layer(layers, settings.window)
        return layers[at, torch.arange(layers.shape[1], device=layers.device)]


EARLY_EXIT = EarlyExit()
