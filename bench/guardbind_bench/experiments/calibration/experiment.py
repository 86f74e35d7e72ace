"""Checks what a calibration promises: over many draws of its own kind of trials, and where it is used on others.

Every draw is calibrated as `guardbind calibrate` does, on trials that no other draw has, and is counted on all the
others. So the share of draws whose harm is above the promised one is an estimate of 1 - confidence or less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.calibration.outcome import Outcome
from guardbind.frozen import Frozen
from guardbind_bench.experiments.calibration.coverage import RiskPromise
from guardbind_bench.experiments.calibration.rows import coverage_rows, reach_row, transfer_rows
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, GridExperiment, GridRun, Point
from guardbind_bench.experiments.options import check_names, check_text_tasks
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.measures.outcomes import OutcomeOptions, outcome_of
from guardbind_bench.prompts.cell import BenchCell, CellRequest, Style, Template
from guardbind_bench.prompts.harm.building import built
from guardbind_bench.registry import TASKS

__all__ = ["EXPERIMENT", "CalibrationExperiment", "CalibrationSettings", "Kind"]

ALL = "all"
"""The task of the rows that pool every condition."""


class Kind(Frozen):
    """A kind of trials that calibrations are used on, and made on, besides the ones that promises are checked on."""

    task: str
    """A task of tokens, or of texts whose answers can be begun."""
    filler: str = "natural"
    """A registered filler; of no concern to texts."""
    k: int = Field(default=0, ge=0)
    """Size of the prompt."""
    template: Template | None = None
    """`plain`, or `chat` for the tokenizer's chat template; by default `plain` for tokens, and `chat` for texts."""
    style: Style = "bracket"
    """How tokens are bound, `KEY=[ value ]` or `KEY = value`; of no concern to texts."""
    trials: int = Field(default=300, ge=2)
    """How many."""


class CalibrationSettings(Frozen):
    """The options of the experiment."""

    draws: int = Field(default=20, ge=2)
    """Draws that a condition's trials are cut into."""
    risk: float = Field(default=0.05, gt=0, lt=1)
    """What every draw promises: small enough to matter, large enough for the trials of a draw to certify it."""
    strict_risk: float = Field(default=0.01, gt=0, lt=1)
    """What all trials together promise."""
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """How sure the promises are."""
    alpha: float = Field(default=0.05, gt=0, lt=1)
    """Share of right answers that a rule may flag."""
    others: tuple[Kind, ...] = ()
    """Kinds of trials between which, and those of the grid, it is counted what transfers."""


class CalibrationExperiment(GridExperiment[CalibrationSettings]):
    """Runs labelled trials once, and calibrates on many draws of them."""

    name = "calibration"
    title = "Is what a calibration promises kept, and where does it stop to hold?"
    version = 1
    place = 78
    findings = (
        FindingRule(
            "Is the promise about harm kept?",
            "calibration_acting",
            (FindingNumber("draws above the promised share", "above"),),
        ),
    )
    option_type = CalibrationSettings
    measure = "outcomes"
    axes = ("tasks", "fillers", "ks")
    row_keys = ("task", "filler", "k", "template", "style")

    def check(self, settings: Settings, options: CalibrationSettings) -> None:
        """Check that the tasks are of tokens, or of texts whose answers can be begun."""
        tasks = (*settings.tasks, *(kind.task for kind in options.others))
        fillers = (*settings.fillers, *(kind.filler for kind in options.others))
        check_names([task for task in tasks if task in TASKS], fillers)
        texts = [task for task in tasks if task not in TASKS]
        check_text_tasks(texts)
        for task in texts:
            built(task, k=0, seed=settings.seed)

    def conditions(self, settings: Settings, options: CalibrationSettings) -> Iterator[Condition]:
        """Yield the conditions of the grid, and then the other kinds."""
        yield from super().conditions(settings, options)
        for kind in options.others:
            cell = self.cell(kind.model_dump(exclude={"trials"}, exclude_none=True), settings, options)
            yield Condition(self.condition_keys(cell), (CellRequest(cell=cell, trials=kind.trials),))

    def cell_options(self, point: Point, options: CalibrationSettings) -> dict[str, JsonValue]:
        """Return what the measure is told."""
        plain = point["task"] not in TASKS and point.get("template") == "plain"
        # Left out where it is the default, so that cells which were measured before it came are the same.
        return OutcomeOptions(texts="plain" if plain else "chat").model_dump(
            mode="json", exclude=set() if plain else {"texts"}
        )

    def condition_keys(self, cell: BenchCell) -> dict[str, RowKey]:
        """Return the keys of a condition, given its first cell; of texts, the template that they are really in."""
        keys = super().condition_keys(cell)
        return keys if cell.task in TASKS else {**keys, "template": cell.options.get("texts") or "chat"}  # type: ignore[dict-item]

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[CalibrationSettings]) -> Iterator[TableRow]:
        """Make the rows of each condition, of all together, and of each pair."""
        options = run.options
        promise = RiskPromise(options.risk, options.confidence, options.alpha)
        strict = RiskPromise(options.strict_risk, options.confidence, options.alpha)
        by_condition: dict[str, list[Outcome]] = {}
        grid = len(list(self.points(run.settings, options)))
        for place, condition in enumerate(conditions):
            run.progress(str(condition))
            frame, refusals = run.data.frame(condition.requests[0]), run.refusals(condition.requests)
            outcomes = _outcomes(frame, _name(condition.keys))
            if len(outcomes) < options.draws:
                yield from self.refused(condition, run, *(refusals or [self.without_records]))
                continue
            keys = run.keys(condition.keys)
            if place < grid:
                yield from coverage_rows(keys, outcomes, options.draws, promise)
            yield reach_row(keys, outcomes, strict)
            by_condition[_name(condition.keys)] = outcomes
        if len(by_condition) > 1:
            run.progress("transfer")
            pooled = [o for outcomes in zip(*by_condition.values(), strict=False) for o in outcomes]
            yield reach_row(run.keys({"task": ALL}), pooled, strict)
            yield from transfer_rows(run.keys({}), by_condition, promise)


def _outcomes(frame: pd.DataFrame, name: str) -> list[Outcome]:
    if frame.empty:
        return []
    whole = frame[frame["failed"].isna()].sort_values("index", kind="stable")
    return [outcome_of(record, name) for record in whole.to_dict("records")]


def _name(keys: Mapping[str, RowKey]) -> str:
    if keys["task"] not in TASKS:
        return ", ".join([str(keys["task"]), *(["plain"] if keys["template"] == "plain" else [])])
    told = [str(keys[name]) for name, usual in (("template", "plain"), ("style", "bracket")) if keys[name] != usual]
    return ", ".join([str(keys["task"]), f"{keys['filler']} k={keys['k']}", *told])


EXPERIMENT: Experiment = CalibrationExperiment()
