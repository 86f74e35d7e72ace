"""`distance`: how accuracy falls with the distance between a value and the question."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import numpy as np
import pandas as pd
from pydantic import JsonValue

from guardbind_bench.experiments.experiment import Data, Experiment, Settings
from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.shared.reading_cells import (
    STAGE_COLUMNS,
    ReadingOptions,
    Readings,
    keys_of,
    reading_requests,
    stage_estimates,
)
from guardbind_bench.experiments.table import Key, Row, Table
from guardbind_bench.prompts.cell import Request
from guardbind_bench.stats.decay_fit import fit_decay
from guardbind_bench.stats.statistics import quantity

__all__ = ["EXPERIMENT", "Distance"]

_SHOWN = (
    "acc",
    "cand_acc",
    "rate_2a",
    "rate_2b",
    "error_share_2a",
    "error_share_2b",
    "gate_gap_mean",
    "value_gap_mean",
    "distance",
    "n",
)
_BY_PLACE = ("acc", "rate_2a", "rate_2b", "competitor_share", "distance", "n")
# More of them are no places in a prompt but prompts of unequal length.
_MOST_PLACES = 4

TABLES = (
    Table(
        id="distance",
        title="Accuracy by distance",
        columns={name: STAGE_COLUMNS[name] for name in _SHOWN},
        published="qwen_full",
        figure="decay",
    ),
    Table(
        id="distance_by_place",
        title="Accuracy by which of the statements is asked for",
        columns={name: STAGE_COLUMNS[name] for name in _BY_PLACE},
        figure="decay",
    ),
    Table(
        id="decay",
        title="Fitted decay: accuracy = 1 / (1 + (distance / half)^slope)",
        columns={
            "half_distance": columns.tokens("half-distance", "Distance at which the curve is at one half."),
            "slope": columns.ratio("slope", "Log-odds of a right answer lost per e-fold of the distance."),
            "fit_p": columns.p("p of the fit", "Small when the accuracies do not follow such a curve (deviance)."),
            "distances": columns.count("distances", "Different distances in the trials."),
        },
    ),
)


class Distance:
    """Fits a curve through the trials of all `k` of a task, filler and form."""

    name = "distance"
    title = "How accuracy falls with the distance between a value and the question"
    version = 2
    aliases: tuple[str, ...] = ()
    tables: tuple[Table, ...] = TABLES
    defaults: dict[str, JsonValue] = ReadingOptions().model_dump(mode="json")

    def plan(self, settings: Settings) -> list[Request]:
        """Return one request per task, filler, form and `k`; they are those of `stages`.

        Raises:
            ConfigError: An option is unknown or does not fit.
            UnknownNameError: A task or filler is not registered.
        """
        return reading_requests(settings, self.name)

    def summarise(self, data: Data, settings: Settings, progress: Callable[[str], None]) -> list[Row]:
        """Return a row per cell and one with the fit per task, filler and form."""
        rows: list[Row] = []
        for (task, filler, form), requests in groupby(
            self.plan(settings), key=lambda request: (request.cell.task, request.cell.filler, request.cell.form)
        ):
            progress(f"{task} / {filler} / {form.style} {form.layout} {form.asked} {form.template}")
            rows += _rows(data, list(requests))
        return rows


def _rows(data: Data, requests: list[Request]) -> list[Row]:
    rows, distances, right, notes = [], [], [], []
    for request in requests:
        keys = keys_of(data.model, request.cell)
        frame = data.frame(request)
        if frame.empty:
            why = data.refusal(request) or "there are no records."
            rows.append(Row(table="distance", keys=keys, values={}, notes=(why,)))
            notes.append(f"k = {request.cell.k} is missing: {why}")
            continue
        readings = Readings.of(frame)
        values, said = stage_estimates(readings)
        rows.append(Row(table="distance", keys=keys, values={name: values[name] for name in _SHOWN}, notes=said))
        rows += _by_place(keys, frame)
        distances.append(readings.numbers("distance"))
        right.append(readings.right)
    cell = requests[0].cell
    keys = {name: value for name, value in keys_of(data.model, cell).items() if name != "k"}
    if not distances:
        return [*rows, Row(table="decay", keys=keys, values={}, notes=tuple(notes))]
    everywhere = np.concatenate(distances)
    fit = fit_decay(everywhere, np.concatenate(right))
    if fit.note:
        notes.append(fit.note)
    if cell.form.asked == "random" and len(set(everywhere)) > len(distances):
        notes.append("which key is asked for and the distance vary together: the curve holds the effects of both.")
    n = len(everywhere)
    values = {
        "half_distance": fit.half,
        "slope": fit.slope,
        "fit_p": quantity(fit.p_fit, n),
        "distances": quantity(float(len(set(everywhere))), n),
    }
    return [*rows, Row(table="decay", keys=keys, values=values, notes=tuple(notes))]


def _by_place(keys: dict[str, Key], frame: pd.DataFrame) -> list[Row]:
    """Return a row per place that is asked for: a curve over distance cannot tell it from a bias for a place."""
    places = sorted(frame["distance"].dropna().unique(), reverse=True)
    if not 1 < len(places) <= _MOST_PLACES:
        return []
    rows = []
    for place, distance in enumerate(places, 1):
        values, _ = stage_estimates(Readings.of(frame[frame["distance"] == distance]))
        named = {**keys, "asked_for": f"statement {place} of {len(places)} asked for"}
        rows.append(Row(table="distance_by_place", keys=named, values={name: values[name] for name in _BY_PLACE}))
    return rows


EXPERIMENT: Experiment = Distance()
