"""Fits how accuracy falls with the distance between a value and the question."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, ConditionExperiment, GridRun, Point, keys_of
from guardbind_bench.experiments.shared.forms import ReadingOptions
from guardbind_bench.experiments.shared.readings import READING_KEYS, Readings, stage_estimates
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.prompts.cell import CellRequest
from guardbind_bench.stats.decay_fit import fit_decay
from guardbind_bench.stats.statistics import quantity

__all__ = ["EXPERIMENT", "DistanceExperiment"]

# More of them are no places in a prompt but prompts of unequal length.
_MOST_PLACES = 4


class DistanceExperiment(ConditionExperiment[ReadingOptions]):
    """Fits a curve through the trials of all `k` of a task, filler and form."""

    name = "distance"
    title = "How accuracy falls with the distance between a value and the question"
    version = 2
    place = 20
    findings = (
        FindingRule(
            "What does distance do?",
            "distance",
            (
                FindingNumber("right near", "acc", end=("k", "smallest")),
                FindingNumber("right far", "acc", end=("k", "largest")),
            ),
        ),
    )
    option_type = ReadingOptions
    measure = "reading"
    axes = ("tasks", "fillers", "styles", "layouts", "asked", "templates")
    row_keys = tuple(name for name in READING_KEYS if name != "k")

    def requests(self, point: Point, settings: Settings, options: ReadingOptions) -> list[CellRequest]:
        """Return a request for each `k`; they are those of `stages`."""
        cells = [self.cell({**point, "k": k}, settings, options) for k in settings.ks]
        return [CellRequest(cell=cell, trials=settings.trials) for cell in cells]

    def condition_rows(self, condition: Condition, run: GridRun[ReadingOptions]) -> Iterator[TableRow]:
        """Make a row of each cell, and one of the fit through all of them."""
        distances, right, notes = [], [], []
        for request in condition.requests:
            keys = run.keys(keys_of(request.cell, READING_KEYS))
            frame = run.data.frame(request)
            if frame.empty:
                why = run.data.refusal(request) or self.without_records
                yield TableRow(table="distance", keys=keys, values={}, notes=(why,))
                notes.append(f"k = {request.cell.k} is missing: {why}")
                continue
            readings = Readings.of(frame)
            values, said = stage_estimates(readings)
            yield TableRow(table="distance", keys=keys, values=self.shown("distance", values), notes=said)
            yield from self._by_place(keys, frame)
            distances.append(readings.numbers("distance"))
            right.append(readings.right)
        keys = run.keys(condition.keys)
        if not distances:
            yield TableRow(table="decay", keys=keys, values={}, notes=tuple(notes))
            return
        everywhere = np.concatenate(distances)
        fit = fit_decay(everywhere, np.concatenate(right))
        if fit.note:
            notes.append(fit.note)
        if condition.keys["asked"] == "random" and len(set(everywhere)) > len(distances):
            notes.append("which key is asked for and the distance vary together: the curve holds the effects of both.")
        n = len(everywhere)
        values = {
            "half_distance": fit.half,
            "slope": fit.slope,
            "fit_p": quantity(fit.p_fit, n),
            "distances": quantity(float(len(set(everywhere))), n),
        }
        yield TableRow(table="decay", keys=keys, values=values, notes=tuple(notes))

    def _by_place(self, keys: dict[str, RowKey], frame: pd.DataFrame) -> Iterator[TableRow]:
        """Yield a row per place that is asked for: a curve over distance cannot tell it from a bias for a place."""
        places = sorted(frame["distance"].dropna().unique(), reverse=True)
        if not 1 < len(places) <= _MOST_PLACES:
            return
        for place, distance in enumerate(places, 1):
            values, _ = stage_estimates(Readings.of(frame[frame["distance"] == distance]))
            named = {**keys, "asked_for": f"statement {place} of {len(places)} asked for"}
            yield TableRow(table="distance_by_place", keys=named, values=self.shown("distance_by_place", values))


EXPERIMENT: Experiment = DistanceExperiment()
