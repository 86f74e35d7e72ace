"""Holds what an experiment found: rows of estimates, each with its interval, in declared tables."""

from __future__ import annotations

from typing import Literal

from guardbind.frozen import Frozen

__all__ = ["Column", "Estimate", "Figure", "RowKey", "Table", "TableRow"]

RowKey = str | int | float | bool | None
Figure = Literal["decay", "stages", "heat", "layers", "reliability", "bars", "ranking", "sieve"]


class Estimate(Frozen):
    """A number with what it rests on."""

    value: float | None
    """The number; None where it is not defined, as a share of no errors."""
    low: float | None = None
    """Lower end of its 95 % interval; None where there is none."""
    high: float | None = None
    """Upper end."""
    n: int
    """What it is over: trials, errors, pairs."""
    method: str | None = None
    """How the interval was made: `wilson`, `clopper-pearson`, `bootstrap` ...; None without one."""


class TableRow(Frozen):
    """One line of a table."""

    table: str
    """Id of the table."""
    keys: dict[str, RowKey]
    """What the line is about: model, task, filler, k, and what else tells it from others."""
    values: dict[str, Estimate]
    """Column to number."""
    notes: tuple[str, ...] = ()
    """What has to be said beside the numbers."""


class Column(Frozen):
    """What the numbers of a column are."""

    title: str
    """Its heading."""
    unit: str
    """`share`, `percent`, `logits`, `nats`, `bits`, `tokens`, `count`, `ratio` or `p`."""
    meaning: str
    """One sentence."""


class Table(Frozen):
    """A table as an experiment declares it."""

    id: str
    """Unique among all experiments."""
    title: str
    """One line."""
    columns: dict[str, Column]
    """Name of a value to what it is, in order."""
    published: str | None = None
    """Id of the published table whose rows it can be set beside; values of equal name mean the same."""
    figure: Figure | None = None
    """The plot that shows it best."""
