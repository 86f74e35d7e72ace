"""`probe`: is the value there, in the residual, where the model writes another one?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Literal, cast

from pydantic import Field, JsonValue
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Data, Settings
from guardbind_bench.experiments.options import check_names, read_options
from guardbind_bench.experiments.probe.bilinear_rows import Pair, bilinear_rows
from guardbind_bench.experiments.probe.data import Measured, embeddings, left_out
from guardbind_bench.experiments.probe.linear import LinearProbe
from guardbind_bench.experiments.probe.rows import FEWEST, label, layer_rows, model_rows, published_row, transfer_row
from guardbind_bench.experiments.probe.tables import TABLES
from guardbind_bench.experiments.table import Key, Row, Table
from guardbind_bench.prompts.cell import Asked, Cell, Form, Request

__all__ = ["EXPERIMENT", "TRAINING", "ProbeOptions", "Probes"]

TRAINING = 1_000_000
"""Index of the first training trial; the test trials start at 0."""

_NO_EMBEDDINGS = "the trial that gives the embeddings of the candidates could not be read."

CellKey = tuple[str, str, int, Asked]


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


class Probes:
    """Fits probes on fresh trials and tests them on others, by what the model writes there."""

    name = "probe"
    title = "What probes find in the residual where the model writes a wrong value, and what they owe to the task"
    version = 2
    aliases = ("probe_on_stage2b_errors",)
    tables: tuple[Table, ...] = TABLES
    defaults: dict[str, JsonValue] = ProbeOptions().model_dump(mode="json")

    def plan(self, settings: Settings) -> list[Request]:
        """Return a training and a test request for each cell, and one trial per task for the embeddings.

        Raises:
            ConfigError: An option does not fit.
            UnknownNameError: A task or filler is not registered.
        """
        options = read_options(ProbeOptions, settings.options, self.name)
        check_names(settings.tasks, settings.fillers)
        requests = [_embeddings(settings, options, task) for task in settings.tasks]
        for where in _cell_keys(settings, options):
            requests += [_train(settings, options, where), _test(settings, options, where)]
        return requests

    def summarise(self, data: Data, settings: Settings, progress: Callable[[str], None]) -> list[Row]:
        """Fit and test the probes of every cell."""
        # The fits are small, and the same on every number of threads only on one.
        with threadpool_limits(limits=1):
            options = read_options(ProbeOptions, settings.options, self.name)
            return list(_rows(data, settings, options, progress))


def _rows(data: Data, settings: Settings, options: ProbeOptions, progress: Callable[[str], None]) -> Iterator[Row]:
    seeds = [settings.seed + i for i in range(options.fits)]
    tests: dict[CellKey, Pair] = {}
    fitted: dict[CellKey, dict[int, LinearProbe]] = {}
    for where in _cell_keys(settings, options):
        keys = _keys(data, where)
        pair, missing = _pair(data, settings, options, where)
        if pair is None:
            yield Row(table="probe", keys=keys, values={}, notes=(missing,))
            continue
        tests[where], fitted[where] = pair, {}
        published: dict[int, LinearProbe] = {}
        rows = model_rows(keys, pair.train, pair.test)
        for layer in pair.train.layers:
            progress(f"{label(keys)}, asked key {where[3]}, layer {layer}")
            of_layer, probes = layer_rows(keys, pair.train, pair.test, layer, seeds)
            rows += of_layer
            published[layer], fitted[where][layer] = probes["published"], probes["standardised"]
        yield from (_also(row, pair.notes) for row in (published_row(keys, pair.test, published), *rows))
    for (where, pair), (other, by_layer) in product(tests.items(), fitted.items()):
        if other[3] == where[3]:
            for layer, probe in by_layer.items():
                row = transfer_row(_keys(data, where), pair.test, layer, probe, _keys(data, other))
                yield _also(row, pair.notes)
    for task, filler, k in product(settings.tasks, settings.fillers, settings.ks):
        shared: dict[str, Key] = {"model": data.model, "task": task, "filler": filler, "k": k}
        progress(f"{label(shared)}, bilinear probes")
        matrix = embeddings(data.frame(_embeddings(settings, options, task)))
        read = {asked: _pair(data, settings, options, (task, filler, k, asked))[0] for asked in options.asked}
        pairs = {asked: pair for asked, pair in read.items() if pair is not None}
        if matrix is not None:
            yield from bilinear_rows(shared, pairs, matrix, rank=options.rank, seeds=seeds)
            continue
        for asked in pairs:
            yield Row(table="probe_bilinear", keys={**shared, "asked": asked}, values={}, notes=(_NO_EMBEDDINGS,))


def _also(row: Row, notes: tuple[str, ...]) -> Row:
    return row.model_copy(update={"notes": (*row.notes, *notes)})


def _cell_keys(settings: Settings, options: ProbeOptions) -> list[CellKey]:
    return list(product(settings.tasks, settings.fillers, settings.ks, options.asked))


def _cell(settings: Settings, options: ProbeOptions, where: CellKey) -> Cell:
    task, filler, k, asked = where
    return Cell(
        measure="residuals",
        task=task,
        filler=filler,
        k=k,
        form=Form(asked=asked),
        seed=settings.seed,
        options={"layers": cast(JsonValue, options.layers)},
    )


def _train(settings: Settings, options: ProbeOptions, where: CellKey) -> Request:
    return Request(cell=_cell(settings, options, where), trials=options.train_trials, first=TRAINING)


def _test(settings: Settings, options: ProbeOptions, where: CellKey) -> Request:
    return Request(cell=_cell(settings, options, where), trials=settings.trials)


def _embeddings(settings: Settings, options: ProbeOptions, task: str) -> Request:
    # The candidates of a task do not depend on the filler, nor on its length.
    first = (task, settings.fillers[0], min(settings.ks), options.asked[0])
    only = {"options": {"layers": [], "embeddings": True}}
    return Request(cell=_cell(settings, options, first).model_copy(update=only), trials=1)


def _keys(data: Data, where: CellKey) -> dict[str, Key]:
    task, filler, k, asked = where
    return {"model": data.model, "task": task, "filler": filler, "k": k, "asked": asked}


def _pair(data: Data, settings: Settings, options: ProbeOptions, where: CellKey) -> tuple[Pair | None, str]:
    """Return training and test trials, or None and why."""
    requests = _train(settings, options, where), _test(settings, options, where)
    for request in requests:
        if (refusal := data.refusal(request)) is not None:
            return None, refusal
    train, test = (Measured.of(data.frame(request)) for request in requests)
    if train is None or test is None:
        return None, "no trial could be read"
    if len(set(train.target)) < 2 or len(train) < FEWEST:
        return None, f"{len(train)} training trials with {len(set(train.target))} words are too few for a probe"
    return Pair(train, test, left_out(train, requests[0].trials, test, requests[1].trials)), ""


EXPERIMENT = Probes()
