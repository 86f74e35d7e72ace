"""Mixes in a pointer to the value of the most attended statement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.combiners import entropy
from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["SOFT_POINTER", "SoftPointerSettings", "mixed"]


class SoftPointerSettings(MethodSettings):
    """The hyper-parameters."""

    kind: Literal["retrieval", "attending", "difference"] = "retrieval"
    """Whose attention points: heads of this list. The authors train a detector in its place."""
    heads: int = Field(default=14, ge=1)
    """How many."""
    alpha: float = Field(default=2.0, ge=0)
    """Weight of the pointer; 2 for base models, 4 for chat models."""
    random: bool = False
    """As many other heads of the same layers: the control."""


def mixed(logprobs: Tensor, pointer: Tensor, alpha: float) -> Tensor:
    """Return log(p1 + alpha * H(p1) / ln(vocabulary) * pointer), `[trials, vocabulary]`: the surer, the less it counts.

    Args:
        logprobs: log p1 `[trials, vocabulary]`, nats.
        pointer: A distribution over tokens, likewise.
        alpha: Weight.
    """
    return (logprobs.exp() + alpha * entropy(logprobs) / math.log(logprobs.shape[-1]) * pointer).log()


@dataclass(frozen=True, slots=True)
class SoftPointer:
    """The method; see `Method`."""

    name: str = "soft_pointer"
    source: str = "arXiv 2501.01059"
    about: str = "Points to the value of the most attended statement; head lists in the place of a trained detector."
    needs: frozenset[Need] = frozenset({"attention", "head_lists"})
    told: Knowledge = "bindings"
    extra_forwards: int = 1
    settings: type[SoftPointerSettings] = SoftPointerSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = (
        {"alpha": 100.0},
        {"kind": "attending", "heads": 16, "alpha": 100.0},
        {"kind": "difference", "heads": 16, "alpha": 100.0},
    )

    def scores(self, scene: Scene, settings: SoftPointerSettings) -> Tensor:
        """Sum the attention to each statement, and mix."""
        attention = scene.once("attention", lambda: scene.row(reads=True)[1].attention())
        heads = scene.heads.best(settings.kind, settings.heads, random=settings.random)
        layers, numbers = (torch.tensor(part) for part in zip(*heads, strict=True))
        pointer = torch.zeros_like(scene.plain)
        for place, trial in enumerate(scene.trials):
            weights = attention[place, layers, numbers].sum(0)
            for bound in trial.bound:
                pointer[place, bound.value.token] += weights[list(bound.statement)].sum()
        pointer = pointer / pointer.sum(-1, keepdim=True).clamp(min=1e-20)
        return mixed(torch.log_softmax(scene.plain, -1), pointer, settings.alpha)


SOFT_POINTER = SoftPointer()
