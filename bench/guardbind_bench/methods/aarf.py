"""Adds to what copying heads give and takes from what late MLPs add: AARF, without what triggers it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor

from guardbind.model.interventions import HeadScale
from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["AARF", "AarfSettings", "mlps_scaled"]


class AarfSettings(MethodSettings):
    """The hyper-parameters."""

    add: float = Field(default=1.2, ge=0)
    """What the output of copying heads is multiplied by; the authors' class has 1.5, their runs 1.2."""
    reduce: float = Field(default=0.8, ge=0)
    """What the output of the MLPs is multiplied by; .5 and .8, likewise."""
    heads: int = Field(default=14, ge=1)
    """How many copying heads."""
    layers: int = Field(default=10, ge=0)
    """How many of the last layers; the authors choose layers by how their score goes with errors."""
    random: bool = False
    """As many other heads of the same layers: the control."""


@contextmanager
def mlps_scaled(scene: Scene, layers: int, factor: float) -> Iterator[None]:
    """Multiply what the MLPs of the last layers add at the last token of every pass inside the block.

    Args:
        scene: Whose model.
        layers: How many; 0 for none.
        factor: 1 changes nothing.
    """

    def scale(_module: object, _args: object, output: Any) -> Any:
        states: Tensor = (output[0] if isinstance(output, tuple) else output).clone()
        states[:, -1] *= factor
        return (states, *output[1:]) if isinstance(output, tuple) else states

    with ExitStack() as stack:
        for mlp in scene.seat.sites.mlps[len(scene.seat.sites.mlps) - layers :] if factor != 1 else ():
            stack.callback(mlp.register_forward_hook(scale).remove)
        yield


@dataclass(frozen=True, slots=True)
class Aarf:
    """The method; see `Method`. It acts on every trial, since its trigger is scaled over a data set."""

    name: str = "aarf"
    source: str = "arXiv 2410.11414"
    about: str = "Boosts copying heads and damps late MLPs, whatever ReDeEP's score says."
    needs: frozenset[Need] = frozenset({"heads", "layers", "head_lists"})
    told: Knowledge = "nothing"
    extra_forwards: int = 1
    settings: type[AarfSettings] = AarfSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = (
        {"add": 1.5, "reduce": 0.5},
        {"reduce": 1.0},
        {"layers": 3},
    )

    def scores(self, scene: Scene, settings: AarfSettings) -> Tensor:
        """Read the last token with heads and MLPs scaled."""
        heads = scene.heads.best("retrieval", settings.heads, random=settings.random)
        layers = min(settings.layers, len(scene.seat.layers))
        with mlps_scaled(scene, layers, settings.reduce):
            return scene.row(HeadScale(heads, settings.add))[0]


AARF = Aarf()
