"""Reads how sure the model is of its next token: maximum probability, margin and entropy."""

from __future__ import annotations

import torch
from torch import Tensor

from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalSettings

__all__ = ["ENTROPY", "MARGIN", "MAX_PROBABILITY", "entropy_of", "margin_of"]


def entropy_of(logprobs: Tensor) -> Tensor:
    """Return the entropy of distributions `[..., values]`, nats.

    Example:
        >>> import math, torch
        >>> round(float(entropy_of(torch.full((7,), -math.log(7)))), 4) == round(math.log(7), 4)
        True
    """
    entropy: Tensor = torch.special.entr(logprobs.exp()).sum(-1)
    return entropy


def margin_of(logprobs: Tensor) -> Tensor:
    """Return by how much the second value of distributions `[..., values]` is behind the first, as a number <= 0."""
    best = logprobs.topk(min(2, logprobs.shape[-1]), -1).values
    return best[..., -1] - best[..., 0]


def _max_probability(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return 1 - reading.logprobs.max(-1).values.exp()


def _margin(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return margin_of(reading.logprobs)


def _entropy(reading: SlotReading, _settings: SignalSettings) -> Tensor:
    return entropy_of(reading.logprobs)


MAX_PROBABILITY = FormulaSignal(
    "max_probability", "floor", "1 - largest probability.", frozenset({"logits"}), "nothing", _max_probability
)
MARGIN = FormulaSignal(
    "margin", "floor", "Log p of the second token less that of the first.", frozenset({"logits"}), "nothing", _margin
)
ENTROPY = FormulaSignal("entropy", "floor", "Entropy of the next token.", frozenset({"logits"}), "nothing", _entropy)
