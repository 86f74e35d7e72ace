"""Runs an experiment over a grid: settings become conditions, conditions requests, and their records rows."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import pandas as pd
from pydantic import BaseModel, JsonValue
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from guardbind_bench.experiments.experiment import LAST, ProgressCallback, RecordSource, Settings
from guardbind_bench.experiments.finding import FindingRule
from guardbind_bench.experiments.options import check_names, read_options
from guardbind_bench.experiments.table import Estimate, RowKey, Table, TableRow
from guardbind_bench.experiments.table_file import read_tables
from guardbind_bench.prompts.cell import BenchCell, CellRequest, PromptForm

__all__ = [
    "CellExperiment",
    "Condition",
    "ConditionExperiment",
    "GridExperiment",
    "GridRun",
    "Options",
    "Point",
    "keys_of",
    "with_notes",
]

Options = TypeVar("Options", bound=BaseModel)
"""The options of an experiment."""
Point = Mapping[str, RowKey]
"""One point of a grid: field of a cell or its form, or name of an axis of the experiment's own, to its value there."""

# Of the settings and options that are lists, the field of a cell or its form.
_FIELDS = {
    "tasks": "task",
    "fillers": "filler",
    "ks": "k",
    "styles": "style",
    "layouts": "layout",
    "templates": "template",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Prompts of one kind, and what is measured on them.

    Attributes:
        keys: What tells it from the other conditions of a model.
        requests: What is measured, in order; at least one.
    """

    keys: Mapping[str, RowKey]
    requests: tuple[CellRequest, ...]

    def __str__(self) -> str:
        return " / ".join(map(str, self.keys.values()))


@dataclass(frozen=True, slots=True)
class GridRun(Generic[Options]):
    """Records that are being summed up.

    Attributes:
        data: The records.
        settings: What was measured.
        options: The options among the settings.
        progress: Is told what is being worked on.
    """

    data: RecordSource
    settings: Settings
    options: Options
    progress: ProgressCallback

    def keys(self, keys: Mapping[str, RowKey]) -> dict[str, RowKey]:
        """Return the keys of a row: the model, and then those given."""
        return {"model": self.data.model, **keys}

    def refusals(self, requests: Iterable[CellRequest]) -> list[str]:
        """Return why requests could not be measured, each reason once."""
        reasons = (self.data.refusal(request) for request in requests)
        return list(dict.fromkeys(reason for reason in reasons if reason is not None))


class GridExperiment(ABC, Generic[Options]):
    """An experiment over a grid of settings.

    A subclass says over which axes it runs and what a cell measures, and makes the rows: of all conditions together,
    of one at a time (`ConditionExperiment`), or of the records of a single cell (`CellExperiment`). Its tables are
    those of the file `tables.yaml` beside its module.
    """

    name: str
    title: str
    version: int
    place: ClassVar[float] = LAST
    """Where it stands in a report, from what happens by way of what helps to why it happens: 10, 20, ... for those of
    the bench. Those that do not say stand behind, by name."""
    findings: ClassVar[Sequence[FindingRule]] = ()
    """What a report may open with, the most telling first."""
    aliases: tuple[str, ...] = ()
    option_type: type[Options]
    """The options it knows; each has a default."""
    measure: str
    """The registered measure of its cells."""
    axes: ClassVar[Sequence[str]] = ("tasks", "fillers", "ks", "asked", "templates")
    """The settings and options whose values are combined; the last varies fastest. What has no place in a cell or its
    form, a list of the experiment's own, is for `cell_options` to use."""
    row_keys: ClassVar[Sequence[str]] = ("task", "filler", "k", "asked", "template")
    """What tells the rows of a condition from others: fields of a cell or its form."""
    one_thread: ClassVar[bool] = False
    """Whether rows are made on one thread: what is fitted is the same on every machine only so."""
    without_records: ClassVar[str] = "there are no records."
    """The note of a condition that was not refused and has no records."""

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables that its rows belong to, read at their first use."""
        file = sys.modules[type(self).__module__].__file__
        assert file is not None
        return read_tables(Path(file).with_name("tables.yaml"))

    @cached_property
    def defaults(self) -> dict[str, JsonValue]:
        """The options it knows and what they are without a setting."""
        defaults: dict[str, JsonValue] = self.option_type().model_dump(mode="json")
        return defaults

    def plan(self, settings: Settings) -> list[CellRequest]:
        """Return what has to be measured, in order.

        Raises:
            ConfigError: An option is unknown or does not fit, or a setting does not.
            UnknownNameError: A task or filler is not registered.
        """
        options = self.read(settings)
        conditions = self.conditions(settings, options)
        return [*self.beforehand(settings, options), *(r for condition in conditions for r in condition.requests)]

    def summarise(self, data: RecordSource, settings: Settings, progress: ProgressCallback) -> list[TableRow]:
        """Make the rows from the records; the same records give the same rows.

        A condition that was refused gives a row without values and with the reason as a note.
        """
        run = GridRun(data, settings, self.read(settings), progress)
        with threadpool_limits(limits=1) if self.one_thread else nullcontext():
            return list(self.all_rows(self.conditions(settings, run.options), run))

    def read(self, settings: Settings) -> Options:
        """Return the options among some settings, which are checked.

        Raises:
            ConfigError: An option is unknown or does not fit, or a setting does not.
            UnknownNameError: A task or filler is not registered.
        """
        options = read_options(self.option_type, settings.options, self.name)
        self.check(settings, options)
        return options

    def check(self, settings: Settings, options: Options) -> None:
        """Check what must hold before anything is measured; a subclass with further rules extends it.

        Raises:
            ConfigError: A setting does not fit.
            UnknownNameError: A task or filler is not registered.
        """
        check_names(settings.tasks, settings.fillers)

    def points(self, settings: Settings, options: Options) -> Iterator[Point]:
        """Yield the points of the grid, in order."""
        lists = [getattr(settings if name in Settings.model_fields else options, name) for name in self.axes]
        names = [_FIELDS.get(name, name) for name in self.axes]
        for values in product(*lists):
            yield dict(zip(names, values, strict=True))

    def conditions(self, settings: Settings, options: Options) -> Iterator[Condition]:
        """Yield the conditions, in order: one for each point of the grid."""
        for point in self.points(settings, options):
            requests = tuple(self.requests(point, settings, options))
            yield Condition(self.condition_keys(requests[0].cell), requests)

    def condition_keys(self, cell: BenchCell) -> dict[str, RowKey]:
        """Return the keys of a condition, given its first cell."""
        return keys_of(cell, self.row_keys)

    def requests(self, point: Point, settings: Settings, options: Options) -> Sequence[CellRequest]:
        """Return what is measured at a point of the grid: by default, the trials of its cell."""
        return (CellRequest(cell=self.cell(point, settings, options), trials=settings.trials),)

    def beforehand(self, settings: Settings, options: Options) -> Sequence[CellRequest]:
        """Return what is measured before all conditions, for several of them; nothing by default."""
        return ()

    def cell(self, point: Point, settings: Settings, options: Options) -> BenchCell:
        """Return the cell of a point of the grid."""
        own, form = (
            {name: point[name] for name in point if name in kind.model_fields} for kind in (BenchCell, PromptForm)
        )
        made: dict[str, Any] = {**own, "measure": self.measure, "form": form, "seed": settings.seed}
        return BenchCell.model_validate({**made, "options": self.cell_options(point, options)})

    def cell_options(self, point: Point, options: Options) -> dict[str, JsonValue]:
        """Return the options of the measure; none by default."""
        return {}

    @abstractmethod
    def all_rows(self, conditions: Iterable[Condition], run: GridRun[Options]) -> Iterable[TableRow]:
        """Make the rows of all conditions, each of which may have been refused."""

    def refused(self, condition: Condition, run: GridRun[Options], *reasons: str) -> Iterator[TableRow]:
        """Yield the rows of a condition without numbers, with the reasons as notes: one in the first table.

        Args:
            condition: The condition.
            run: The run.
            reasons: Why there are no numbers.
        """
        yield TableRow(table=self.tables[0].id, keys=run.keys(condition.keys), values={}, notes=reasons)

    def shown(self, table: str, values: Mapping[str, Estimate]) -> dict[str, Estimate]:
        """Return those of the values that are columns of a table, in the table's order."""
        columns = next(declared.columns for declared in self.tables if declared.id == table)
        return {name: values[name] for name in columns if name in values}


class ConditionExperiment(GridExperiment[Options]):
    """An experiment whose conditions are summed up one by one."""

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[Options]) -> Iterator[TableRow]:
        """Make the rows of one condition after the other."""
        for condition in conditions:
            run.progress(str(condition))
            yield from self.condition_rows(condition, run)

    @abstractmethod
    def condition_rows(self, condition: Condition, run: GridRun[Options]) -> Iterable[TableRow]:
        """Make the rows of one condition, which may have been refused."""


class CellExperiment(ConditionExperiment[Options]):
    """An experiment whose conditions are single cells."""

    def condition_rows(self, condition: Condition, run: GridRun[Options]) -> Iterable[TableRow]:
        """Make the rows of the cell's records, or say why there are none."""
        frame = run.data.frame(condition.requests[0])
        refusals = run.refusals(condition.requests)
        if refusals or frame.empty:
            return self.refused(condition, run, *(refusals or [self.without_records]))
        return self.rows(condition, frame, run)

    @abstractmethod
    def rows(self, condition: Condition, frame: pd.DataFrame, run: GridRun[Options]) -> Iterable[TableRow]:
        """Make the rows of a cell that has records.

        Args:
            condition: The condition.
            frame: Its records, at least one.
            run: The run.
        """


def keys_of(cell: BenchCell, names: Iterable[str]) -> dict[str, RowKey]:
    """Return fields of a cell or of its form, by name.

    Example:
        >>> from guardbind_bench.experiments.grid import keys_of
        >>> from guardbind_bench.prompts.cell import BenchCell
        >>> keys_of(BenchCell(measure="reading", task="competing_vars", k=8), ("task", "k", "asked"))
        {'task': 'competing_vars', 'k': 8, 'asked': 'random'}
    """
    return {name: getattr(cell if name in BenchCell.model_fields else cell.form, name) for name in names}


def with_notes(row: TableRow, notes: Sequence[str]) -> TableRow:
    """Return a row with further notes behind its own."""
    return row.model_copy(update={"notes": (*row.notes, *notes)})
