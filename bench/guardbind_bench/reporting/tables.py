"""Prints on a terminal what was found."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardbind_bench.reporting.beside import Beside, BesideLine, beside
from guardbind_bench.reporting.compare import ComparedRow
from guardbind_bench.reporting.grid import Grid, GridCell
from guardbind_bench.reporting.page import Section, TableView, sections_of
from guardbind_bench.running.summary import Summary

__all__ = ["show_comparisons", "show_summaries"]

_FAINT = "dim"
_STYLES = {"overlap": "green", "apart": "red", "within": "green", "outside": "red"}


def show_summaries(summaries: Sequence[Summary], console: Console) -> None:
    """Print the most important columns of every table."""
    for section in sections_of(summaries):
        _section(section, console)


def show_comparisons(comparisons: Sequence[ComparedRow], console: Console) -> None:
    """Print our numbers beside the published ones, and the rows that have no published partner."""
    found = beside(comparisons)
    for title, lines in (("The same model", found.same), ("Other models", found.others)):
        if lines:
            console.print(title, style="bold")
            console.print(_beside(lines))
    _notes(found.notes, console)
    _alone(found, console)


def _section(section: Section, console: Console) -> None:
    console.print()
    console.print(Text.assemble((section.summary.title, "bold"), (f"  {section.model}", _FAINT)))
    console.print(section.measured, style=_FAINT)
    for cell, why in section.refused:
        console.print(Text.assemble(("refused ", "yellow"), cell, ": ", why))
    for view in section.views:
        console.print(_view(view))
        _notes(view.grid.notes, console)
    for left_out in section.left_out:
        console.print(Text.assemble(("left out ", _FAINT), left_out.title, (f": {left_out.why}", _FAINT)))


def _view(view: TableView) -> Table:
    grid = view.grid
    shared = f"\n{grid.shared}" if grid.shared else ""
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=Text.assemble((view.table.title, "bold"), (shared, _FAINT)),
        title_justify="left",
    )
    for label in _labels(grid):
        table.add_column(label)
    table.add_column("n", justify="right")
    for column in grid.first:
        table.add_column(column.title, justify="right")
    if grid.notes:
        table.add_column("notes")
    for group in grid.groups:
        for number, line in enumerate(group.lines):
            title = [group.title if number == 0 else ""] if _grouped(grid) else []
            n = "" if line.n is None else str(line.n)
            notes = [" ".join(map(str, line.notes))] if grid.notes else []
            table.add_row(*title, *line.labels, n, *(_cell(cell) for cell in line.first), *notes)
    return table


def _grouped(grid: Grid) -> bool:
    return any(group.title for group in grid.groups)


def _labels(grid: Grid) -> list[str]:
    return [*([""] if _grouped(grid) else []), *grid.labels]


def _cell(cell: GridCell | None) -> Text:
    return Text("") if cell is None else Text.assemble(cell.value, (f" {cell.beside}".rstrip(), _FAINT))


def _beside(lines: Sequence[BesideLine]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("number")
    for heading in ("ours", "published", "difference"):
        table.add_column(heading, justify="right")
    for heading in ("intervals", "tolerance", "notes"):
        table.add_column(heading)
    before = None
    for line in lines:
        if (line.keys, line.model) != before:
            before = line.keys, line.model
            table.add_row(Text(f"{line.keys}; published for {line.model}", "bold"))
        table.add_row(
            f"  {line.value}",
            line.ours,
            line.published,
            Text(line.difference, "bold"),
            Text(line.intervals, _STYLES.get(line.intervals, "")),
            Text(line.tolerance, _STYLES.get(line.tolerance, "")),
            " ".join(map(str, line.notes)),
        )
    return table


def _notes(notes: Sequence[str], console: Console) -> None:
    for number, note in enumerate(notes, start=1):
        console.print(f"{number:3}  {note}", style=_FAINT)


def _alone(found: Beside, console: Console) -> None:
    if found.alone:
        console.print("\nWithout a published partner", style="bold")
    for why, rows in found.alone:
        console.print(f"  {why}: {'; '.join(rows)}")
