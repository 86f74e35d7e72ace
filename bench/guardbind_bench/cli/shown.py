"""Writes an estimate with its interval, for tables that commands print."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guardbind_bench.experiments.table import Estimate

__all__ = ["shown"]


def shown(estimate: Estimate) -> str:
    """Return a number with its interval, or `none` where there is none."""
    if estimate.value is None:
        return "none"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
