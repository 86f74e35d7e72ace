"""Draws answers: how many agree with the one that is written, and the entropy of what they mean."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.signals.confidence import entropy_of
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalSettings

__all__ = ["SAMPLE_AGREEMENT", "SEMANTIC_ENTROPY", "SampleSettings", "SemanticEntropySettings"]


class SampleSettings(SignalSettings):
    """The hyper-parameters of agreement."""

    samples: int = Field(default=5, ge=1)
    """How many answers are drawn."""
    temperature: float = Field(default=1.0, gt=0)
    """Of the softmax that they are drawn from."""


class SemanticEntropySettings(SampleSettings):
    """The hyper-parameters of semantic entropy."""

    samples: int = Field(default=10, ge=1)
    """How many answers are drawn."""


def _agreement(reading: SlotReading, settings: SampleSettings) -> Tensor:
    drawn = reading.drawn(settings.samples, settings.temperature)
    return 1 - (drawn == reading.emitted.cpu()[:, None]).float().mean(-1)


def _semantic_entropy(reading: SlotReading, settings: SemanticEntropySettings) -> Tensor:
    rows = []
    for row in reading.drawn(settings.samples, settings.temperature, among=True):
        # Values of one token mean the same where they are the same.
        counts = row.unique(return_counts=True)[1].float()
        rows.append(entropy_of((counts / counts.sum()).log()))
    return torch.stack(rows)


SAMPLE_AGREEMENT = FormulaSignal(
    "sample_agreement",
    "arXiv 2203.11171",
    "Share of 5 drawn answers that are not the one written.",
    frozenset({"logits", "samples"}),
    "nothing",
    _agreement,
    settings=SampleSettings,
    grid=({"temperature": 0.5}, {"samples": 20}),
)
SEMANTIC_ENTROPY = FormulaSignal(
    "semantic_entropy",
    "arXiv 2302.09664",
    "Entropy of the values of 10 answers drawn among the candidates.",
    frozenset({"logits", "samples"}),
    "candidates",
    _semantic_entropy,
    settings=SemanticEntropySettings,
    grid=({"temperature": 0.5}, {"samples": 20}),
)
