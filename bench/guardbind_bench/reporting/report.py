"""Writes what was found as one self-contained HTML page, as a short page of Markdown, and as Markdown with all rows."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from guardbind.errors import ConfigError
from guardbind_bench.reporting.figures import draw
from guardbind_bench.reporting.markdown import main_table, markdown_text, tables_of
from guardbind_bench.reporting.numbers import counted
from guardbind_bench.reporting.overview import Overview, overviews_of
from guardbind_bench.reporting.page import HOW_TO_READ, Section, TableView, sections_of
from guardbind_bench.reporting.svg import inline_svg, standalone_svg
from guardbind_bench.running.summary import Summary

__all__ = ["ReportFiles", "figure_svg", "write_report"]

# Of the first table of each experiment, on the short page.
_MOST_ROWS = 10


class ReportFiles(NamedTuple):
    """Where the pages of a report are."""

    html: Path
    """`report.html`: what matters first, then every table with its plot."""
    markdown: Path
    """`report.md`: what matters, and the beginning of the main tables."""
    tables: Path
    """`tables.md`: every table with every row."""


def write_report(summaries: Sequence[Summary], out: Path, again: str | None = None) -> ReportFiles:
    """Write `report.html`, `report.md` and `tables.md`.

    The HTML page needs no other file and nothing from a network.

    Args:
        summaries: What was found; the report puts it in order.
        out: The folder they are written to; it is made.
        again: The command that makes all of them, for a reader who has only the short page.
    """
    sections = sections_of(summaries)
    overviews = overviews_of(sections)
    out.mkdir(parents=True, exist_ok=True)
    files = ReportFiles(out / "report.html", out / "report.md", out / "tables.md")
    files.html.write_text(_page(sections, overviews), encoding="utf-8")
    files.markdown.write_text(_short_page(sections, overviews, again), encoding="utf-8")
    files.tables.write_text(tables_of(sections), encoding="utf-8")
    return files


def figure_svg(summaries: Sequence[Summary], table: str) -> str:
    """Return the plot of one table as an SVG file that stands by itself.

    Args:
        summaries: What was found.
        table: Id of the table.

    Raises:
        ConfigError: None of them has such a table with a plot, or several have.
    """
    drawn = [
        drawing
        for summary in summaries
        for one in summary.tables
        if one.id == table and (drawing := draw(one, summary.rows)) is not None
    ]
    if len(drawn) != 1:
        raise ConfigError(
            f"{len(drawn)} of the runs have a plot of the table {table!r}; one is needed.",
            hint="`guardbind bench report` lists what each run holds.",
        )
    return standalone_svg(drawn[0])


def _page(sections: Sequence[Section], overviews: Sequence[Overview]) -> str:
    pictures: dict[str, Markup] = {}
    for section in sections:
        for view in section.views:
            anchor = f"{section.anchor}-{view.table.id}"
            drawing = draw(view.table, section.summary.rows)
            if drawing is not None:
                pictures[anchor] = Markup(inline_svg(drawing, anchor))
    style = resources.files(__package__).joinpath("templates", "report.css").read_text(encoding="utf-8")
    return (
        _environment(escape=True)
        .get_template("report.html.j2")
        .render(
            sections=sections,
            overviews=overviews,
            pictures=pictures,
            style=Markup(style),
            how_to_read=HOW_TO_READ,
            told=_told,
            counted=counted,
        )
    )


def _short_page(sections: Sequence[Section], overviews: Sequence[Overview], again: str | None) -> str:
    environment = _environment(escape=False)
    environment.filters["text"] = markdown_text
    environment.filters["fenced"] = lambda text: text.replace("```", "` ` `")
    page = environment.get_template("report.md.j2").render(
        sections=sections,
        overviews=overviews,
        again=again,
        how_to_read=HOW_TO_READ,
        main_table=main_table,
        most_rows=_MOST_ROWS,
    )
    return page.rstrip() + "\n"


def _environment(*, escape: bool) -> Environment:
    # The short page is Markdown, which has an escape of its own.
    loader = PackageLoader("guardbind_bench.reporting")
    return Environment(
        loader=loader, autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _told(view: TableView) -> str:
    """Say in words what a plot shows, for those who don't see it."""
    kinds = {
        "decay": "Line plot by distance",
        "stages": "Stacked bars of right, 2A and 2B",
        "heat": "Heat map by layer",
        "layers": "Line plot by layer",
        "reliability": "Observed against expected shares, with the diagonal",
        "bars": "Bars with intervals",
        "sieve": "Line plot by the number of tokens that are returned",
        "ranking": "Bars sorted by their length, with intervals, the guard's own marked",
    }
    return f"{kinds[view.table.figure or 'bars']}: {view.table.title}. The table after it holds the same numbers."
