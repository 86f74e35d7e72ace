"""Reads how sure the model is among the candidates, and how much of its probability they have."""

from __future__ import annotations

import torch
from torch import Tensor

from guardbind_bench.signals.confidence import entropy_of, margin_of
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalNeed, SignalSettings

__all__ = ["CANDIDATE_ENTROPY", "CANDIDATE_MARGIN", "GATE_MASS", "RUNNER_UP"]


def _candidate_entropy(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return torch.stack([entropy_of(row) for row in reading.in_candidates(reading.plain)])


def _candidate_margin(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return torch.stack([margin_of(row) for row in reading.in_candidates(reading.plain)])


def _gate_mass(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    tokens = [[value.token for value in trial.candidates] for trial in reading.trials]
    return -torch.stack([row[own].logsumexp(0).exp() for row, own in zip(reading.logprobs, tokens, strict=True)])


def _runner_up(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    rows = []
    for row, trial in zip(reading.logprobs, reading.trials, strict=True):
        inside = row[[value.token for value in trial.candidates]]
        rows.append(inside.topk(min(2, len(inside))).values[-1])
    return torch.stack(rows)


_LOGITS: frozenset[SignalNeed] = frozenset({"logits"})
CANDIDATE_ENTROPY = FormulaSignal(
    "candidate_entropy",
    "floor",
    "Entropy among the candidates; semantic entropy without samples.",
    _LOGITS,
    "candidates",
    _candidate_entropy,
)
CANDIDATE_MARGIN = FormulaSignal(
    "candidate_margin",
    "floor",
    "Log p of the second candidate less that of the first.",
    _LOGITS,
    "candidates",
    _candidate_margin,
)
GATE_MASS = FormulaSignal(
    "gate_mass", "floor", "Minus the probability of all candidates together.", _LOGITS, "candidates", _gate_mass
)
RUNNER_UP = FormulaSignal(
    "runner_up", "floor", "Log-probability of the second candidate.", _LOGITS, "candidates", _runner_up
)
