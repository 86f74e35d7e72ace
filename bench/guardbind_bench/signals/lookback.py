"""Learns errors from each head's share of attention to the context: the lookback ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.method import Knowledge
from guardbind_bench.signals.evidence_attention import without_sinks
from guardbind_bench.signals.fitting import ErrorClassifier, as_features, check_sample, logistic
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FitSample, SignalNeed, SignalSettings, SignalTokens

__all__ = ["LOOKBACK_RATIO", "LookbackSettings", "lookback"]


class LookbackSettings(SignalSettings):
    """The hyper-parameters."""

    penalty: float = Field(default=1.0, gt=0)
    """Inverse strength of the L2 penalty."""
    sinks: bool = True
    """Count the sinks, as the authors do."""


def lookback(attention: Tensor, start: int) -> Tensor:
    """Return A_context / (A_context + A_new) of each head `[...]`; both are means over tokens, not sums.

    Args:
        attention: `[..., columns]`.
        start: Where what is new begins; at the first token of an answer the question stands for it.

    Example:
        >>> import torch
        >>> float(lookback(torch.full((10,), 0.1), 7))
        0.5
    """
    context, new = attention[..., :start].mean(-1), attention[..., start:].mean(-1)
    return context / (context + new).clamp(min=1e-12)


@dataclass(frozen=True, slots=True)
class LookbackRatio:
    """A logistic regression over the ratios of all heads; see `Signal`."""

    name: str = "lookback_ratio"
    source: str = "arXiv 2407.07071"
    about: str = "A classifier of errors on each head's attention to context against question."
    needs: frozenset[SignalNeed] = frozenset({"attention", "trials"})
    told: Knowledge = "question"
    extra_forwards: int = 1
    extra_tokens: SignalTokens = "last token"
    fitted: bool = True
    settings: type[LookbackSettings] = LookbackSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ({"penalty": 0.01}, {"sinks": False}, {"sinks": False, "penalty": 100})

    def gather(self, reading: SlotReading) -> Tensor:
        """Return the ratios with and without sinks `[trials, 2, heads]`."""
        attention = reading.attention()
        both = [lookback(one, reading.start).flatten(1) for one in (attention, without_sinks(attention))]
        return torch.stack(both, 1)

    def fit(self, features: Tensor, sample: FitSample, settings: LookbackSettings) -> ErrorClassifier:
        """Fit to all trials."""
        is_wrong = sample.is_wrong.numpy().astype(bool)
        check_sample(is_wrong)
        # As published, ratios are not standardised.
        fitter = logistic(settings.penalty, standardised=False)
        return fitter(as_features(features[:, 0 if settings.sinks else 1]), is_wrong)

    def read(self, reading: SlotReading, settings: LookbackSettings, state: ErrorClassifier) -> Tensor:
        """Classify."""
        return torch.from_numpy(state(as_features(self.gather(reading)[:, 0 if settings.sinks else 1])))


LOOKBACK_RATIO = LookbackRatio()
