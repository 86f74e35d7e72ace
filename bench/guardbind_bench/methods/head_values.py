"""Scales the value vectors of the heads that write the asked value."""

from __future__ import annotations

from pydantic import Field

from guardbind.model.interventions import HeadScale, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["HEAD_VALUES", "HeadValueSettings"]


class HeadValueSettings(MethodSettings):
    """The hyper-parameters."""

    factor: float = 3.0
    """What the heads' values are multiplied by; the authors scan it."""
    heads: int = Field(default=1, ge=1)
    """How many, of the largest attribution to target minus competitor; the authors scale a single head."""
    random: bool = False
    """As many other heads of the same layers: the control."""


def _edits(scene: Scene, settings: HeadValueSettings) -> list[Intervention]:
    return [HeadScale(scene.heads.best("attribution", settings.heads, random=settings.random), settings.factor)]


HEAD_VALUES = PassEdit(
    name="head_values",
    source="arXiv 2310.15910",
    about="Scales the values of the head that writes the answer.",
    needs=frozenset({"heads", "head_lists"}),
    told="nothing",
    settings=HeadValueSettings,
    edits=_edits,
    grid=(
        {"factor": 5.0},
        {"factor": 2.0, "heads": 3},
        {"factor": 1.5, "heads": 8},
    ),
)
