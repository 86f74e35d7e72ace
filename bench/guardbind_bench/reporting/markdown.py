"""A report as Markdown, to be kept with the code: every number with its interval and n."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guardbind_bench.reporting.beside import Beside, BesideLine
from guardbind_bench.reporting.grid import Cell, Grid, Line
from guardbind_bench.reporting.page import HOW_TO_READ, Part, Section

__all__ = ["markdown_of"]

_ESCAPED = str.maketrans({**{sign: f"\\{sign}" for sign in "\\`*_"}, "<": "&lt;", ">": "&gt;"})


def markdown_of(sections: Sequence[Section]) -> str:
    """Write all runs: what was asked and by which command, then the tables, then the published numbers."""
    lines = ["# Bench report", "", HOW_TO_READ, ""]
    if not sections:
        lines += ["No experiment has been run.", ""]
    if len(sections) > 1:
        lines += [f"- {_text(section.summary.title)} ({_model(section)})" for section in sections] + [""]
    for section in sections:
        lines += _section(section)
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section) -> Iterable[str]:
    summary = section.summary
    yield from (f"## {_text(summary.experiment)}: {_text(summary.title)} ({_model(section)})", "")
    yield from ("```", summary.command.replace("```", "` ` `"), "```", "")
    yield from ("; ".join(f"{name} {_code(value)}" for name, value in section.origin) + ".", "")
    yield from (_text(section.asked), "", _text(section.measured), "")
    for cell, why in section.refused:
        yield f"- Refused: {_text(cell)}: {_text(why)}"
    if section.refused:
        yield ""
    for part in section.parts:
        yield from _part(part)
    if section.compared is not None:
        yield from _compared(section.compared)


def _part(part: Part) -> Iterable[str]:
    grid = part.grid
    yield from (f"### {_text(part.table.title)}", "")
    if grid.shared:
        yield from (_text(f"All rows: {grid.shared}."), "")
    for further in (False, True) if grid.further else (False,):
        yield from _grid(grid, further)
        yield ""
    yield from (f"{number}. {_text(note)}" for number, note in enumerate(grid.notes, start=1))
    if grid.notes:
        yield ""
    yield from (f"- **{_text(c.title)}** ({c.unit}): {_text(c.meaning)}" for c in (*grid.first, *grid.further))
    yield ""


def _grid(grid: Grid, further: bool) -> Iterable[str]:
    columns = grid.further if further else grid.first
    grouped = any(group.title for group in grid.groups)
    notes = bool(grid.notes)
    heads = [*(["group"] if grouped else []), *grid.labels, "n", *(column.title for column in columns)]
    yield _pipes([*heads, *(["notes"] if notes else [])])
    left = len(grid.labels) + grouped
    yield "|" + " :-- |" * left + " --: |" * (len(columns) + 1) + (" :-- |" if notes else "")
    for group in grid.groups:
        for line in group.lines:
            yield _pipes([*([group.title] if grouped else []), *_line(line, further, notes)])


def _line(line: Line, further: bool, notes: bool) -> list[str]:
    cells = [_cell(cell) for cell in (line.further if further else line.first)]
    n = "" if line.n is None else str(line.n)
    return [*line.labels, n, *cells, *([", ".join(map(str, line.notes))] if notes else [])]


def _cell(cell: Cell | None) -> str:
    return "" if cell is None else f"{cell.value} {cell.beside}".rstrip()


def _compared(compared: Beside) -> Iterable[str]:
    yield from ("### Beside the published numbers", "")
    for title, lines in (("The same model", compared.same), ("Other models", compared.others)):
        if lines:
            yield from (f"{title}:", "", *_beside(lines), "")
    yield from (f"{number}. {_text(note)}" for number, note in enumerate(compared.notes, start=1))
    if compared.notes:
        yield ""
    if compared.alone:
        yield from ("Without a published partner:", "")
        yield from (f"- {_text(why)}: {_text('; '.join(rows))}" for why, rows in compared.alone)
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
    return "| " + " | ".join(_text(cell).replace("|", "\\|") for cell in cells) + " |"


def _text(text: str) -> str:
    return " ".join(text.split()).translate(_ESCAPED)


def _code(text: str) -> str:
    return "`" + text.replace("`", "'") + "`"


def _model(section: Section) -> str:
    return _text(section.summary.origin.model)
