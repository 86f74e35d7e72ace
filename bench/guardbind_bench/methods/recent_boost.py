"""Boosts attention to the most recent tokens; a counter-example, since what is asked for stands further back."""

from __future__ import annotations

import math

from pydantic import Field

from guardbind.model.interventions import AttentionBias, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["RECENT_BOOST", "RecentBoostSettings"]


class RecentBoostSettings(MethodSettings):
    """The hyper-parameters."""

    window: int = Field(default=10, ge=1)
    """How many of the last tokens."""
    gamma: float = Field(default=2.0, gt=0)
    """What their weight is multiplied by."""


def _edits(scene: Scene, settings: RecentBoostSettings) -> list[Intervention]:
    columns = range(max(0, scene.columns - settings.window), scene.columns)
    return [AttentionBias(columns, math.log(settings.gamma))]


RECENT_BOOST = PassEdit(
    name="recent_boost",
    source="LocoRE, reduced",
    about="Boosts the last tokens: a counter-example.",
    needs=frozenset({"attention"}),
    told="nothing",
    settings=RecentBoostSettings,
    edits=_edits,
    grid=({"gamma": 1.5}, {"gamma": 4.0}, {"window": 20}),
)
