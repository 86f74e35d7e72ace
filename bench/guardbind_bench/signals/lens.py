"""Reads the emitted token at earlier layers through the logit lens: at the best one, and how many agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.method import Knowledge
from guardbind_bench.signals.fitting import best_column
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FitSample, FormulaSignal, SignalNeed, SignalSettings, SignalTokens

__all__ = ["BEST_LAYER_LENS", "LAYER_CONSISTENCY", "ConsistencySettings", "LensSettings"]


class LensSettings(SignalSettings):
    """The hyper-parameters of the best layer."""

    among: bool = False
    """Over the candidates; else over the vocabulary."""


@dataclass(frozen=True, slots=True)
class BestLayerLens:
    """Minus the lens' log-probability of the emitted token at the layer that told errors best; see `Signal`."""

    name: str = "best_layer_lens"
    source: str = "logit lens"
    about: str = "Minus the lens' log p of the emitted token at the layer that tells errors best on other trials."
    needs: frozenset[SignalNeed] = frozenset({"layers", "trials"})
    told: Knowledge = "nothing"
    extra_forwards: int = 0
    extra_tokens: SignalTokens = "none"
    fitted: bool = True
    settings: type[LensSettings] = LensSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ({"among": True},)

    def gather(self, reading: SlotReading) -> Tensor:
        """Return minus log p of the emitted token, over vocabulary and candidates `[trials, 2, layers]`."""
        layers = reading.layers()
        whole = torch.stack([reading.of_emitted(layer) for layer in layers], 1)
        inside = []
        for place, trial in enumerate(reading.trials):
            tokens = sorted({value.token for value in trial.candidates} | {int(reading.emitted[place])})
            own = tokens.index(int(reading.emitted[place]))
            inside.append(torch.log_softmax(layers[:, place][:, tokens], -1)[:, own])
        return -torch.stack([whole, torch.stack(inside)], 1)

    def fit(self, features: Tensor, sample: FitSample, settings: LensSettings) -> int:
        """Choose the layer."""
        return best_column(features[:, int(settings.among)], sample.is_wrong)

    def read(self, reading: SlotReading, settings: LensSettings, state: int) -> Tensor:
        """Read that layer."""
        return reading.once("lens_of_emitted", lambda: self.gather(reading))[:, int(settings.among), state]


class ConsistencySettings(SignalSettings):
    """The hyper-parameters of consistency."""

    layers: int = Field(default=10, ge=1)
    """How many of the last layers are looked at."""


def _consistency(reading: SlotReading, settings: ConsistencySettings) -> Tensor:
    late = reading.layers()[-settings.layers :]
    rows = []
    for place, trial in enumerate(reading.trials):
        tokens = torch.tensor([value.token for value in trial.candidates], device=late.device)
        best = tokens[late[:, place][:, tokens].argmax(-1)]
        rows.append((best != reading.emitted[place]).float().sum())
    return torch.stack(rows)


BEST_LAYER_LENS = BestLayerLens()
LAYER_CONSISTENCY = FormulaSignal(
    "layer_consistency",
    "logit lens",
    "How many of the last 10 layers have another best candidate.",
    frozenset({"layers"}),
    "candidates",
    _consistency,
    settings=ConsistencySettings,
    grid=({"layers": 5}, {"layers": 20}),
)
