"""Reads CoDa's indicator: by how much plausible tokens rise when a condition is hidden."""

from __future__ import annotations

import torch
from torch import Tensor

from guardbind_bench.methods.combiners import escape_floor, plausible
from guardbind_bench.methods.seconds import key_masked, span_masked
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalNeed, SignalSettings

__all__ = ["OVERSHADOWING", "OVERSHADOWING_SPAN", "overshadowing"]

_THETA = 0.01


def overshadowing(logprobs: Tensor, prior: Tensor, theta: float = _THETA) -> Tensor:
    """Return the indicator `[trials]`, nats; above 0 the authors take the condition to be overshadowed.

    It is what plausible tokens lose by the condition, which is negative, and what tokens that are plausible only with
    the condition gain over the least likely of those that lose; of all that are plausible under both, where none loses.

    Args:
        logprobs: log p1 `[trials, vocabulary]`, nats.
        prior: log p0 with the condition hidden, likewise.
        theta: Share of the largest probability that makes a token plausible.
    """
    mine, theirs = plausible(logprobs, theta), plausible(prior, theta)
    gain, floor = logprobs - prior, escape_floor(logprobs, prior, theta)
    lost = torch.where(mine & theirs, gain.clamp(max=0), 0.0).sum(-1)
    return lost + torch.where(mine & ~theirs, logprobs - floor, 0.0).sum(-1)


def _key(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return overshadowing(reading.logprobs, key_masked(reading))


def _span(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return overshadowing(reading.logprobs, span_masked(reading))


_NEEDS: frozenset[SignalNeed] = frozenset({"logits", "nulls"})
OVERSHADOWING = FormulaSignal(
    "overshadowing",
    "arXiv 2502.16143",
    "CoDa's indicator, the condition being the key in the question.",
    _NEEDS,
    "question",
    _key,
    extra_forwards=1,
    extra_tokens="question",
)
OVERSHADOWING_SPAN = FormulaSignal(
    "overshadowing_span",
    "arXiv 2502.16143",
    "CoDa's indicator, the condition being the asked statement.",
    _NEEDS,
    "span",
    _span,
    extra_forwards=1,
    extra_tokens="question",
)
