"""Takes attention away from everything that is not highlighted: PASTA."""

from __future__ import annotations

import math

from pydantic import Field

from guardbind.model.interventions import AttentionBias, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["PASTA", "PastaSettings"]


class PastaSettings(MethodSettings):
    """The hyper-parameters."""

    alpha: float = Field(default=0.01, gt=0, le=1)
    """What the weight of the rest of the prompt is multiplied by."""
    attending: int = Field(default=0, ge=0)
    """So many heads that attend to asked statements on other trials, in the place of the authors' profiling; 0: all."""


def _edits(scene: Scene, settings: PastaSettings) -> list[Intervention]:
    heads = scene.heads.best("attending", settings.attending) if settings.attending else None
    return [
        AttentionBias(
            [column for column in range(scene.columns) if column not in trial.target.statement],
            math.log(settings.alpha),
            heads,
            batch=place,
        )
        for place, trial in enumerate(scene.trials)
    ]


PASTA = PassEdit(
    name="pasta",
    source="arXiv 2311.02262",
    about="Highlights the asked statement by excluding the rest.",
    needs=frozenset({"attention", "head_lists"}),
    told="span",
    settings=PastaSettings,
    edits=_edits,
    grid=(
        {"alpha": 0.1},
        {"alpha": 0.3},
        {"alpha": 0.01, "attending": 16},
    ),
)
