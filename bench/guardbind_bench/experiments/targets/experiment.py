"""Counts what the guard would aim at, right, wrong or nothing, on prompts of every kind and on their twins.

By words no model is run, by reading one forward for each prompt. All tasks are counted together, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, GridExperiment, GridRun, Point
from guardbind_bench.experiments.options import check_text_tasks
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.measures.aiming import WORDS
from guardbind_bench.measures.targets import TargetOptions
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.harm.building import built
from guardbind_bench.prompts.harm.wordings import WordingSet
from guardbind_bench.stats.statistics import count, exact_share, share

__all__ = ["ALL", "EXPERIMENT", "TargetsExperiment", "TargetsSettings", "outcome_values"]

ALL = "all"
"""The task of the rows that count every task."""

_PLACES = ("end", "begun")
_DETAILS = {"targets_forms": "form", "targets_languages": "language", "targets_sizes": "size"}
_SIZES = ((2, "02 or less"), (5, "03 to 05"), (10, "06 to 10"), (20, "11 to 20"))


class TargetsSettings(Frozen):
    """The options of the experiment."""

    wordings: tuple[WordingSet, ...] = Field(default=("dev",), min_length=1)
    """Sets of wordings: `dev` to work by, `held` to report on."""
    resolvers: tuple[str, ...] = Field(default=(WORDS,), min_length=1)
    """What says which binding is meant: `words` needs no model, `reading` and `both` do."""


class TargetsExperiment(GridExperiment[TargetsSettings]):
    """Binds each prompt and its twin, and counts targets; fillers are not used."""

    name = "targets"
    title = "What does the guard aim at, and how often is that wrong?"
    version = 1
    place = 36
    findings = (
        FindingRule(
            "How many targets are wrong?",
            "targets_places",
            (FindingNumber("of those resolved", "target_wrong"), FindingNumber("resolved", "target_resolved")),
            {"task": ALL, "place": "begun"},
        ),
    )
    option_type = TargetsSettings
    measure = "targets"
    axes = ("tasks", "ks", "wordings", "resolvers")
    row_keys = ("task", "k")

    def check(self, settings: Settings, options: TargetsSettings) -> None:
        """Check that the tasks are of texts and have the sets."""
        check_text_tasks(settings.tasks)
        for task in settings.tasks:
            for wordings in options.wordings:
                built(task, k=0, seed=settings.seed, wordings=wordings)

    def cell_options(self, point: Point, options: TargetsSettings) -> dict[str, JsonValue]:
        """Return which set of wordings, and which resolver."""
        return TargetOptions.model_validate({"wordings": point["wordings"], "resolver": point["resolvers"]}).model_dump(
            mode="json"
        )

    def condition_keys(self, cell: BenchCell) -> dict[str, RowKey]:
        """Return task, size, set and resolver."""
        return {
            **super().condition_keys(cell),
            "wordings": str(cell.options["wordings"]),
            "resolver": str(cell.options["resolver"]),
        }

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[TargetsSettings]) -> Iterator[TableRow]:
        """Make the rows of each condition, and then those of all tasks of the same size and set."""
        # Of all tasks together where there are several.
        columns = ("form",) if len(run.settings.tasks) > 1 else ("form", "language", "size")
        held: dict[tuple[RowKey, ...], list[pd.DataFrame]] = {}
        for condition in conditions:
            run.progress(str(condition))
            frame, refusals = run.data.frame(condition.requests[0]), run.refusals(condition.requests)
            if refusals or frame.empty:
                yield from self.refused(condition, run, *(refusals or [self.without_records]))
                continue
            keys = run.keys(condition.keys)
            yield from _rows(keys, frame, columns=columns)
            held.setdefault((keys["k"], keys["wordings"], keys["resolver"]), []).append(frame)
        for (k, wordings, resolver), frames in held.items():
            if len(frames) > 1:
                keys = run.keys({"task": ALL, "k": k, "wordings": wordings, "resolver": resolver})
                yield from _rows(keys, pd.concat(frames, ignore_index=True), columns=("language", "size"))


def outcome_values(frame: pd.DataFrame) -> dict[str, Estimate]:
    """Return the shares of what was aimed at in some records: of prompts, and of twins."""
    asked, twins = frame[frame["answerable"]], frame[~frame["answerable"]]
    resolved = asked[asked["outcome"] != "unresolved"]
    aimed = asked["outcome"] != "unresolved"
    return {
        "slot_found": share(asked["found"].to_numpy(bool)),
        "target_resolved": share(aimed.to_numpy(bool)),
        "target_right": share((asked["outcome"] == "right").to_numpy(bool)),
        "target_wrong": exact_share((resolved["outcome"] == "wrong").to_numpy(bool)),
        "targets_wrong": count(int((resolved["outcome"] == "wrong").sum()), len(resolved)),
        "twins_resolved": exact_share((twins["outcome"] != "unresolved").to_numpy(bool)),
    }


def _rows(keys: dict[str, RowKey], frame: pd.DataFrame, *, columns: Sequence[str]) -> Iterator[TableRow]:
    failed = frame["failed"].notna()
    notes: Sequence[str] = ()
    if failed.any():
        notes = (f"{int(failed.sum())} of {len(frame)} places could not be read and are left out.",)
    whole = frame[~failed]
    for place in _PLACES:
        part = whole[whole["place"] == place]
        if not part.empty:
            about: dict[str, RowKey] = {**keys, "place": place}
            yield TableRow(table="targets_places", keys=about, values=outcome_values(part), notes=tuple(notes))
    part = whole[whole["place"] == ("begun" if (whole["place"] == "begun").any() else "end")]
    for how, found in part.groupby("how", sort=True):
        if how != "unresolved":
            yield TableRow(table="targets_how", keys={**keys, "how": str(how)}, values=_how_values(found))
    part = part.assign(size=part["records"].map(_size))
    for table, column in _DETAILS.items():
        if column in columns and part[column].nunique() > 1:
            for value, found in part.groupby(column, sort=True):
                yield TableRow(table=table, keys={**keys, column: str(value)}, values=outcome_values(found))


def _how_values(found: pd.DataFrame) -> dict[str, Estimate]:
    asked = found[found["answerable"]]
    return {
        "targets": count(len(asked), len(asked)),
        "target_wrong": exact_share((asked["outcome"] == "wrong").to_numpy(bool)),
        "twin_targets": count(int((~found["answerable"]).sum()), len(found)),
    }


def _size(records: int) -> str:
    return next((name for most, name in _SIZES if records <= most), "more")


EXPERIMENT: Experiment = TargetsExperiment()
