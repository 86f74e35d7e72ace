"""Chooses which rows and columns a plot shows, and names them in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from guardbind_bench.experiments.table import RowKey, Table, TableRow
from guardbind_bench.reporting.grid import constant_keys
from guardbind_bench.reporting.numbers import about, named, said

__all__ = [
    "Series",
    "accuracy_column",
    "distance_axis",
    "first_column",
    "key_of",
    "keys_of",
    "lines_of",
    "number_of",
    "panels_of",
    "row_labels",
    "some",
    "value_of",
]


@dataclass(frozen=True, slots=True)
class Series:
    """Rows that are drawn together, as one line or in one panel.

    Attributes:
        label: What tells them from the others.
        rows: The rows.
    """

    label: str
    rows: list[TableRow] = field(default_factory=list)


def value_of(row: TableRow, name: str) -> float | None:
    """Return the number of a column, None where the row has none."""
    return row.values[name].value if name in row.values else None


def number_of(row: TableRow, name: str) -> float:
    """Return the number of a column that the row is known to have."""
    value = row.values[name].value
    assert value is not None
    return value


def key_of(row: TableRow, name: str) -> float:
    """Return a key that is a number."""
    return float(str(row.keys[name]))


def keys_of(row: TableRow, keys: tuple[str, ...]) -> str:
    """Return the values of some keys as text."""
    return " ".join(said(row.keys[key]) for key in keys)


def some(rows: Sequence[TableRow], name: str) -> bool:
    """Say whether any row has a number in a column."""
    return any(value_of(row, name) is not None for row in rows)


def first_column(table: Table, rows: Sequence[TableRow], units: tuple[str, ...]) -> str | None:
    """Return the first column of one of some units that has numbers."""
    return next((name for name, c in table.columns.items() if c.unit in units and some(rows, name)), None)


def accuracy_column(table: Table, rows: Sequence[TableRow]) -> str | None:
    """Return the column of the accuracy, after a remedy rather than before; without one, the most telling column."""
    named = [name for name in table.columns if name.startswith("acc") and some(rows, name)]
    after = [name for name in named if not name.endswith("_baseline")]
    return next(iter(after or named), first_column(table, rows, ("share", "ratio", "bits", "nats", "logits")))


def distance_axis(rows: Sequence[TableRow]) -> tuple[Callable[[TableRow], float], str, tuple[str, ...]] | None:
    """Return where a row stands on the axis of distance, its heading, and the keys that this uses up."""
    if some(rows, "distance") and all(value_of(row, "distance") is not None for row in rows):
        return lambda row: number_of(row, "distance"), "distance from the value to the answer, tokens", ("k",)
    for key, heading in (("distance", "distance, tokens"), ("k", "filler per block, tokens")):
        if all(isinstance(row.keys.get(key), int | float) for row in rows):
            return partial(key_of, name=key), heading, (key,)
    return None


def lines_of(rows: Sequence[TableRow], without: tuple[str, ...]) -> list[Series]:
    """Group rows by the keys that vary among them, those of `without` left aside."""
    shared = constant_keys(rows)
    lines: dict[tuple[tuple[str, RowKey], ...], Series] = {}
    for row in rows:
        keys = {key: value for key, value in row.keys.items() if key not in without and key not in shared}
        lines.setdefault(tuple(keys.items()), Series(named(keys))).rows.append(row)
    return list(lines.values())


def panels_of(rows: Sequence[TableRow], keys: tuple[str, ...], without: tuple[str, ...]) -> list[Series]:
    """Group rows by `keys` as far as they vary, those of `without` left aside."""
    kept = [key for key in keys if key not in without and key not in constant_keys(rows)]
    panels: dict[str, Series] = {}
    for row in rows:
        label = about({key: row.keys[key] for key in kept if key in row.keys})
        panels.setdefault(label, Series(label)).rows.append(row)
    return list(panels.values())


def row_labels(rows: Sequence[TableRow], without: tuple[str, ...] = ()) -> list[str]:
    """Name each row by the keys that vary, those of `without` left aside."""
    shared = constant_keys(rows)
    return [
        named({key: value for key, value in row.keys.items() if key not in shared and key not in without})
        for row in rows
    ]
