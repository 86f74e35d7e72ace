"""Adds to the attention logits of the statement that is asked for, or of all statements."""

from __future__ import annotations

import math
from functools import partial

from pydantic import Field

from guardbind.model.interventions import AttentionBias, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["EVIDENCE_BIAS", "EVIDENCE_BIAS_ALL", "EvidenceBiasSettings"]


class EvidenceBiasSettings(MethodSettings):
    """The hyper-parameters."""

    gamma: float = Field(default=5.0, gt=0)
    """What its weight is multiplied by before it is renormalised; 1 is the unguarded model."""
    attending: int = Field(default=0, ge=0)
    """So many heads that attend to asked statements on other trials; 0: all heads."""


def _edits(scene: Scene, settings: EvidenceBiasSettings, *, every: bool) -> list[Intervention]:
    heads = scene.heads.best("attending", settings.attending) if settings.attending else None
    edits: list[Intervention] = []
    for place, trial in enumerate(scene.trials):
        stated = trial.bound if every else (trial.target,)
        columns = [column for bound in stated for column in bound.statement]
        edits.append(AttentionBias(columns, math.log(settings.gamma), heads, batch=place))
    return edits


_made = partial(
    PassEdit,
    source="attention bias",
    needs=frozenset({"attention", "head_lists"}),
    settings=EvidenceBiasSettings,
    grid=(
        {"gamma": 2.0},
        {"gamma": 20.0},
        {"gamma": 100.0, "attending": 16},
    ),
)
EVIDENCE_BIAS = _made(
    name="evidence_bias",
    about="Biases attention towards the asked statement.",
    told="span",
    edits=partial(_edits, every=False),
)
EVIDENCE_BIAS_ALL = _made(
    name="evidence_bias_all",
    about="Biases attention towards all statements.",
    told="bindings",
    edits=partial(_edits, every=True),
)
