"""Reads out of a slot's record the numbers that tell a right answer from a wrong one, by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from guardbind.events.records import SlotRecord

__all__ = ["NAMES", "SIGNALS", "SlotSignal", "signals_of"]


@dataclass(frozen=True, slots=True)
class SlotSignal:
    """A number of a slot's record.

    Attributes:
        name: What it is called.
        suspicious: Which side of it speaks against the answer.
        read: The number of a record, None where it was not measured.
    """

    name: str
    suspicious: Literal["low", "high"]
    read: Callable[[SlotRecord], float | None]


def _budget_margin(record: SlotRecord) -> float | None:
    return None if record.budget is None else record.budget.margin_bits


def _final_margin(record: SlotRecord) -> float | None:
    written = record.final_budget or record.budget
    return None if written is None else written.margin_bits


SIGNALS: dict[str, SlotSignal] = {
    signal.name: signal
    for signal in (
        SlotSignal("evidence_bits", "low", lambda record: record.evidence_bits),
        SlotSignal("gate_gap", "low", lambda record: record.gate_gap),
        SlotSignal("value_gap", "low", lambda record: record.value_gap),
        SlotSignal("budget_margin_bits", "low", _budget_margin),
        SlotSignal("final_margin_bits", "low", _final_margin),
        SlotSignal("target_score", "low", lambda record: record.target_score),
        SlotSignal("question_lead", "low", lambda record: record.question_lead),
        SlotSignal("margin", "low", lambda record: record.margin),
        SlotSignal("max_probability", "low", lambda record: record.max_probability),
        SlotSignal("entropy_bits", "high", lambda record: record.entropy_bits),
    )
}
"""Every signal by its name. All but `final_margin_bits` are of the model's own token; that one is of the token that was
written, and equals `budget_margin_bits` where that is the same."""

NAMES: tuple[str, ...] = tuple(SIGNALS)
"""The names, in the order in which they are shown."""


def signals_of(record: SlotRecord) -> dict[str, float]:
    """Return the signals of a slot; what was not measured, or is not finite, is left out.

    Bits and gaps are in bits and logits, shares in [0, 1]. `SIGNALS[name].suspicious` says which side of a signal
    speaks against the answer.
    """
    found = {name: signal.read(record) for name, signal in SIGNALS.items()}
    return {name: value for name, value in found.items() if value is not None and math.isfinite(value)}
