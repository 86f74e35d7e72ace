"""Boosts the columns that heads which attend to evidence looked at over the last tokens: DySCO."""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor

from guardbind.model.interventions import AttentionBias, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["DYSCO", "DyscoSettings", "gathered", "heaviest"]


class DyscoSettings(MethodSettings):
    """The hyper-parameters."""

    gamma: float = Field(default=2.0, gt=0)
    """What the weight of the chosen columns and of the last token's own is multiplied by; 1 is the unguarded model."""
    heads: int = Field(default=16, ge=1)
    """How many heads choose: those that attend to asked statements on other trials."""
    mass: float = Field(default=0.975, gt=0, le=1)
    """Share of the importance that is chosen."""
    most: int = Field(default=4096, ge=1)
    """Columns that are chosen, at most."""
    memory: float = Field(default=0.75, ge=0)
    """How much of the importance is kept from one token to the next."""
    tokens: int = Field(default=8, ge=1)
    """How many of the last tokens it is gathered over; of the question's, at most."""
    random: bool = False
    """As many other heads of the same layers choose: the control."""


def gathered(weights: Tensor, memory: float) -> Tensor:
    """Return how important columns are `[columns]`, summing to 1.

    Args:
        weights: Mean attention of the choosing heads, a row for each token, the last one last, `[rows, columns]`.
        memory: How much is kept from one token to the next.
    """
    found = torch.zeros_like(weights[0])
    for row in weights:
        found = row + memory * found
    return found / found.sum().clamp(min=1e-12)


def heaviest(importance: Tensor, mass: float, most: int) -> list[int]:
    """Return the fewest columns that hold a share of the whole importance, in order.

    Example:
        >>> import torch
        >>> from guardbind_bench.methods.dysco import heaviest
        >>> heaviest(torch.tensor([0.1, 0.6, 0.05, 0.25]), 0.8, 10)
        [1, 3]
    """
    order = importance.argsort(descending=True, stable=True)
    ranked = importance[order].double() / importance.double().sum().clamp(min=1e-12)
    before = ranked.cumsum(0) - ranked
    # What has no weight is never chosen: by a last bit, all others may sum to less than the whole.
    return sorted(order[(before < mass) & (ranked > 0)][:most].tolist())


def _edits(scene: Scene, settings: DyscoSettings) -> list[Intervention]:
    rows = min(settings.tokens, scene.columns - scene.start)

    def read() -> dict[int, Tensor]:
        # A bias on no column changes nothing, and says how many rows are kept.
        return scene.tail(edits=[AttentionBias((), 0.0, rows=rows)], reads=True)[1].weights

    kept = scene.once(("attention of rows", rows), read)
    heads = scene.heads.best("attending", settings.heads, random=settings.random)
    edits: list[Intervention] = []
    for place in range(len(scene.trials)):
        weights = torch.stack([kept[layer][place, head].float() for layer, head in heads]).mean(0)
        # The first column, on which all heads rest, stands for the template, which the authors leave out.
        importance = gathered(weights.index_fill(-1, torch.tensor([0], device=weights.device), 0.0), settings.memory)
        chosen = {*heaviest(importance, settings.mass, settings.most), scene.columns - 1}
        edits.append(AttentionBias(sorted(chosen), math.log(settings.gamma), batch=place))
    return edits


DYSCO = PassEdit(
    name="dysco",
    source="arXiv 2602.22175",
    about="Boosts what heads that attend to evidence looked at while the question was read; one step.",
    needs=frozenset({"attention", "head_lists"}),
    told="question",
    settings=DyscoSettings,
    edits=_edits,
    grid=({"gamma": 4.0}, {"mass": 0.5}, {"mass": 0.5, "gamma": 4.0}),
    extra_forwards=2,
)
