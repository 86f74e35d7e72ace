"""Counts how often the emitted value stands in the prompt: a floor that needs no model."""

from __future__ import annotations

import torch
from torch import Tensor

from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalSettings

__all__ = ["VALUE_COUNT"]


def _count(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    rows = []
    for place, trial in enumerate(reading.trials):
        least = min(trial.ids.count(token) for token in reading.value_tokens(place))
        rows.append(float(trial.ids.count(int(reading.emitted[place])) - least))
    return torch.tensor(rows)


VALUE_COUNT = FormulaSignal(
    "value_count",
    "floor",
    "How much more often the emitted value stands in the prompt than the rarest bound one.",
    frozenset(),
    "bindings",
    _count,
)
