"""Writes the second candidate: what a flip without any knowledge is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from guardbind.errors import ConfigError
from guardbind_bench.methods.candidate_only import CANDIDATE_ONLY
from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["SECOND_CANDIDATE"]


@dataclass(frozen=True, slots=True)
class SecondCandidate:
    """The method; see `Method`. The best two candidates swap their scores, everything else is ruled out."""

    name: str = "runner_up"
    source: str = "floor"
    about: str = "Writes the second candidate, always."
    needs: frozenset[Need] = frozenset({"logits"})
    told: Knowledge = "candidates"
    extra_forwards: int = 0
    settings: type[MethodSettings] = MethodSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ()

    def scores(self, scene: Scene, settings: MethodSettings) -> Tensor:
        """Swap the best two.

        Raises:
            ConfigError: There is only one candidate.
        """
        if min(len({value.token for value in trial.candidates}) for trial in scene.trials) < 2:
            raise ConfigError("there is one candidate only, and so no second one.")
        scores = CANDIDATE_ONLY.scores(scene, settings)
        values, best = scores.topk(2, -1)
        return scores.scatter(-1, best, values.flip(-1))


SECOND_CANDIDATE = SecondCandidate()
