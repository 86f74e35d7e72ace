"""Takes attention from sinks behind the first token and gives it to the rest: attention calibration (ACT)."""

from __future__ import annotations

from collections import defaultdict

import torch
from pydantic import Field
from torch import Tensor

from guardbind.model.interventions import AttentionWeight, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["SINK_CALIBRATION", "SinkSettings", "sinks"]


class SinkSettings(MethodSettings):
    """The hyper-parameters."""

    beta: float = Field(default=0.4, ge=0)
    """What the weight of a sink is multiplied by; 1 is the unguarded model."""
    share: float = Field(default=0.1, gt=0, lt=1)
    """The mean weight that makes a column a sink."""
    first_layer: int = Field(default=2, ge=0)
    """Layers before it are left alone."""


def sinks(weights: Tensor, share: float) -> Tensor:
    """Return which columns are sinks, `[heads, columns]`; the first column, on which all heads rest, is none.

    Args:
        weights: Attention weights of some rows, `[heads, rows, columns]`.
        share: The mean weight that makes a column one.
    """
    found = weights.mean(1) > share
    found[:, 0] = False
    return found


def _edits(scene: Scene, settings: SinkSettings) -> list[Intervention]:
    def read() -> dict[int, Tensor]:
        # What the last token sees; the authors take the mean over all rows.
        return scene.tail(reads=True)[1].weights

    kept = scene.once("last attention", read)
    edits: list[Intervention] = []
    for place in range(len(scene.trials)):
        by_columns: dict[tuple[int, ...], list[tuple[int, int]]] = defaultdict(list)
        for layer, weights in kept.items():
            if layer < settings.first_layer:
                continue
            for head, columns in enumerate(sinks(weights[place].float(), settings.share)):
                if bool(columns.any()):
                    by_columns[tuple(torch.nonzero(columns)[:, 0].tolist())].append((layer, head))
        edits += [
            AttentionWeight(columns, settings.beta, heads, batch=place, spread="others")
            for columns, heads in by_columns.items()
        ]
    return edits


SINK_CALIBRATION = PassEdit(
    name="sink_calibration",
    source="arXiv 2406.15765",
    about="Takes attention from sinks behind the first token; all heads, where the authors calibrate them.",
    needs=frozenset({"attention"}),
    told="nothing",
    settings=SinkSettings,
    edits=_edits,
    grid=({"beta": 0.7}, {"share": 0.2}, {"beta": 0.7, "share": 0.3}),
    extra_forwards=2,
)
