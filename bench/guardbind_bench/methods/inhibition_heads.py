"""Strengthens heads that inhibit the competitor, and silences the one that suppresses copies."""

from __future__ import annotations

from pydantic import Field

from guardbind.model.interventions import HeadScale, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["INHIBITION_HEADS", "InhibitionHeadSettings"]


class InhibitionHeadSettings(MethodSettings):
    """The hyper-parameters."""

    heads: int = Field(default=3, ge=1)
    """How many inhibition heads."""
    factor: float = 2.0
    """What they are multiplied by."""
    silenced: int = Field(default=1, ge=0)
    """How many copy-suppression heads are silenced."""
    random: bool = False
    """As many other heads of the same layers: the control."""


def _edits(scene: Scene, settings: InhibitionHeadSettings) -> list[Intervention]:
    strong = scene.heads.best("inhibition", settings.heads, random=settings.random)
    edits: list[Intervention] = [HeadScale(strong, settings.factor)]
    if settings.silenced:
        quiet = scene.heads.best("copy_suppression", settings.silenced, random=settings.random)
        edits.append(HeadScale([head for head in quiet if head not in strong], 0.0))
    return edits


INHIBITION_HEADS = PassEdit(
    name="inhibition_heads",
    source="arXiv 2310.08744",
    about="Strengthens heads that inhibit the competitor; our reading of the intervention.",
    needs=frozenset({"heads", "head_lists"}),
    told="nothing",
    settings=InhibitionHeadSettings,
    edits=_edits,
    grid=(
        {"factor": 1.3},
        {"factor": 1.3, "silenced": 0},
        {"heads": 1, "factor": 1.0},
    ),
)
