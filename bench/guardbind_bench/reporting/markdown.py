"""Writes every table of a report as Markdown: every number with its interval and n."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guardbind_bench.reporting.beside import Beside, BesideLine
from guardbind_bench.reporting.grid import Grid, GridCell, GridLine
from guardbind_bench.reporting.page import HOW_TO_READ, Section, TableView

__all__ = ["main_table", "markdown_text", "tables_of"]

_ESCAPED = str.maketrans({**{sign: f"\\{sign}" for sign in "\\`*_"}, "<": "&lt;", ">": "&gt;", "|": "\\|"})


def tables_of(sections: Sequence[Section]) -> str:
    """Write all runs: what was asked and by which command, then the tables, then the published numbers."""
    lines = ["# All tables", "", HOW_TO_READ, ""]
    if not sections:
        lines += ["No experiment has been run.", ""]
    if len(sections) > 1:
        lines += [f"- {markdown_text(section.summary.title)} ({markdown_text(section.model)})" for section in sections]
        lines += [""]
    for section in sections:
        lines += _section(section)
    return "\n".join(lines).rstrip() + "\n"


def main_table(view: TableView, most: int) -> str:
    """Write the most important columns of the first rows of a table, at most `most`, without notes."""
    return "\n".join(list(_grid(view.grid, further=False, notes=False))[: most + 2])


def markdown_text(text: str) -> str:
    """Escape text, so that it is shown as it is, also in the cell of a table."""
    return " ".join(text.split()).translate(_ESCAPED)


def _section(section: Section) -> Iterable[str]:
    summary = section.summary
    title, model = markdown_text(summary.title), markdown_text(section.model)
    yield from (f"## {markdown_text(summary.experiment)}: {title} ({model})", "")
    yield from ("```", section.command.replace("```", "` ` `"), "```", "")
    yield from ("; ".join(f"{name} {_code(value)}" for name, value in section.origin) + ".", "")
    yield from (markdown_text(section.asked), "", markdown_text(section.measured), "")
    for cell, why in section.refused:
        yield f"- Refused: {markdown_text(cell)}: {markdown_text(why)}"
    for left_out in section.left_out:
        yield f"- Left out, as it holds no number: {markdown_text(left_out.title)} ({markdown_text(left_out.why)})"
    if section.refused or section.left_out:
        yield ""
    for view in section.views:
        yield from _view(view)
    if section.compared is not None:
        yield from _compared(section.compared)


def _view(view: TableView) -> Iterable[str]:
    grid = view.grid
    yield from (f"### {markdown_text(view.table.title)}", "")
    if grid.shared:
        yield from (markdown_text(f"All rows: {grid.shared}."), "")
    for further in (False, True) if grid.further else (False,):
        yield from _grid(grid, further=further, notes=bool(grid.notes))
        yield ""
    yield from (f"{number}. {markdown_text(note)}" for number, note in enumerate(grid.notes, start=1))
    if grid.notes:
        yield ""
    yield from (
        f"- **{markdown_text(c.title)}** ({c.unit}): {markdown_text(c.meaning)}" for c in (*grid.first, *grid.further)
    )
    yield ""


def _grid(grid: Grid, *, further: bool, notes: bool) -> Iterable[str]:
    columns = grid.further if further else grid.first
    grouped = any(group.title for group in grid.groups)
    heads = [*(["group"] if grouped else []), *grid.labels, "n", *(column.title for column in columns)]
    yield _pipes([*heads, *(["notes"] if notes else [])])
    left = len(grid.labels) + grouped
    yield "|" + " :-- |" * left + " --: |" * (len(columns) + 1) + (" :-- |" if notes else "")
    for group in grid.groups:
        for line in group.lines:
            yield _pipes([*([group.title] if grouped else []), *_line(line, further, notes)])


def _line(line: GridLine, further: bool, notes: bool) -> list[str]:
    cells = [_cell(cell) for cell in (line.further if further else line.first)]
    n = "" if line.n is None else str(line.n)
    return [*line.labels, n, *cells, *([", ".join(map(str, line.notes))] if notes else [])]


def _cell(cell: GridCell | None) -> str:
    return "" if cell is None else f"{cell.value} {cell.beside}".rstrip()


def _compared(compared: Beside) -> Iterable[str]:
    yield from ("### Beside the published numbers", "")
    for title, lines in (("The same model", compared.same), ("Other models", compared.others)):
        if lines:
            yield from (f"{title}:", "", *_beside(lines), "")
    yield from (f"{number}. {markdown_text(note)}" for number, note in enumerate(compared.notes, start=1))
    if compared.notes:
        yield ""
    if compared.alone:
        yield from ("Without a published partner:", "")
        yield from (f"- {markdown_text(why)}: {markdown_text('; '.join(rows))}" for why, rows in compared.alone)
        yield ""


def _beside(lines: Sequence[BesideLine]) -> Iterable[str]:
    heads = ["row", "published model", "number", "ours", "published", "difference", "intervals", "tolerance", "notes"]
    yield _pipes(heads)
    yield "| :-- | :-- | :-- | --: | --: | --: | :-- | :-- | :-- |"
    for line in lines:
        notes = ", ".join(map(str, line.notes))
        told = [line.keys, line.model, line.value, line.ours, line.published, line.difference]
        yield _pipes([*told, line.intervals, line.tolerance, notes])


def _pipes(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(markdown_text, cells)) + " |"


def _code(text: str) -> str:
    return "`" + text.replace("`", "'") + "`"
