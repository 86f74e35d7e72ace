"""Makes methods of a second pass and a way to combine it with the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene
from guardbind_bench.methods.seconds import SecondPass

__all__ = ["Contrast"]

S = TypeVar("S", bound=MethodSettings)


@dataclass(frozen=True, slots=True, eq=False)
class Contrast(Generic[S]):
    """A method of two distributions; see `Method` for the attributes.

    Attributes:
        second: Gives log p0.
        combine: Given log p1, log p0 and the settings, gives the scores.
    """

    name: str
    source: str
    about: str
    told: Knowledge
    settings: type[S]
    second: SecondPass
    combine: Callable[[Tensor, Tensor, S], Tensor]
    grid: Sequence[dict[str, Any]] = ()
    needs: frozenset[Need] = frozenset({"logits"})
    extra_forwards: int = 1

    def scores(self, scene: Scene, settings: S) -> Tensor:
        """Read the second pass, and combine."""
        return self.combine(torch.log_softmax(scene.plain, -1), self.second(scene), settings)
