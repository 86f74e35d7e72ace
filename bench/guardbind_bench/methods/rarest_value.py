"""Writes the bound value that stands least often in the prompt: a floor that needs no model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["RAREST_VALUE"]


@dataclass(frozen=True, slots=True)
class RarestValue:
    """The method; see `Method`. Where it is right, the filler gives the answer away."""

    name: str = "rarest_value"
    source: str = "floor"
    about: str = "Writes the value that stands least often in the prompt: a floor."
    needs: frozenset[Need] = frozenset()
    told: Knowledge = "bindings"
    extra_forwards: int = 0
    settings: type[MethodSettings] = MethodSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ()

    def scores(self, scene: Scene, settings: MethodSettings) -> Tensor:
        """Count; where two are equally rare nothing is changed."""
        scores = scene.plain.clone()
        for place, trial in enumerate(scene.trials):
            counts = {bound.value.token: trial.ids.count(bound.value.token) for bound in trial.bound}
            rarest = [token for token, count in counts.items() if count == min(counts.values())]
            if len(rarest) == 1:
                scores[place, rarest[0]] = scores[place].max() + 1
        return scores


RAREST_VALUE = RarestValue()
