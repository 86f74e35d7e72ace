"""Asks whether the value is there, in the residual, where the model writes another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Literal, cast

from pydantic import Field, JsonValue

from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, GridExperiment, GridRun, Point, with_notes
from guardbind_bench.experiments.probe.bilinear_rows import bilinear_rows
from guardbind_bench.experiments.probe.data import TRAINING, TrainTest, embeddings, train_and_test
from guardbind_bench.experiments.probe.linear import LinearProbe
from guardbind_bench.experiments.probe.rows import FEWEST, label, layer_rows, model_rows, published_row, transfer_row
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.prompts.cell import Asked, CellRequest

__all__ = ["EXPERIMENT", "ProbeExperiment", "ProbeOptions"]

_NO_EMBEDDINGS = "the trial that gives the embeddings of the candidates could not be read."

Fitted = tuple[Condition, TrainTest, dict[int, LinearProbe]]
"""A condition, its trials, and the probe of each layer."""


class ProbeOptions(Frozen):
    """Options of the experiment."""

    layers: list[int] | Literal["paper", "quarters", "all"] = "quarters"
    """Decoder layers to read, as in the measure `residuals`."""
    asked: list[Asked] = Field(default=["random", "fixed"], min_length=1)
    """Which key is asked for: drawn at random, or always the first, where a probe can do without the question."""
    train_trials: int = Field(default=800, ge=50, le=TRAINING)
    """Training trials per cell."""
    fits: int = Field(default=5, ge=1)
    """Fits of each linear probe, and splits of the values for the bilinear ones."""
    rank: int = Field(default=32, ge=1)
    """Rank of the bilinear probes."""


class ProbeExperiment(GridExperiment[ProbeOptions]):
    """Fits probes on fresh trials and tests them on others, by what the model writes there."""

    name = "probe"
    title = "What probes find in the residual where the model writes a wrong value, and what they owe to the task"
    version = 2
    aliases = ("probe_on_stage2b_errors",)
    place = 70
    findings = (
        FindingRule(
            "On 2B errors, does a probe know more than the model's second choice?",
            "probe_layers",
            (
                FindingNumber("probe at the last", "on_2b", {"probe": "standardised"}, ("layer", "largest")),
                FindingNumber("second choice", "on_2b", {"probe": "runner_up"}),
            ),
        ),
    )
    option_type = ProbeOptions
    measure = "residuals"
    axes = ("tasks", "fillers", "ks", "asked")
    row_keys = ("task", "filler", "k", "asked")
    one_thread = True
    without_records = "no trial could be read"

    def beforehand(self, settings: Settings, options: ProbeOptions) -> list[CellRequest]:
        """Return one trial per task, for the embeddings."""
        return [self._embeddings(task, settings, options) for task in settings.tasks]

    def requests(self, point: Point, settings: Settings, options: ProbeOptions) -> tuple[CellRequest, CellRequest]:
        """Return a training and a test request."""
        return train_and_test(self.cell(point, settings, options), options.train_trials, settings.trials)

    def cell_options(self, point: Point, options: ProbeOptions) -> dict[str, JsonValue]:
        """Return the layers."""
        return {"layers": cast(JsonValue, options.layers)}

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[ProbeOptions]) -> Iterator[TableRow]:
        """Fit and test the probes of every cell; test them in the other cells, and probes that know no value."""
        fitted: list[Fitted] = []
        for condition in conditions:
            pair, missing = self._trials(condition, run)
            if pair is None:
                yield from self.refused(condition, run, missing)
                continue
            rows, probes = _linear_rows(condition, pair, run)
            fitted.append((condition, pair, probes))
            yield from (with_notes(row, pair.notes) for row in rows)
        for (condition, pair, _), (other, _, probes) in product(fitted, fitted):
            if other.keys["asked"] == condition.keys["asked"]:
                for layer, probe in probes.items():
                    row = transfer_row(run.keys(condition.keys), pair.test, layer, probe, run.keys(other.keys))
                    yield with_notes(row, pair.notes)
        yield from self._bilinear_rows(fitted, run)

    def _embeddings(self, task: str, settings: Settings, options: ProbeOptions) -> CellRequest:
        # The candidates of a task do not depend on the filler, nor on its length.
        first: Point = {"task": task, "filler": settings.fillers[0], "k": min(settings.ks), "asked": options.asked[0]}
        only = {"options": {"layers": [], "embeddings": True}}
        return CellRequest(cell=self.cell(first, settings, options).model_copy(update=only), trials=1)

    def _trials(self, condition: Condition, run: GridRun[ProbeOptions]) -> tuple[TrainTest | None, str]:
        """Return training and test trials, or None and why."""
        if refusals := run.refusals(condition.requests):
            return None, refusals[0]
        pair = TrainTest.read(condition.requests, run.data)
        if pair is None:
            return None, self.without_records
        if pair.words < 2 or len(pair.train) < FEWEST:
            return None, f"{len(pair.train)} training trials with {pair.words} words are too few for a probe"
        return pair, ""

    def _bilinear_rows(self, fitted: Sequence[Fitted], run: GridRun[ProbeOptions]) -> Iterator[TableRow]:
        settings, options = run.settings, run.options
        read = {tuple(condition.keys.values()): pair for condition, pair, _ in fitted}
        for task, filler, k in product(settings.tasks, settings.fillers, settings.ks):
            shared = run.keys({"task": task, "filler": filler, "k": k})
            run.progress(f"{label(shared)}, bilinear probes")
            matrix = embeddings(run.data.frame(self._embeddings(task, settings, options)))
            pairs: dict[Asked, TrainTest] = {
                asked: pair for asked in options.asked if (pair := read.get((task, filler, k, asked))) is not None
            }
            if matrix is not None:
                yield from bilinear_rows(shared, pairs, matrix, rank=options.rank, seeds=_seeds(run))
                continue
            for asked in pairs:
                about: dict[str, RowKey] = {**shared, "asked": asked}
                yield TableRow(table="probe_bilinear", keys=about, values={}, notes=(_NO_EMBEDDINGS,))


def _seeds(run: GridRun[ProbeOptions]) -> list[int]:
    return [run.settings.seed + i for i in range(run.options.fits)]


def _linear_rows(
    condition: Condition, pair: TrainTest, run: GridRun[ProbeOptions]
) -> tuple[list[TableRow], dict[int, LinearProbe]]:
    """Return the rows of the linear probes of one condition, and the standardised one of each layer."""
    keys = run.keys(condition.keys)
    published: dict[int, LinearProbe] = {}
    standardised: dict[int, LinearProbe] = {}
    rows = model_rows(keys, pair.train, pair.test)
    for layer in pair.train.layers:
        run.progress(f"{label(keys)}, asked key {keys['asked']}, layer {layer}")
        of_layer, probes = layer_rows(keys, pair.train, pair.test, layer, _seeds(run))
        rows += of_layer
        published[layer], standardised[layer] = probes["published"], probes["standardised"]
    return [published_row(keys, pair.test, published), *rows], standardised


EXPERIMENT: Experiment = ProbeExperiment()
