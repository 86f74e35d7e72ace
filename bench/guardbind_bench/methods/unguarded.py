"""Writes what the model writes: what every method is set beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["UNGUARDED_METHOD"]


@dataclass(frozen=True, slots=True)
class Unguarded:
    """The method; see `Method`."""

    name: str = "unguarded"
    source: str = "-"
    about: str = "The model as it is."
    needs: frozenset[Need] = frozenset({"logits"})
    told: Knowledge = "nothing"
    extra_forwards: int = 0
    settings: type[MethodSettings] = MethodSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ()

    def scores(self, scene: Scene, settings: MethodSettings) -> Tensor:
        """Return the raw logits."""
        return scene.plain


UNGUARDED_METHOD = Unguarded()
