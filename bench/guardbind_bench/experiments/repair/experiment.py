"""Compares what the guard makes of wrong bindings with candidate-only decoding and checkpoints in the prompt.

Every arm answers the same trials, so that all differences are of pairs.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pydantic import Field, JsonValue

from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import CellExperiment, Condition, GridRun, Point
from guardbind_bench.experiments.shared.failures import without_failures
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.measures.repair import DEFAULT_ARMS, UNGUARDED, check_arms
from guardbind_bench.stats.statistics import count, difference, mcnemar, mean, quantity, share, share_removed

__all__ = ["EXPERIMENT", "RepairExperiment", "RepairSettings"]


class RepairSettings(FormOptions):
    """The options of the experiment."""

    arms: tuple[str, ...] = Field(default=DEFAULT_ARMS, min_length=1)
    """Ways to answer: a registered policy, also with /resolved or /evidence; `candidates`; checkpoint arms as
    `oracle:64`; the unguarded model always."""


class RepairExperiment(CellExperiment[RepairSettings]):
    """Answers every trial under every arm."""

    name = "repair"
    title = "What does the guard repair, what does it spoil, and what does it cost?"
    version = 2
    place = 30
    findings = (
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
    )
    option_type = RepairSettings
    measure = "repair"

    def check(self, settings: Settings, options: RepairSettings) -> None:
        """Check that there are such arms, too."""
        super().check(settings, options)
        check_arms(options.arms)

    def cell_options(self, point: Point, options: RepairSettings) -> dict[str, JsonValue]:
        """Return the arms."""
        return {"arms": list(options.arms)}

    def rows(self, condition: Condition, frame: pd.DataFrame, run: GridRun[RepairSettings]) -> Iterator[TableRow]:
        """Make a row for each arm, the unguarded one first."""
        records, notes = without_failures(frame)
        if records.empty:
            yield from self.refused(condition, run, *notes)
            return
        keys = run.keys(condition.keys)
        before = records[records["arm"] == UNGUARDED].set_index("index")
        for arm, group in records.groupby("arm", sort=False):
            told, refused = str(group["told"].iloc[0]), group["refused"].iloc[0]
            if isinstance(refused, str):
                yield _row(keys, str(arm), told, {}, refused)
                continue
            after = group.set_index("index").loc[before.index]
            values = _rates(after) if arm == UNGUARDED else _rates(after) | _changes(after, before)
            yield _row(keys, str(arm), told, values, *notes)

    def refused(self, condition: Condition, run: GridRun[RepairSettings], *reasons: str) -> Iterator[TableRow]:
        """Yield a row of no arm that says why."""
        yield _row(run.keys(condition.keys), None, None, {}, *reasons)


def _row(
    keys: dict[str, RowKey], arm: str | None, told: str | None, values: dict[str, Estimate], *notes: str
) -> TableRow:
    return TableRow(table="repair", keys={**keys, "arm": arm, "told": told}, values=values, notes=notes)


def _rates(answers: pd.DataFrame) -> dict[str, Estimate]:
    stage = answers["stage"].to_numpy()
    return {
        "accuracy": share(stage == "right"),
        "rate_2a": share(stage == "2A"),
        "rate_2b": share(stage == "2B"),
    }


def _changes(after: pd.DataFrame, before: pd.DataFrame) -> dict[str, Estimate]:
    right, was_right = (answers["stage"].to_numpy() == "right" for answers in (after, before))
    spoiled, repaired = int((was_right & ~right).sum()), int((right & ~was_right).sum())
    values = {
        "delta": difference(right, was_right),
        "wrong_to_right": count(repaired, len(right)),
        "right_to_wrong": count(spoiled, len(right)),
        "mcnemar_p": quantity(mcnemar(spoiled, repaired), len(right)),
        "reduction_2b": share_removed(*(answers["stage"].to_numpy() == "2B" for answers in (after, before))),
        "extra_forwards": mean(after["extra_forwards"]),
        "tokens_inserted": mean(after["tokens_inserted"]),
        "extra_tokens": mean(after["extra_tokens"]),
        "seconds_ratio_median": quantity(float((after["seconds"] / before["seconds"]).median()), len(right)),
    }
    if after["action"].notna().any():
        acted = (after["action"].notna() & (after["action"] != "none")).to_numpy()
        values |= {
            "acted": share(acted),
            "acted_on_right": share(acted[was_right]),
            "unresolved": share(((after["final_verdict"] == "unresolved") | (after["action"] == "abstain")).to_numpy()),
        }
    return values


EXPERIMENT: Experiment = RepairExperiment()
