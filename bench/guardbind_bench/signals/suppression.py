"""Reads how hard copy-suppression heads push down the bound values, the emitted one and the others."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignedSettings

__all__ = ["COPY_SUPPRESSION_SCORE", "SuppressionSettings", "pushed_down"]


class SuppressionSettings(SignedSettings):
    """The hyper-parameters."""

    heads: int = Field(default=10, ge=1)
    """How many heads of the list."""


def pushed_down(added: Tensor, own: int) -> float:
    """Return how far below the mean what is added to a token's own logit lies, in deviations; at least 0.

    Args:
        added: What copying a column would add to each candidate's logit `[candidates]`.
        own: Place of the token that stands in the column.

    Example:
        >>> import torch
        >>> pushed_down(torch.tensor([1.0, 1.0, -2.0]), 0)
        0.0
    """
    return float(((added.mean() - added[own]) / added.std().clamp(min=1e-9)).clamp(min=0))


@torch.no_grad()
def _suppression(reading: SlotReading, settings: SuppressionSettings) -> Tensor:
    heads = reading.heads.best("copy_suppression", settings.heads)
    attention, lens, sites = reading.attention(), reading.lens, reading.seat.sites
    unembedding: Tensor = lens.head.weight  # type: ignore[assignment]
    gain = getattr(lens.norm, "weight", None)
    scores: list[dict[int, float]] = [{} for _ in reading.trials]
    for layer, head in heads:
        projection = sites.projections[layer]
        weight: Tensor = projection.weight  # type: ignore[assignment]
        # Layers of the GPT-2 kind keep theirs transposed.
        mix = (weight if getattr(projection, "in_features", None) else weight.T).float()
        part = mix[:, head * sites.head_size : (head + 1) * sites.head_size]
        values = reading.values(layer)
        held = values[:, head // (sites.heads // values.shape[1])].float()
        for place, trial in enumerate(reading.trials):
            tokens = [value.token for value in trial.candidates]
            rows = unembedding[tokens].float() * (1.0 if gain is None else gain.float())
            for bound in trial.bound:
                if bound.value.token in tokens:
                    added = rows @ (part @ held[place, bound.position])
                    pushed = pushed_down(added, tokens.index(bound.value.token))
                    weighted = float(attention[place, layer, head, bound.position]) * pushed
                    scores[place][bound.value.token] = scores[place].get(bound.value.token, 0.0) + weighted
    found = []
    for place, of in enumerate(scores):
        emitted = int(reading.emitted[place])
        others = [score for token, score in of.items() if token != emitted]
        found.append(max(others, default=0.0) - of.get(emitted, 0.0))
    return settings.sign * torch.tensor(found)


COPY_SUPPRESSION_SCORE = FormulaSignal(
    "copy_suppression_score",
    "arXiv 2310.04625, our reading",
    "How much harder another bound value is suppressed than the emitted one.",
    frozenset({"attention", "head_lists"}),
    "bindings",
    _suppression,
    extra_forwards=1,
    extra_tokens="last token",
    settings=SuppressionSettings,
    grid=({"heads": 3}, {"sign": -1}, {"heads": 3, "sign": -1}),
)
