"""Declares what an experiment finds out: which numbers of its tables a report may open with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from guardbind_bench.experiments.table import RowKey

__all__ = ["FindingNumber", "FindingRule"]


@dataclass(frozen=True, slots=True)
class FindingNumber:
    """One number of a finding.

    Attributes:
        label: What it is called.
        column: The column it stands in.
        where: Keys of its rows, beside those of the rule.
        end: Key of which the smallest or the largest value is taken, among rows that are otherwise about the same.
    """

    label: str
    column: str
    where: Mapping[str, RowKey] = field(default_factory=dict)
    end: tuple[str, Literal["smallest", "largest"]] | None = None


@dataclass(frozen=True, slots=True)
class FindingRule:
    """Where a finding is read from; it is left out where a run has no condition with all of its numbers.

    Attributes:
        title: What it answers.
        table: The table its numbers stand in.
        numbers: The numbers, of rows that are about the same but for what the numbers say.
        where: Keys that all of its rows have.
        apart: Further keys that its numbers may differ in, as what a policy is told.
        pooled: Whether the conditions are taken together, which only shares of trials and counts of trials allow;
            without it the first condition is told, and from where to where the others go.
    """

    title: str
    table: str
    numbers: tuple[FindingNumber, ...]
    where: Mapping[str, RowKey] = field(default_factory=dict)
    apart: tuple[str, ...] = ()
    pooled: bool = False
