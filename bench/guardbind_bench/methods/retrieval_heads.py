"""Scales heads that copy what they attend to."""

from __future__ import annotations

from pydantic import Field

from guardbind.model.interventions import HeadScale, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["RETRIEVAL_HEADS", "RetrievalHeadSettings"]


class RetrievalHeadSettings(MethodSettings):
    """The hyper-parameters."""

    factor: float = 1.5
    """What their output is multiplied by. The authors only mask heads; the boost is ours."""
    heads: int = Field(default=14, ge=1)
    """How many; 14 is a twentieth of those of the demo model, the authors' share."""
    random: bool = False
    """As many other heads of the same layers: the control."""


def _edits(scene: Scene, settings: RetrievalHeadSettings) -> list[Intervention]:
    return [HeadScale(scene.heads.best("retrieval", settings.heads, random=settings.random), settings.factor)]


RETRIEVAL_HEADS = PassEdit(
    name="retrieval_heads",
    source="arXiv 2404.15574",
    about="Boosts the heads that copy.",
    needs=frozenset({"heads", "head_lists"}),
    told="nothing",
    settings=RetrievalHeadSettings,
    edits=_edits,
    grid=({"factor": 1.2}, {"factor": 2.0}, {"factor": 1.5, "heads": 5}),
)
