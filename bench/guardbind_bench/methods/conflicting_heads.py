"""Prunes heads that write what another statement says, and may strengthen those that write the asked one: PH3."""

from __future__ import annotations

from pydantic import Field

from guardbind.model.interventions import HeadScale, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["CONFLICTING_HEADS", "ConflictingHeadSettings"]


class ConflictingHeadSettings(MethodSettings):
    """The hyper-parameters."""

    heads: int = Field(default=4, ge=1)
    """How many are pruned."""
    factor: float = 0.0
    """What they are multiplied by."""
    boost: float = 1.0
    """What as many supporting heads are multiplied by."""
    random: bool = False
    """As many other heads of the same layers: the control."""


def _edits(scene: Scene, settings: ConflictingHeadSettings) -> list[Intervention]:
    pruned = scene.heads.best("conflicting", settings.heads, random=settings.random)
    supporting = scene.heads.best("supporting", settings.heads, random=settings.random)
    # A head can be both, and is pruned then.
    boosted = [head for head in supporting if head not in pruned]
    return [HeadScale(pruned, settings.factor), HeadScale(boosted, settings.boost)]


CONFLICTING_HEADS = PassEdit(
    name="conflicting_heads",
    source="arXiv 2402.18154",
    about="Prunes heads that write the competitor; found to first order, our reading of path patching.",
    needs=frozenset({"heads", "head_lists"}),
    told="nothing",
    settings=ConflictingHeadSettings,
    edits=_edits,
    grid=({"heads": 1}, {"boost": 2.0}, {"factor": 0.5}),
)
