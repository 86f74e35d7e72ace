"""Reads whether another candidate stood high while the question was read, and fell before the answer."""

from __future__ import annotations

import torch
from torch import Tensor

from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignedSettings

__all__ = ["EVIDENCE_CLIFF", "cliff"]


def cliff(logprobs: Tensor) -> Tensor:
    """Return by how much a candidate fell from its highest to its last place, the largest such fall, nats.

    Args:
        logprobs: Of candidates at each token `[tokens, candidates]`.

    Example:
        >>> import torch
        >>> from guardbind_bench.signals.evidence_cliff import cliff
        >>> float(cliff(torch.tensor([[-1.0, -4.0], [-3.0, -2.0], [-3.5, -2.0]])))
        2.5
    """
    return (logprobs.amax(0) - logprobs[-1]).amax()


def _cliff(reading: SlotReading, settings: SignedSettings) -> Tensor:
    rows = []
    for place, trial in enumerate(reading.trials):
        read = torch.log_softmax(reading.lens.logits(reading.last_layer[place, reading.start :]), -1)
        others = sorted({value.token for value in trial.candidates} - {int(reading.emitted[place])})
        rows.append(cliff(read[:, others]) if others else read.new_zeros(()))
    return settings.sign * torch.stack(rows)


EVIDENCE_CLIFF = FormulaSignal(
    "evidence_cliff",
    "arXiv 2510.06036",
    "How far another candidate fell over the question, read by the last layer in the place of a trained probe.",
    frozenset({"layers"}),
    "candidates",
    _cliff,
    settings=SignedSettings,
    grid=({"sign": -1},),
)
