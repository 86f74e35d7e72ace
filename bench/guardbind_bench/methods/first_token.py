"""Tunes the attention to the first token: ZeroTuning."""

from __future__ import annotations

import math

from pydantic import Field

from guardbind.model.interventions import AttentionBias, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["FIRST_TOKEN", "FirstTokenSettings"]


class FirstTokenSettings(MethodSettings):
    """The hyper-parameters."""

    gamma: float = Field(default=4.0, gt=0)
    """What its weight is multiplied by; the authors' demo has 4 for all heads, and they look from 1 to 4."""


def _edits(_scene: Scene, settings: FirstTokenSettings) -> list[Intervention]:
    return [AttentionBias([0], math.log(settings.gamma))]


FIRST_TOKEN = PassEdit(
    name="first_token",
    source="arXiv 2505.11739",
    about="Scales the attention to the first token.",
    needs=frozenset({"attention"}),
    told="nothing",
    settings=FirstTokenSettings,
    edits=_edits,
    grid=({"gamma": 0.25}, {"gamma": 0.5}, {"gamma": 2.0}),
)
