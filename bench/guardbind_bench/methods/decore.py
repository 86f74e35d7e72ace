"""Contrasts with the model without its retrieval heads, as strongly as it is unsure: DeCoRe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.combiners import entropy, extrapolated
from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene
from guardbind_bench.methods.seconds import heads_masked

__all__ = ["DECORE", "DecoreSettings"]


class DecoreSettings(MethodSettings):
    """The hyper-parameters."""

    heads: int = Field(default=14, ge=1)
    """How many retrieval heads; the authors mask 50 of some thousand, 14 is a twentieth of those of the demo model."""
    alpha: float | None = Field(default=None, ge=0)
    """Strength; None: the entropy of p1 in nats."""
    query: bool = True
    """Zero the query, as the authors' code does, which leaves uniform attention; else the output."""
    random: bool = False
    """As many other heads of the same layers: the control."""


@dataclass(frozen=True, slots=True)
class Decore:
    """The method; see `Method`."""

    name: str = "decore"
    source: str = "arXiv 2410.18860"
    about: str = "Contrasts with a pass whose retrieval heads are masked."
    needs: frozenset[Need] = frozenset({"logits", "attention", "head_lists"})
    told: Knowledge = "nothing"
    extra_forwards: int = 1
    settings: type[DecoreSettings] = DecoreSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = (
        {"alpha": 0.5},
        {"alpha": 1.0, "query": False},
        {"alpha": 0.25, "heads": 7},
    )

    def scores(self, scene: Scene, settings: DecoreSettings) -> Tensor:
        """Read the last token without the heads, and contrast."""
        logprobs = torch.log_softmax(scene.plain, -1)
        prior = heads_masked(scene, settings.heads, query=settings.query, random=settings.random)
        return extrapolated(logprobs, prior, entropy(logprobs) if settings.alpha is None else settings.alpha)


DECORE = Decore()
