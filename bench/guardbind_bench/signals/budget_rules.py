"""Asks whether the evidence pays for a reliability: the published unsigned budget, the guard's signed one, p1 < tau."""

from __future__ import annotations

import math

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from guardbind.information import bernoulli_kl
from guardbind.policies.slot import budget_of
from guardbind_bench.methods.seconds import span_masked
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalSettings

__all__ = ["P1_BELOW_TAU", "PUBLISHED_BUDGET", "SIGNED_BUDGET", "BudgetSettings", "published_margin_of"]

# What a softmax in float32 tells from 0 or 1; the guard's own budgets have the same floor.
_FLOOR = 1e-6


class BudgetSettings(SignalSettings):
    """The hyper-parameters."""

    tau: float = Field(default=0.75, gt=0, lt=1)
    """Reliability that is asked for."""


def published_margin_of(logprob: float, prior: float, tau: float) -> float:
    """Return KL(p1 || p0) - KL(tau || p0) of Bernoulli variables, nats; the published test passes from 0 on.

    Example:
        >>> import math
        >>> published_margin_of(math.log(0.75), math.log(0.2), 0.75)
        0.0
    """
    p1, p0 = (float(np.clip(math.exp(value), _FLOOR, 1 - _FLOOR)) for value in (logprob, prior))
    return float(bernoulli_kl(p1, p0) - bernoulli_kl(tau, p0))


def _pairs(reading: SlotReading) -> list[tuple[float, float]]:
    pair = (reading.of_emitted(reading.logprobs), reading.of_emitted(span_masked(reading)))
    return list(zip(*(values.clamp(max=0.0).tolist() for values in pair), strict=True))


def _published(reading: SlotReading, settings: BudgetSettings) -> Tensor:
    return torch.tensor([-published_margin_of(p1, p0, settings.tau) for p1, p0 in _pairs(reading)])


def _signed(reading: SlotReading, settings: BudgetSettings) -> Tensor:
    return torch.tensor([-float(budget_of(p1, p0, settings.tau).margin_nats) for p1, p0 in _pairs(reading)])


def _below(reading: SlotReading, settings: BudgetSettings) -> Tensor:
    return (reading.of_emitted(reading.logprobs).exp() < settings.tau).float()


_GRID = ({"tau": 0.5}, {"tau": 0.95})
PUBLISHED_BUDGET = FormulaSignal(
    "published_budget",
    "the paper",
    "Minus what the published, unsigned budget test leaves over; the asked statement masked.",
    frozenset({"logits", "nulls"}),
    "span",
    _published,
    extra_forwards=1,
    extra_tokens="question",
    settings=BudgetSettings,
    grid=_GRID,
)
SIGNED_BUDGET = FormulaSignal(
    "signed_budget",
    "guardbind",
    "Minus what the guard's signed budget test leaves over; a test more than a ranking.",
    frozenset({"logits", "nulls"}),
    "span",
    _signed,
    extra_forwards=1,
    extra_tokens="question",
    settings=BudgetSettings,
    grid=_GRID,
)
P1_BELOW_TAU = FormulaSignal(
    "p1_below_tau",
    "floor",
    "1 where the emitted token's probability is below tau, else 0.",
    frozenset({"logits"}),
    "nothing",
    _below,
    settings=BudgetSettings,
    grid=_GRID,
)
