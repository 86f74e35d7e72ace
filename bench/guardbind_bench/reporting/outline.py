"""Puts the experiments of a report in order, and collects what it may open with from what each says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guardbind_bench.experiments.experiment import LAST
from guardbind_bench.experiments.finding import FindingRule
from guardbind_bench.registry import EXPERIMENTS

__all__ = ["MOST_FINDINGS", "finding_rules", "place_of"]

MOST_FINDINGS = 8
"""How many findings a report opens with, at most: the first of those that the run allows."""


def place_of(experiment: str) -> tuple[float, str]:
    """Return what experiments are sorted by: the place that each gives itself, and then its name.

    Those that give none come behind, and behind them those that are not registered here.
    """
    if experiment not in EXPERIMENTS:
        return float("inf"), ""
    return float(getattr(EXPERIMENTS.get(experiment), "place", LAST)), experiment


def finding_rules(experiments: Iterable[str]) -> list[FindingRule]:
    """Return what the registered ones among some experiments may find, in the order of the report."""
    known = sorted({name for name in experiments if name in EXPERIMENTS}, key=place_of)
    return [rule for name in known for rule in _findings_of(name)]


def _findings_of(experiment: str) -> Sequence[FindingRule]:
    found: Sequence[FindingRule] = getattr(EXPERIMENTS.get(experiment), "findings", ())
    return found
