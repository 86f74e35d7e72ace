"""Attenuates what the last block adds to the residual."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from guardbind.model.interventions import Intervention, LayerOutput
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["LAST_BLOCK", "LastBlockSettings"]


class LastBlockSettings(MethodSettings):
    """The hyper-parameters."""

    beta: float = Field(default=0.5, ge=0)
    """What the block's contribution is multiplied by; 1 is the unguarded model, 0 the lens one layer earlier."""


def _edits(scene: Scene, settings: LastBlockSettings) -> list[Intervention]:
    def change(came: Tensor, went: Tensor) -> Tensor:
        return came + settings.beta * (went - came)

    return [LayerOutput(len(scene.seat.layers) - 1, change)]


LAST_BLOCK = PassEdit(
    name="last_block",
    source="arXiv 2403.19521",
    about="Attenuates the last block; our reading of the abstract.",
    needs=frozenset({"layers"}),
    told="nothing",
    settings=LastBlockSettings,
    edits=_edits,
    grid=({"beta": 0.0}, {"beta": 0.8}, {"beta": 1.2}),
)
