"""Reads the last token without the heads that copy: how far the answer falls, and how far everything moves."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.seconds import heads_masked
from guardbind_bench.signals.evidence_bits import missing_bits
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalNeed, SignedSettings

__all__ = ["ABLATED_HEADS_KL", "ATTENTION_INFLUENCE", "AblationSettings"]


class AblationSettings(SignedSettings):
    """The hyper-parameters."""

    heads: int = Field(default=14, ge=1)
    """How many retrieval heads are masked."""
    query: bool = True
    """Zero the query, as the released code does, which leaves uniform attention; else the output."""
    random: bool = False
    """As many other heads of the same layers: the control."""


def _prior(reading: SlotReading, settings: AblationSettings) -> Tensor:
    return heads_masked(reading, settings.heads, query=settings.query, random=settings.random)


def _influence(reading: SlotReading, settings: AblationSettings) -> Tensor:
    return settings.sign * missing_bits(reading, _prior(reading, settings))


def _divergence(reading: SlotReading, settings: AblationSettings) -> Tensor:
    p1, p0 = reading.logprobs, _prior(reading, settings)
    return -settings.sign * (p1.exp() * (p1 - p0)).sum(-1)


_NEEDS: frozenset[SignalNeed] = frozenset({"head_outputs", "attention", "head_lists"})
_GRID = ({"query": False}, {"sign": -1}, {"query": False, "sign": -1})
ATTENTION_INFLUENCE = FormulaSignal(
    "attention_influence",
    "arXiv 2505.07293",
    "Minus the bits that the emitted token loses without the retrieval heads.",
    _NEEDS,
    "nothing",
    _influence,
    extra_forwards=1,
    extra_tokens="last token",
    settings=AblationSettings,
    grid=_GRID,
)
ABLATED_HEADS_KL = FormulaSignal(
    "ablated_heads_kl",
    "Ships, our reading",
    "Minus KL(p1 || p1 without the retrieval heads).",
    _NEEDS,
    "nothing",
    _divergence,
    extra_forwards=1,
    extra_tokens="last token",
    settings=AblationSettings,
    grid=_GRID,
)
