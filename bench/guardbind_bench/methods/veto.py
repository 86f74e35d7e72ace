"""Answers under the guard's policy `veto`."""

from __future__ import annotations

from guardbind_bench.methods.guarding import Guarding

__all__ = ["VETO"]

VETO = Guarding(
    "veto",
    "veto",
    "The guard's veto, told the span.",
    "span",
    "span",
    (
        {"min_evidence_bits": 1.5},
        {"min_evidence_bits": 5.0},
        {"plausibility": 0.001},
    ),
)
