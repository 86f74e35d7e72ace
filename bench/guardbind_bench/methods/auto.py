"""Answers under the guard's policy `auto`."""

from __future__ import annotations

from guardbind_bench.methods.guarding import Guarding

__all__ = ["AUTO", "AUTO_RESOLVED"]

_GRID = ({"alpha": 4.0}, {"min_evidence_bits": 5.0}, {"alpha": 4.0, "plausibility": 0.001})

AUTO = Guarding("auto", "auto", "The guard's default, told the span.", "span", "span", _GRID)
AUTO_RESOLVED = Guarding(
    "auto_resolved",
    "auto",
    "The guard's default, which finds the target itself.",
    "bindings",
    "bindings",
    _GRID,
    extra_forwards=5,
)
