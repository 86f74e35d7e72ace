"""Sets the nulls that a verdict needs beside every null: the same prompts, answered under both settings."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from pydantic import JsonValue

from guardbind.config import GuardConfig
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import CellExperiment, Condition, GridRun, Point
from guardbind_bench.experiments.options import check_text_tasks
from guardbind_bench.experiments.rivals.rows import rows_of
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.rivals import RivalsOptions

__all__ = ["EXPERIMENT", "RivalsExperiment"]


class RivalsExperiment(CellExperiment[RivalsOptions]):
    """Answers every trial under `rivals="every"` and `rivals="plausible"`; fillers are not used."""

    name = "rivals"
    title = "Do the nulls that a verdict needs decide as every null does?"
    version = 1
    place = 46
    findings = (
        FindingRule(
            "How often is a decision the same when only plausible rivals are taken away?",
            "rivals_slots",
            (FindingNumber("of the slots of both", "same_decision"),),
            pooled=True,
        ),
    )
    option_type = RivalsOptions
    measure = "rivals"
    axes = ("tasks", "ks")
    row_keys = ("task", "k")

    def check(self, settings: Settings, options: RivalsOptions) -> None:
        """Check that the tasks are of texts, and that a guard knows policy, null and resolver."""
        check_text_tasks(settings.tasks)
        GuardConfig(policy=options.policy, null=options.null, resolver=options.resolver)

    def cell_options(self, point: Point, options: RivalsOptions) -> dict[str, JsonValue]:
        """Return the options of the measure."""
        return options.model_dump(mode="json")

    def rows(self, condition: Condition, frame: pd.DataFrame, run: GridRun[RivalsOptions]) -> Iterable[TableRow]:
        """Make the rows of a task and size."""
        return rows_of(run.keys(condition.keys), frame)


EXPERIMENT: Experiment = RivalsExperiment()
"""The registered experiment."""
