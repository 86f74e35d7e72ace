"""Arranges the rows of one table for a reader: groups, key columns, number columns, notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from guardbind_bench.experiments.table import Column, Estimate, RowKey, Table, TableRow
from guardbind_bench.reporting.numbers import about, interval, number, said

__all__ = ["Grid", "GridCell", "GridLine", "RowGroup", "constant_keys", "grid_of"]

_FIRST = 6
_UNGROUPED = 8
_GROUP_KEYS = ("task", "filler")


@dataclass(frozen=True, slots=True)
class GridCell:
    """One number as text.

    Attributes:
        value: The number.
        interval: `[low, high]`, or empty.
        n: What it is over, where that is not the `n` of its line.
    """

    value: str
    interval: str
    n: int | None

    @property
    def beside(self) -> str:
        """What stands beside the number."""
        return " ".join(filter(None, (self.interval, "" if self.n is None else f"n {self.n}")))


@dataclass(frozen=True, slots=True)
class GridLine:
    """One row as text.

    Attributes:
        labels: The keys that are columns.
        first: The most important numbers; None where the row has none.
        further: The other numbers.
        n: What most of its numbers are over; None for a row without numbers.
        notes: Numbers of its notes, from 1.
    """

    labels: tuple[str, ...]
    first: tuple[GridCell | None, ...]
    further: tuple[GridCell | None, ...]
    n: int | None
    notes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows of one task and filler.

    Attributes:
        title: What they share; empty where rows are not grouped.
        lines: The rows.
    """

    title: str
    lines: tuple[GridLine, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that can be written down.

    Attributes:
        shared: The keys that are the same in all rows, as text.
        labels: Headings of the keys that are not.
        first: The columns that are shown first.
        further: The columns that are shown after them.
        groups: The rows.
        notes: What the notes say.
    """

    shared: str
    labels: tuple[str, ...]
    first: tuple[Column, ...]
    further: tuple[Column, ...]
    groups: tuple[RowGroup, ...]
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of rows."""
        return sum(len(group.lines) for group in self.groups)


def constant_keys(rows: Sequence[TableRow]) -> dict[str, RowKey]:
    """Return the keys that every row has with the same value."""
    return {
        key: value
        for key, value in (rows[0].keys if rows else {}).items()
        if all(key in row.keys and row.keys[key] == value for row in rows)
    }


def grid_of(table: Table, rows: Sequence[TableRow]) -> Grid:
    """Arrange the rows of a table.

    Columns without a number in any row are left out, and a column that only repeats n; counts that are 0 in all rows
    come last.
    """
    shared = constant_keys(rows)
    varying = [key for key in dict.fromkeys(key for row in rows for key in row.keys) if key not in shared]
    grouping = [key for key in _GROUP_KEYS if key in varying] if len(rows) > _UNGROUPED else []
    labels = [key for key in varying if key not in grouping]
    names = _columns(table, rows)
    notes = tuple(dict.fromkeys(note for row in rows for note in row.notes))
    groups: dict[str, list[GridLine]] = {}
    for row in rows:
        title = about({key: row.keys[key] for key in grouping if key in row.keys})
        n = _usual_n(list(row.values.values()))
        cells = [_cell(row.values.get(name), table.columns[name].unit, n) for name in names]
        line = GridLine(
            labels=tuple(said(row.keys[key]) if key in row.keys else "" for key in labels),
            first=tuple(cells[:_FIRST]),
            further=tuple(cells[_FIRST:]),
            n=n,
            notes=tuple(sorted(notes.index(note) + 1 for note in set(row.notes))),
        )
        groups.setdefault(title, []).append(line)
    columns = [table.columns[name] for name in names]
    return Grid(
        shared=about(shared),
        labels=tuple(labels),
        first=tuple(columns[:_FIRST]),
        further=tuple(columns[_FIRST:]),
        groups=tuple(RowGroup(title, tuple(lines)) for title, lines in groups.items()),
        notes=notes,
    )


def _columns(table: Table, rows: Sequence[TableRow]) -> list[str]:
    found = {name: [row.values[name] for row in rows if name in row.values] for name in table.columns}
    told = [name for name, all_of in found.items() if all_of and (name != "n" or any(e.value != e.n for e in all_of))]
    return sorted(told, key=lambda name: table.columns[name].unit == "count" and not any(e.value for e in found[name]))


def _usual_n(estimates: Sequence[Estimate]) -> int | None:
    return Counter(estimate.n for estimate in estimates).most_common(1)[0][0] if estimates else None


def _cell(estimate: Estimate | None, unit: str, n: int | None) -> GridCell | None:
    if estimate is None:
        return None
    own = estimate.n if estimate.n != n else None
    return GridCell(number(estimate.value, unit), interval(estimate, unit), own)
