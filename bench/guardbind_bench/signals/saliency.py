"""Asks by gradients of attention whether the emitted value is sensitive to its own statement."""

from __future__ import annotations

import torch
from torch import Tensor

from guardbind_bench.methods.sgrs import saliency
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalNeed, SignalSettings

__all__ = ["SALIENCY", "SPAN_SALIENCY"]


def _columns(reading: SlotReading) -> Tensor:
    """Return the saliency of every column for the emitted token `[trials, columns]`."""

    def read() -> Tensor:
        logits, record = reading.graph()
        nll = -torch.log_softmax(logits, -1).gather(-1, reading.emitted[:, None]).sum()
        weights = [record.weights[layer] for layer in sorted(record.weights)]
        gradients = torch.autograd.grad(nll, weights)
        return saliency([weight.detach() for weight in weights], list(gradients)).detach()

    return reading.once("saliency_of_emitted", read)


def _own(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    columns, rows = _columns(reading), []
    for place, trial in enumerate(reading.trials):
        own = sum(float(columns[place, list(bound.statement)].sum()) for bound in reading.own(place))
        every = sum(float(columns[place, list(bound.statement)].sum()) for bound in trial.bound)
        rows.append(-own / max(every, 1e-20))
    return torch.tensor(rows)


def _span(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    columns = _columns(reading)
    spans = [list(trial.target.statement) for trial in reading.trials]
    return -torch.stack([row[span].sum() for row, span in zip(columns, spans, strict=True)])


_NEEDS: frozenset[SignalNeed] = frozenset({"attention", "gradient"})
SALIENCY = FormulaSignal(
    "saliency",
    "SGRS, our reading",
    "Minus the share of the emitted value's statement in the saliency of all statements.",
    _NEEDS,
    "bindings",
    _own,
    extra_forwards=1,
    extra_tokens="last token",
)
SPAN_SALIENCY = FormulaSignal(
    "span_saliency",
    "SGRS, our reading",
    "Minus the saliency of the asked statement for the emitted token.",
    _NEEDS,
    "span",
    _span,
    extra_forwards=1,
    extra_tokens="last token",
)
