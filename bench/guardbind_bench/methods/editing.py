"""Makes methods of changes to the pass that decides: heads, attention, layers, at the last token of the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor

from guardbind.model.interventions import Intervention
from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["PassEdit"]

S = TypeVar("S", bound=MethodSettings)


@dataclass(frozen=True, slots=True, eq=False)
class PassEdit(Generic[S]):
    """A method that changes the pass of the last token; see `Method` for the attributes.

    Attributes:
        edits: Given the scene and the settings, gives what is changed.
    """

    name: str
    source: str
    about: str
    needs: frozenset[Need]
    told: Knowledge
    settings: type[S]
    edits: Callable[[Scene, S], Sequence[Intervention]]
    grid: Sequence[dict[str, Any]] = ()
    extra_forwards: int = 1

    def scores(self, scene: Scene, settings: S) -> Tensor:
        """Read the last token with the changes."""
        return scene.row(*self.edits(scene, settings))[0]
