"""Answers under the guard's policy `attend`."""

from __future__ import annotations

from guardbind_bench.methods.guarding import Guarding

__all__ = ["ATTEND", "ATTEND_TARGET"]

_GRID = ({"min_evidence_bits": 1.5}, {"min_evidence_bits": 5.0}, {"min_evidence_bits": 8.0})

ATTEND = Guarding("attend", "attend", "The guard's attention on the span that it is told.", "span", "span", _GRID)
ATTEND_TARGET = Guarding(
    "attend_target",
    "attend",
    "The guard's attention on the target's evidence, told all values and the target.",
    "target",
    "target",
    _GRID,
)
