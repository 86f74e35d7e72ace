"""Writes the likeliest candidate: decoding that is restricted to what may be an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["CANDIDATE_ONLY"]


@dataclass(frozen=True, slots=True)
class CandidateOnly:
    """The method; see `Method`. It closes 2A and cannot repair 2B."""

    name: str = "candidate_only"
    source: str = "arXiv 2602.19239"
    about: str = "Writes the likeliest candidate."
    needs: frozenset[Need] = frozenset({"logits"})
    told: Knowledge = "candidates"
    extra_forwards: int = 0
    settings: type[MethodSettings] = MethodSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ()

    def scores(self, scene: Scene, settings: MethodSettings) -> Tensor:
        """Rule out everything else."""
        scores = scene.plain.new_full(scene.plain.shape, -math.inf)
        for place, trial in enumerate(scene.trials):
            allowed = [value.token for value in trial.candidates]
            scores[place, allowed] = scene.plain[place, allowed]
        return scores


CANDIDATE_ONLY = CandidateOnly()
