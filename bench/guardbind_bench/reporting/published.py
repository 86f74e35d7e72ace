"""Reads the numbers that arXiv 2602.19239 prints, and what is known about each."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

from guardbind.errors import UnknownNameError, nearest
from guardbind.frozen import Frozen
from guardbind.information.intervals import Interval, wilson
from guardbind_bench.experiments.table import RowKey
from guardbind_bench.prompts.cell import Asked, PromptLayout, Style, Template

__all__ = ["Published", "PublishedColumn", "PublishedForm", "PublishedRow", "PublishedTable", "read_published"]


class PublishedForm(Frozen):
    """How the released scripts write the prompts by default; the paper does not say."""

    style: Style
    """`KEY=[ value ]` or `KEY = value`."""
    layout: PromptLayout
    """Which of the released scripts made the prompts."""
    asked: Asked
    """Always `fixed`: the question names the first key, or the first value."""
    template: Template
    """Always `plain`."""


class PublishedColumn(Frozen):
    """What the numbers of a column are."""

    unit: Literal["share", "percent", "logits", "nats", "bits", "ratio", "count"]
    """Their unit."""
    over: Literal["trials", "errors"] | None = None
    """Of what a share is; None where the number of these is not known, or it is no share."""
    caveat: str | None = None
    """Why a number of ours of the same name may mean something else."""


class PublishedRow(Frozen):
    """One line of a published table, for one model."""

    keys: dict[str, RowKey]
    """What the line is about; the model is its full name, the filler None where none is told."""
    values: dict[str, float | None]
    """Column to number as printed; None for a dash."""
    n: int | None
    """Trials or pairs; None where not given."""
    n_approximate: bool = False
    """Whether the paper says "about"."""
    source: Literal["draft of January 2026", "arXiv v1"] = "draft of January 2026"
    """Where the numbers are printed."""
    in_v1: tuple[str, ...] = ()
    """Names of the values that arXiv v1 is known to print as well."""
    filler_basis: Literal["stated", "equal row", "inferred"] | None = None
    """How the filler is known: from the paper, from an equal row of another table that states it, or only inferred."""
    defect: str | None = None
    """What is known to be wrong or weak about it."""


class PublishedTable(Frozen):
    """One table, or numbers that stand in the text."""

    id: str
    """The name by which `Table.published` refers to it."""
    title: str
    """What it shows."""
    draft: str | None
    """Its number in the draft of January 2026; None where it is not in it."""
    v1: str | None
    """Its number in arXiv v1; None where that is not known."""
    form: PublishedForm | None
    """How the prompts are written; None where that is not known."""
    caveat: str | None
    """What has to be known to read it."""
    columns: dict[str, PublishedColumn]
    """Name of a value to what it is."""
    rows: tuple[PublishedRow, ...]
    """Its lines."""

    @property
    def reference(self) -> str:
        """Where it stands, as `Table 5 of the draft`."""
        return f"{self.draft} of the draft" if self.draft else f"{self.v1} of arXiv v1"

    def base(self, row: PublishedRow, name: str) -> int | None:
        """Return over how many trials or errors a value of a row is a share; None where that is not known."""
        column, accuracy = self.columns[name], row.values.get("acc")
        if column.over is None or row.n is None or row.n_approximate:
            return None
        if column.over == "trials":
            return row.n
        return None if accuracy is None else row.n - round(accuracy * row.n)

    def interval(self, row: PublishedRow, name: str) -> Interval | None:
        """Return Wilson's 95 % interval of a share of known base, in the unit of the column; None for other values."""
        value, base = row.values.get(name), self.base(row, name)
        if value is None or not base:
            return None
        scale = 100.0 if self.columns[name].unit == "percent" else 1.0
        interval = wilson(round(value / scale * base), base)
        return Interval(interval.low * scale, interval.high * scale)


class Published(Frozen):
    """All published numbers."""

    paper: str
    """The paper."""
    tables: tuple[PublishedTable, ...]
    """Its tables, in its order."""

    def table(self, name: str) -> PublishedTable:
        """Return a table by its id.

        Raises:
            UnknownNameError: There is none of that id; the message suggests the nearest one.
        """
        tables = {table.id: table for table in self.tables}
        if name not in tables:
            raise UnknownNameError(
                f"there is no published table {name!r}; known: {', '.join(sorted(tables))}.",
                hint=nearest(name, tables),
            )
        return tables[name]


@cache
def read_published() -> Published:
    """Return the published numbers that come with the package."""
    text = resources.files(__package__).joinpath("published.json").read_text(encoding="utf-8")
    return Published.model_validate_json(text)
