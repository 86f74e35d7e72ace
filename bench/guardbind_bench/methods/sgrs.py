"""Rejects a candidate whose saliency does not lie on its own statement: a saliency veto after SGRS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["SGRS", "SgrsSettings", "saliency"]


class SgrsSettings(MethodSettings):
    """The hyper-parameters."""

    candidates: int = Field(default=5, ge=1)
    """How many of the likeliest tokens are looked at."""
    alpha: float = Field(default=0.6, ge=0)
    """Share of the largest saliency of any statement that a value's own statement needs."""


def saliency(weights: list[Tensor], gradients: list[Tensor]) -> Tensor:
    """Return the saliency of every column at the last token, `[trials, columns]`; a row sums to 1.

    Args:
        weights: Attention weights of each layer, `[trials, heads, 1, columns]`.
        gradients: Gradients of -log p of a token by them, likewise.
    """
    by_layer = []
    for weight, gradient in zip(weights, gradients, strict=True):
        row = (weight * gradient).abs()[:, :, -1].mean(1)
        by_layer.append(row / row.sum(-1, keepdim=True).clamp(min=1e-20))
    return torch.stack(by_layer).mean(0)


@dataclass(frozen=True, slots=True)
class Sgrs:
    """The method; see `Method`.

    As published it does nothing at the first token, since it looks at the columns of what was written before. Here a
    value has to be sensitive to its own statement, compared with the other statements.
    """

    name: str = "sgrs"
    source: str = "SGRS, our reading"
    about: str = "Rejects values whose saliency lies on other statements."
    needs: frozenset[Need] = frozenset({"attention", "gradient"})
    told: Knowledge = "bindings"
    extra_forwards: int = 5
    settings: type[SgrsSettings] = SgrsSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = (
        {"alpha": 0.3},
        {"alpha": 1.0},
        {"candidates": 3, "alpha": 1.0},
    )

    def scores(self, scene: Scene, settings: SgrsSettings) -> Tensor:
        """Accept the first candidate that passes; at last the best."""
        order = scene.plain.topk(settings.candidates, -1).indices
        scores = scene.plain.clone()
        for place, trial in enumerate(scene.trials):
            stated = {bound.value.token: bound.statement for bound in trial.bound}
            for rank in range(settings.candidates):
                token = int(order[place, rank])
                if token in stated and self._holds(scene, place, rank, stated[token], settings):
                    scores[place, token] = scores[place].max() + 1
                    break
        return scores

    def _holds(self, scene: Scene, place: int, rank: int, own: range, settings: SgrsSettings) -> bool:
        found = scene.once(("saliency", rank), lambda: self._read(scene, rank))[place]
        shares = [float(found[list(bound.statement)].sum()) for bound in scene.trials[place].bound]
        return float(found[list(own)].sum()) >= settings.alpha * max(shares)

    def _read(self, scene: Scene, rank: int) -> Tensor:
        logits, record = scene.graph()
        tokens = scene.plain.topk(rank + 1, -1).indices[:, rank]
        nll = -torch.log_softmax(logits, -1).gather(-1, tokens[:, None]).sum()
        weights = [record.weights[layer] for layer in sorted(record.weights)]
        gradients = torch.autograd.grad(nll, weights)
        return saliency([weight.detach() for weight in weights], list(gradients))


SGRS = Sgrs()
