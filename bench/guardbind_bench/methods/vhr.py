"""Reinforces the heads whose output depends most on the evidence: vision-aware head reinforcement, for text."""

from __future__ import annotations

import torch
from torch import Tensor

from guardbind.model.interventions import HeadScale, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["VHR", "VhrSettings", "dependent_heads"]


class VhrSettings(MethodSettings):
    """The hyper-parameters."""

    factor: float = 2.0
    """What the heads are multiplied by."""
    relative: bool = False
    """Divide by the norm of the head's output, so that loud heads do not win."""
    outliers: bool = False
    """Keep heads beyond mean plus standard deviation of their layer, which the authors drop."""


def dependent_heads(full: Tensor, blind: Tensor, *, relative: bool, outliers: bool) -> Tensor:
    """Return which heads are reinforced, `[layers, heads]`: those above the median of their layer.

    Args:
        full: What the heads give, `[layers, heads, size]`.
        blind: The same without the evidence.
        relative: See `VhrSettings`.
        outliers: See `VhrSettings`.
    """
    apart = (full - blind).norm(dim=-1)
    if relative:
        apart = apart / full.norm(dim=-1).clamp(min=1e-9)
    chosen: Tensor = apart > apart.median(-1, keepdim=True).values
    if not outliers:
        chosen &= apart <= apart.mean(-1, keepdim=True) + apart.std(-1, keepdim=True, correction=0)
    return chosen


def _edits(scene: Scene, settings: VhrSettings) -> list[Intervention]:
    full = scene.once("heads", lambda: scene.row(reads=True)[1].heads())
    hidden = [list(trial.target.statement) for trial in scene.trials]
    blind = scene.once("blind heads", lambda: scene.tail(hidden, reads=True)[1].heads())
    edits: list[Intervention] = []
    for place in range(len(scene.trials)):
        chosen = dependent_heads(full[place], blind[place], relative=settings.relative, outliers=settings.outliers)
        heads = [(int(layer), int(head)) for layer, head in torch.nonzero(chosen)]
        edits.append(HeadScale(heads, settings.factor, batch=place))
    return edits


VHR = PassEdit(
    name="vhr",
    source="arXiv 2412.13949",
    about="Reinforces the heads that depend on the asked statement; all layers at once, the authors go layer by layer.",
    needs=frozenset({"heads", "attention"}),
    told="span",
    settings=VhrSettings,
    edits=_edits,
    grid=(
        {"factor": 1.2},
        {"factor": 1.2, "relative": True},
        {"factor": 1.2, "outliers": True},
    ),
    extra_forwards=3,
)
