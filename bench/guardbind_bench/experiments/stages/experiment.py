"""Sorts answers by where they go wrong: no candidate is written (2A), or another one than the target (2B)."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from guardbind_bench.experiments.experiment import Experiment
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import CellExperiment, Condition, GridRun
from guardbind_bench.experiments.shared.forms import ReadingOptions
from guardbind_bench.experiments.shared.letters import letter_estimates
from guardbind_bench.experiments.shared.readings import READING_KEYS, Readings, stage_estimates
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.registry import is_lettered

__all__ = ["EXPERIMENT", "StagesExperiment"]


class StagesExperiment(CellExperiment[ReadingOptions]):
    """Reads each prompt once and sorts the answers."""

    name = "stages"
    title = "Where answers go wrong: gate failures (2A) and binding failures (2B)"
    version = 2
    aliases = ("stage_decomposition", "qwen_full", "baseline_by_distance", "notes_binding")
    place = 10
    findings = (
        FindingRule(
            "How often is the unguarded model right, and how does it fail?",
            "stages",
            (FindingNumber("right", "acc"), FindingNumber("2A", "rate_2a"), FindingNumber("2B", "rate_2b")),
        ),
    )
    option_type = ReadingOptions
    measure = "reading"
    axes = ("tasks", "fillers", "styles", "layouts", "asked", "templates", "ks")
    row_keys = READING_KEYS

    def rows(self, condition: Condition, frame: pd.DataFrame, run: GridRun[ReadingOptions]) -> Iterator[TableRow]:
        """Sort the answers of a cell; those to lettered options are told apart by letter, too."""
        keys = run.keys(condition.keys)
        readings = Readings.of(frame)
        values, notes = stage_estimates(readings)
        yield TableRow(table="stages", keys=keys, values=values, notes=notes)
        if _lettered(condition):
            yield TableRow(table="notes", keys=keys, values=letter_estimates(readings))
        else:
            yield TableRow(table="baseline", keys=keys, values=self.shown("baseline", values))

    def refused(self, condition: Condition, run: GridRun[ReadingOptions], *reasons: str) -> Iterator[TableRow]:
        """Yield a row that says why; of a task with lettered options, in both tables."""
        yield from super().refused(condition, run, *reasons)
        if _lettered(condition):
            yield TableRow(table="notes", keys=run.keys(condition.keys), values={}, notes=reasons)


def _lettered(condition: Condition) -> bool:
    return is_lettered(condition.requests[0].cell.task)


EXPERIMENT: Experiment = StagesExperiment()
