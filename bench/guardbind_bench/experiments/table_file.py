"""Reads the tables of an experiment from its `tables.yaml`.

The columns of a table are a list of single columns, each its unit with its heading and what it says, and of names: of a
group of columns, or of one column of a group. Groups are declared in the same file or, where several experiments show
them, in `shared/columns.yaml`:

```yaml
groups:
  gaps:
    - gate_gap:
        logits: gate gap
        meaning: Best candidate minus best other token.
tables:
  - id: mine
    title: What is found
    columns:
      - accuracy:
          share: accuracy
          meaning: Answers that are right.
      - gaps
      - rate_2b
```
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from guardbind.errors import ConfigError, nearest
from guardbind.frozen import Frozen
from guardbind_bench.experiments.table import Column, Figure, Table
from guardbind_bench.yaml_file import read_yaml

__all__ = ["read_tables"]

_SHARED = Path(__file__).parent / "shared" / "columns.yaml"
_UNITS = ("share", "percent", "logits", "nats", "bits", "tokens", "count", "ratio", "p")
_ACCEPTED = (
    "A file holds groups and tables; a table id, title, columns, published and figure; a column a unit with its "
    f"heading, and meaning. Units are {', '.join(_UNITS)}.",
)

Groups = Mapping[str, Mapping[str, Column]]


class ColumnEntry(Frozen):
    """A column, whose unit and heading are one line."""

    column: Column
    """What it declares."""

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, given: Any) -> Any:
        units = [name for name in given if name in _UNITS] if isinstance(given, dict) else []
        if len(units) != 1 or given.keys() != {units[0], "meaning"}:
            raise ValueError(f"a column has one unit with its heading, and meaning; units are {', '.join(_UNITS)}")
        return {"column": {"unit": units[0], "title": given[units[0]], "meaning": given["meaning"]}}


ColumnList = tuple[str | dict[str, ColumnEntry], ...]


class TableEntry(Frozen):
    """A table, as a file declares it."""

    id: str
    """Unique among all experiments."""
    title: str
    """One line."""
    columns: ColumnList = Field(min_length=1)
    """Columns, groups of columns and columns of groups, in order."""
    published: str | None = None
    """Id of the published table whose rows it can be set beside."""
    figure: Figure | None = None
    """The plot that shows it best."""


class TableFile(Frozen):
    """Tables, and the columns that several of them show."""

    groups: dict[str, ColumnList] = Field(default_factory=dict)
    """Name to columns; a group may name those above it."""
    tables: tuple[TableEntry, ...] = ()
    """The tables, in order."""


def read_tables(path: Path) -> tuple[Table, ...]:
    """Return the tables that a file declares.

    Raises:
        ConfigError: The file does not fit, or names columns that there are not.
    """
    file = _read(path)
    groups = _groups(file, path, _shared())
    return tuple(
        Table(
            id=entry.id,
            title=entry.title,
            columns=_columns(entry.columns, groups, f"{path}: table {entry.id}"),
            published=entry.published,
            figure=entry.figure,
        )
        for entry in file.tables
    )


@cache
def _shared() -> Groups:
    return _groups(_read(_SHARED), _SHARED, {})


def _read(path: Path) -> TableFile:
    return read_yaml(path, TableFile, what="declaration of tables", accepted=_ACCEPTED)


def _groups(file: TableFile, path: Path, above: Groups) -> Groups:
    groups: Groups = above
    own: dict[str, Mapping[str, Column]] = {}
    for name, listed in file.groups.items():
        own[name] = _columns(listed, groups, f"{path}: group {name}")
        # What the file itself declares is found first.
        groups = {**own, **{shared: above[shared] for shared in above if shared not in own}}
    return groups


def _columns(listed: ColumnList, groups: Groups, where: str) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for item in listed:
        if isinstance(item, dict):
            columns |= {name: entry.column for name, entry in item.items()}
        elif item in groups:
            columns |= groups[item]
        else:
            columns[item] = _column(item, groups, where)
    return columns


def _column(name: str, groups: Groups, where: str) -> Column:
    for group in groups.values():
        if name in group:
            return group[name]
    known = [*groups, *(column for group in groups.values() for column in group)]
    raise ConfigError(
        f"{where} names {name!r}, which is no group of columns and no column of one; groups: {', '.join(groups)}.",
        hint=nearest(name, known),
    )
