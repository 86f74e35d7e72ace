"""Asks whether values should be given to owners jointly, as research for a resolver that needs no records.

Each question is asked of every owner in turn; see the measure `assignment`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from pydantic import Field, JsonValue

from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, GridExperiment, GridRun, Point
from guardbind_bench.experiments.options import check_text_tasks
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.measures.assignment import AssignmentOptions
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.harm.building import built
from guardbind_bench.stats.statistics import count, difference, exact_share, mcnemar, quantity, share

__all__ = ["EXPERIMENT", "AssignmentExperiment", "AssignmentSettings"]

_ALL = "all"


class AssignmentSettings(AssignmentOptions):
    """The options of the experiment."""

    sure: float = Field(default=5.0, ge=0)
    """Margin in nats from which an assignment counts as sure."""


class AssignmentExperiment(GridExperiment[AssignmentSettings]):
    """Scores every value for every owner, and compares the model's own choice with the best assignment."""

    name = "assignment"
    title = "Does it help to give the values to all owners jointly?"
    version = 1
    place = 37
    findings = (
        FindingRule(
            "Is the value right that the best assignment gives?",
            "assignment",
            (
                FindingNumber("right by the model's own choice", "own_choice"),
                FindingNumber("right jointly", "joint_choice"),
            ),
            {"task": _ALL},
        ),
    )
    option_type = AssignmentSettings
    measure = "assignment"
    axes = ("tasks", "ks")
    row_keys = ("task", "k")

    def check(self, settings: Settings, options: AssignmentSettings) -> None:
        """Check that the tasks are of texts and have the set of wordings."""
        check_text_tasks(settings.tasks)
        for task in settings.tasks:
            built(task, k=0, seed=settings.seed, wordings=options.wordings)

    def cell_options(self, point: Point, options: AssignmentSettings) -> dict[str, JsonValue]:
        """Return what the measure is told."""
        return options.model_dump(mode="json", exclude={"sure"})

    def condition_keys(self, cell: BenchCell) -> dict[str, RowKey]:
        """Return task, size and set."""
        return {**super().condition_keys(cell), "wordings": str(cell.options["wordings"])}

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[AssignmentSettings]) -> Iterator[TableRow]:
        """Make the row of each condition, and then that of all tasks of the same size."""
        held: dict[tuple[RowKey, RowKey], list[pd.DataFrame]] = {}
        for condition in conditions:
            run.progress(str(condition))
            frame, refusals = run.data.frame(condition.requests[0]), run.refusals(condition.requests)
            if frame.empty:
                yield from self.refused(condition, run, *(refusals or [self.without_records]))
                continue
            keys = run.keys(condition.keys)
            yield _row(keys, frame, run.options.sure, refusals)
            held.setdefault((keys["k"], keys["wordings"]), []).append(frame)
        for (k, wordings), frames in held.items():
            if len(frames) > 1:
                keys = run.keys({"task": _ALL, "k": k, "wordings": wordings})
                yield _row(keys, pd.concat(frames, ignore_index=True), run.options.sure, [])


def _row(keys: dict[str, RowKey], frame: pd.DataFrame, sure: float, notes: Iterable[str]) -> TableRow:
    known = frame[frame["rivals"].notna()]
    own, swapped, joint = (known[name].to_numpy(bool) for name in ("own_right", "swapped_right", "joint_right"))
    certain = known["joint_margin"].to_numpy(float) >= sure
    better, worse = int((joint & ~own).sum()), int((own & ~joint).sum())
    values: dict[str, Estimate] = {
        "owners": quantity(float(known["rivals"].mean()) if len(known) else None, len(known)),
        "own_choice": share(own),
        "swapped_choice": share(swapped),
        "joint_choice": share(joint),
        "joint_over_own": difference(joint, own),
        "wrong_to_right": count(better, len(known)),
        "right_to_wrong": count(worse, len(known)),
        "mcnemar_p": quantity(mcnemar(worse, better), len(known)),
        "joint_sure": share(certain),
        "sure_wrong": exact_share(~joint[certain]),
        "sure_spoiled": exact_share(np.array(~joint & certain)[own]),
    }
    return TableRow(table="assignment", keys=keys, values=values, notes=tuple(notes))


EXPERIMENT: Experiment = AssignmentExperiment()
