"""Declares in which order a report tells the experiments, and with which numbers it opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from guardbind_bench.experiments.table import RowKey

__all__ = ["FINDINGS", "MOST_FINDINGS", "ORDER", "FindingNumber", "FindingRule"]

ORDER = (
    "stages",
    "distance",
    "repair",
    "applications",
    "pseudo-prior",
    "checkpoint",
    "probe",
    "information",
    "patching",
)
"""Experiments from what happens by way of what helps to why it happens; others come after them."""

MOST_FINDINGS = 8
"""How many findings a report opens with, at most: the first of those that the run allows."""


@dataclass(frozen=True, slots=True)
class FindingNumber:
    """One number of a finding.

    Attributes:
        label: What it is called.
        column: The column it stands in.
        where: Keys of its rows, beside those of the rule.
        end: RowKey of which the smallest or the largest value is taken, among rows that are otherwise about the same.
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


FINDINGS = (
    FindingRule(
        "How often is the unguarded model right, and how does it fail?",
        "stages",
        (FindingNumber("right", "acc"), FindingNumber("2A", "rate_2a"), FindingNumber("2B", "rate_2b")),
    ),
    FindingRule(
        "What does distance do?",
        "distance",
        (
            FindingNumber("right near", "acc", end=("k", "smallest")),
            FindingNumber("right far", "acc", end=("k", "largest")),
        ),
    ),
    FindingRule(
        "What does the guard repair, told only where the evidence stands?",
        "repair",
        (
            FindingNumber("right before", "accuracy", {"arm": "none"}),
            FindingNumber("after", "accuracy", {"arm": "auto/evidence"}),
        ),
        apart=("told",),
    ),
    FindingRule(
        "How many answers does that turn from right to wrong?",
        "repair",
        (FindingNumber("of all trials", "right_to_wrong", {"arm": "auto/evidence"}),),
        pooled=True,
    ),
    FindingRule(
        "What does the guard repair in free answers, told nothing but the prompt?",
        "applications_answers",
        (
            FindingNumber("right before", "accuracy", {"arm": "none"}),
            FindingNumber("after", "accuracy", {"arm": "auto"}),
        ),
        {"direction": "both"},
        pooled=True,
    ),
    FindingRule(
        "How many right ones does that spoil?",
        "applications_repair",
        (FindingNumber("of those right before", "spoiled", {"arm": "auto"}),),
        {"direction": "both"},
        pooled=True,
    ),
    FindingRule(
        "How well are wrong answers told from right ones? (AUROC)",
        "budget_rules",
        (
            FindingNumber("evidence bits", "auroc", {"rule": "evidence_bits"}),
            FindingNumber("margin", "auroc", {"rule": "margin"}),
        ),
        {"over": "vocabulary"},
        ("told", "threshold"),
    ),
    FindingRule(
        "Does restating the bindings in the prompt help?",
        "checkpoint",
        (FindingNumber("right before", "acc_baseline"), FindingNumber("after", "acc_checkpoint")),
        {"arm": "oracle"},
    ),
    FindingRule(
        "On 2B errors, does a probe know more than the model's second choice?",
        "probe_layers",
        (
            FindingNumber("probe at the last", "on_2b", {"probe": "standardised"}, ("layer", "largest")),
            FindingNumber("second choice", "on_2b", {"probe": "runner_up"}),
        ),
    ),
    FindingRule(
        "How much information about the right value goes unused?",
        "information_groups",
        (FindingNumber("unused, nats", "unused"),),
    ),
    FindingRule(
        "How much of the margin does the site that was chosen first bring back?",
        "patching_layers",
        (FindingNumber("share restored", "restoration_ratio_of_means"),),
        {"role": "chosen"},
    ),
)
"""What a report may open with, the most telling first."""
