"""Writes what was found as one self-contained HTML page and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from guardbind_bench.reporting.figures import draw
from guardbind_bench.reporting.markdown import markdown_of
from guardbind_bench.reporting.page import HOW_TO_READ, Part, Section, section_of
from guardbind_bench.reporting.svg import inline_svg
from guardbind_bench.running.summary import Summary

__all__ = ["write_report"]


def write_report(summaries: Sequence[Summary], out: Path) -> tuple[Path, Path]:
    """Write `report.html` and `report.md`.

    The page needs no other file and nothing from a network.

    Args:
        summaries: What was found, in the order of the report.
        out: The folder they are written to; it is made.

    Returns:
        Where the page and the Markdown are.
    """
    sections = [section_of(summary, number) for number, summary in enumerate(summaries, start=1)]
    out.mkdir(parents=True, exist_ok=True)
    html, markdown = out / "report.html", out / "report.md"
    html.write_text(_page(sections), encoding="utf-8")
    markdown.write_text(markdown_of(sections), encoding="utf-8")
    return html, markdown


def _page(sections: Sequence[Section]) -> str:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pictures: dict[tuple[str, str], Markup] = {}
    for section in sections:
        for part in section.parts:
            drawing = draw(part.table, section.summary.rows)
            if drawing is not None:
                svg = inline_svg(drawing, f"{section.anchor}-{part.table.id}")
                pictures[section.anchor, part.table.id] = Markup(svg)
    return environment.from_string(_read("report.html.j2")).render(
        sections=sections,
        pictures=pictures,
        style=Markup(_read("report.css")),
        how_to_read=HOW_TO_READ,
        told=_told,
    )


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _told(part: Part) -> str:
    """Say in words what a plot shows, for those who don't see it."""
    kinds = {
        "decay": "Line plot by distance",
        "stages": "Stacked bars of right, 2A and 2B",
        "heat": "Heat map by layer",
        "layers": "Line plot by layer",
        "reliability": "Observed against expected shares, with the diagonal",
        "bars": "Bars with intervals",
    }
    return f"{kinds[part.table.figure or 'bars']}: {part.table.title}. The table after it holds the same numbers."
