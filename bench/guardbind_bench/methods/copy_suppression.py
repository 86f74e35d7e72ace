"""Ablates heads that push down the token which they attend to."""

from __future__ import annotations

import torch
from pydantic import Field

from guardbind.model.interventions import HeadMean, HeadScale, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["COPY_SUPPRESSION", "CopySuppressionSettings"]


class CopySuppressionSettings(MethodSettings):
    """The hyper-parameters."""

    heads: int = Field(default=1, ge=1)
    """How many."""
    mean: bool = True
    """Put the mean of other prompts in their place, as the authors do; else nothing."""
    random: bool = False
    """As many other heads of the same layers: the control."""


def _edits(scene: Scene, settings: CopySuppressionSettings) -> list[Intervention]:
    heads = scene.heads.best("copy_suppression", settings.heads, random=settings.random)
    return [HeadMean(heads, torch.tensor(scene.heads.means)) if settings.mean else HeadScale(heads, 0.0)]


COPY_SUPPRESSION = PassEdit(
    name="copy_suppression",
    source="arXiv 2310.04625",
    about="Ablates the heads that suppress what they attend to.",
    needs=frozenset({"heads", "head_lists"}),
    told="nothing",
    settings=CopySuppressionSettings,
    edits=_edits,
    grid=({"heads": 3}, {"mean": False}, {"mean": False, "heads": 3}),
)
