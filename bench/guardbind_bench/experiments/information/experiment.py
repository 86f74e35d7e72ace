"""Bounds how much of what the residual tells about the right value reaches the output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Literal, cast

from pydantic import Field, JsonValue

from guardbind.errors import ConfigError
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, GridExperiment, GridRun, Point, with_notes
from guardbind_bench.experiments.information.bounds import Available
from guardbind_bench.experiments.information.cell import cell_rows
from guardbind_bench.experiments.probe.data import TRAINING, TrainTest, train_and_test
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.prompts.cell import CellRequest
from guardbind_bench.registry import TASKS, is_uniform

__all__ = ["EXPERIMENT", "InformationExperiment", "InformationOptions"]


class InformationOptions(FormOptions):
    """Options of the experiment."""

    layers: list[int] | Literal["paper", "quarters", "all"] = "quarters"
    """Decoder layers to read, as in the measure `residuals`."""
    train_trials: int = Field(default=800, ge=50, le=TRAINING)
    """Training trials per cell."""
    groups: int = Field(default=8, ge=2)
    """Groups that the values are put into, about which the bounds are tighter."""
    permutations: int = Field(default=1000, ge=1)
    """Shuffles for the information by chance."""


class InformationExperiment(GridExperiment[InformationOptions]):
    """Bounds used and available information on one population: all test trials that were read."""

    name = "information"
    title = "Used and available information about the right value, with bounds that hold"
    version = 2
    aliases = ("routing_efficiency",)
    place = 80
    findings = (
        FindingRule(
            "How much information about the right value goes unused?",
            "information_groups",
            (FindingNumber("unused, nats", "unused"),),
        ),
    )
    option_type = InformationOptions
    measure = "residuals"
    axes = ("tasks", "fillers", "asked", "templates", "ks")
    one_thread = True
    without_records = "too few trials could be read."

    def check(self, settings: Settings, options: InformationOptions) -> None:
        """Check that the target of each task is uniform over its candidates, which Fano's bound is for, too."""
        super().check(settings, options)
        uneven = [task for task in settings.tasks if not is_uniform(task)]
        if uneven:
            raise ConfigError(
                f"the target of {', '.join(uneven)} is not uniform over the candidates, as the bounds need; "
                f"{', '.join(filter(is_uniform, TASKS))} are accepted."
            )

    def requests(
        self, point: Point, settings: Settings, options: InformationOptions
    ) -> tuple[CellRequest, CellRequest]:
        """Return a training and a test request; they are those of `probe`."""
        return train_and_test(self.cell(point, settings, options), options.train_trials, settings.trials)

    def cell_options(self, point: Point, options: InformationOptions) -> dict[str, JsonValue]:
        """Return the layers."""
        return {"layers": cast(JsonValue, options.layers)}

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[InformationOptions]) -> Iterator[TableRow]:
        """Fit, choose and test a probe in every cell, bound what it proves, and compare cells of unequal `k`."""
        # By all that is equal, and then by k.
        found: dict[tuple[RowKey, ...], dict[int, Available]] = {}
        for condition in conditions:
            run.progress(str(condition))
            pair = TrainTest.read(condition.requests, run.data)
            if pair is None or pair.words < 2:
                refusals = run.refusals(condition.requests)
                yield from self.refused(condition, run, *(refusals[:1] or [self.without_records]))
                continue
            rows, available = cell_rows(
                run.keys(condition.keys),
                pair.train,
                pair.test,
                groups=run.options.groups,
                permutations=run.options.permutations,
                seed=run.settings.seed,
            )
            cell = condition.requests[0].cell
            found.setdefault(_without_k(condition), {})[cell.k] = available
            yield from (with_notes(row, pair.notes) for row in rows)
        for (task, filler, asked, template), by_k in found.items():
            for near, far in pairwise(sorted(by_k)):
                where = {"task": task, "filler": filler, "k": far, "asked": asked, "template": template}
                ratio = _contraction(by_k[near], by_k[far])
                keys = {**run.keys(where), "from_k": near}
                yield TableRow(table="contraction", keys=keys, values={"ratio": ratio}, notes=(_CONTRACTION,))


def _without_k(condition: Condition) -> tuple[RowKey, ...]:
    return tuple(value for name, value in condition.keys.items() if name != "k")


_CONTRACTION = (
    "prompts of another k are other prompts, no later stage of the same chain: Theorem 3 does not bound this by 1. "
    "What lies between the ends is compatible with the data; the ratio itself divides two estimated lower bounds."
)


def _contraction(near: Available, far: Available) -> Estimate:
    return Estimate(
        value=far.fano / near.fano if near.fano > 0 else None,
        low=far.low / near.high,
        high=far.high / near.low if near.low > 0 else None,
        n=far.n,
        method="fano",
    )


EXPERIMENT: Experiment = InformationExperiment()
