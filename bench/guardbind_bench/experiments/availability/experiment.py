"""Asks whether it helps `auto` to know whether the residual names the value that is meant.

Every arm answers the same prompts, so that all differences are of pairs: with what a probe says used, ignored, and
replaced by a coin. A trial whose measurement failed under any arm is left out of all, and a note says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd
from pydantic import JsonValue

from guardbind_bench.experiments.availability.rows import ALL, availability_rows
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, GridExperiment, GridRun, Point
from guardbind_bench.experiments.options import check_names, check_text_tasks
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.measures.availability import USED, AvailabilityOptions
from guardbind_bench.registry import TEXT_TASKS

__all__ = ["EXPERIMENT", "AvailabilityExperiment"]


class AvailabilityExperiment(GridExperiment[AvailabilityOptions]):
    """Answers every prompt, of tokens and of texts, under `auto` with a probe used, ignored, and drawn at random."""

    name = "availability"
    title = "Does it help to know whether the residual names the value that is meant?"
    version = 1
    place = 75
    findings = (
        FindingRule(
            "Does the residual help to choose the remedy?",
            "availability",
            (
                FindingNumber("right with it, less without", "over_ignored", {"arm": USED}),
                FindingNumber("of right answers spoiled", "arm_spoiled", {"arm": USED}),
            ),
        ),
    )
    option_type = AvailabilityOptions
    measure = "availability"
    axes = ("tasks", "fillers", "ks")
    row_keys = ("task", "filler", "k")

    def check(self, settings: Settings, options: AvailabilityOptions) -> None:
        """Check that the tasks, of tokens or of texts, and the fillers are registered."""
        texts = [task for task in settings.tasks if task in TEXT_TASKS]
        check_text_tasks(texts)
        check_names([task for task in settings.tasks if task not in texts], settings.fillers)

    def cell_options(self, point: Point, options: AvailabilityOptions) -> dict[str, JsonValue]:
        """Return what the measure is told."""
        return options.model_dump(mode="json")

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[AvailabilityOptions]) -> Iterator[TableRow]:
        """Make the rows of each condition, and then those of all tasks of one kind, filler and size."""
        held: dict[tuple[bool, RowKey, RowKey], list[pd.DataFrame]] = {}
        for condition in conditions:
            run.progress(str(condition))
            frame, refusals = run.data.frame(condition.requests[0]), run.refusals(condition.requests)
            if frame.empty:
                yield from self.refused(condition, run, *(refusals or [self.without_records]))
                continue
            keys = run.keys(condition.keys)
            frame = frame.assign(task=keys["task"])
            yield from availability_rows(keys, frame, refusals)
            held.setdefault((keys["task"] in TEXT_TASKS, keys["filler"], keys["k"]), []).append(frame)
        for (_, filler, k), frames in held.items():
            if len(frames) > 1:
                keys = run.keys({"task": ALL, "filler": filler, "k": k})
                yield from availability_rows(keys, pd.concat(frames, ignore_index=True), [])


EXPERIMENT: Experiment = AvailabilityExperiment()
