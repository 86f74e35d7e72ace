"""Answers under the guard's policy `checkpoint`."""

from __future__ import annotations

from guardbind_bench.methods.guarding import Guarding

__all__ = ["CHECKPOINT"]

CHECKPOINT = Guarding(
    "checkpoint",
    "checkpoint",
    "The guard's checkpoint, told the span: the statement is restated before the slot.",
    "span",
    "span",
    ({"min_evidence_bits": 1.5}, {"min_evidence_bits": 5.0}, {"min_evidence_bits": 8.0}),
    extra_forwards=2,
)
