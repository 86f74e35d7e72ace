"""Reads the signals of a slot's record: numbers that are suspicious when they are low, or when they are high."""

from __future__ import annotations

import math
from typing import Literal

from guardbind.events.records import SlotRecord

__all__ = ["SIGNALS", "signals_of"]

SIGNALS: dict[str, Literal["low", "high"]] = {
    "entropy_bits": "high",
    "evidence_bits": "low",
    "gate_gap": "low",
    "margin": "low",
    "margin_bits": "low",
    "max_probability": "low",
    "observed_bits": "low",
    "question_lead": "low",
    "target_score": "low",
    "value_gap": "low",
}
"""Name of a signal to the side on which it is suspicious."""


def signals_of(record: SlotRecord) -> dict[str, float]:
    """Return the signals of a slot, all on the model's own token; what was not read or is infinite is left out.

    Args:
        record: The record of a slot, with or without its text.
    """
    budget = record.budget
    read = {
        "entropy_bits": record.entropy_bits,
        "evidence_bits": record.evidence_bits,
        "gate_gap": record.gate_gap,
        "margin": record.margin,
        "margin_bits": None if budget is None else budget.margin_bits,
        "max_probability": record.max_probability,
        "observed_bits": None if budget is None else budget.observed_bits,
        "question_lead": record.question_lead,
        "target_score": None if record.target is None else record.target_score,
        "value_gap": record.value_gap,
    }
    return {name: float(value) for name, value in read.items() if value is not None and math.isfinite(value)}
