"""Answers under the guard's policy `contrast`."""

from __future__ import annotations

from guardbind_bench.methods.guarding import Guarding

__all__ = ["CONTRAST", "CONTRAST_TARGET"]

_GRID = ({"alpha": 1.0}, {"alpha": 4.0}, {"alpha": 4.0, "plausibility": 0.001})

CONTRAST = Guarding("contrast", "contrast", "The guard's contrast, told the span.", "span", "span", _GRID)
CONTRAST_TARGET = Guarding(
    "contrast_target", "contrast", "The guard's contrast, told all values and the target.", "target", "target", _GRID
)
