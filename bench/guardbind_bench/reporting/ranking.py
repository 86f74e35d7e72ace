"""Draws a ranking: a sorted bar for each thing, those of the guard marked, the baseline as a line.

What was tried at several settings has one bar, of its tuned setting, and a ring where its authors' setting stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from guardbind_bench.experiments.table import RowKey, Table, TableRow
from guardbind_bench.reporting.panels import COLOURS, INK, bar_figure, draw_interval, label_bars
from guardbind_bench.reporting.selection import accuracy_column, number_of, panels_of, value_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

__all__ = ["ranking"]

_OURS = "guardbind"
_NAMES = ("method", "signal")
_AUTHORS = ("authors'", "authors', also tuned")
_TUNED = ("tuned", "authors', also tuned", "authors'")


def ranking(rows: Sequence[TableRow], table: Table) -> Drawing | None:
    """Draw one panel for each thing that methods are told, so that only those of equal knowledge stand side by side.

    Args:
        rows: Rows; those whose key `source` is `guardbind` are marked, and the `method` `unguarded` is the line. Of
            what was run over several conditions, each with rows of its own, those over most trials are drawn.
        table: Their table.
    """
    name = accuracy_column(table, rows)
    rows = [row for row in rows if name and value_of(row, name) is not None]
    if name is None or not rows:
        return None
    tuned, authors = _at(rows, name, _TUNED), _at(rows, name, _AUTHORS)
    plain = tuned.pop("unguarded", None)
    panels = panels_of(list(tuned.values()), ("told",), without=())
    for panel in panels:
        panel.rows.sort(key=lambda row: -number_of(row, name))
    figure, axes = bar_figure(panels)
    for ax, panel in zip(axes, panels, strict=True):
        labels = []
        for place, row in enumerate(panel.rows):
            is_ours = row.keys.get("source") == _OURS
            ax.barh(place, number_of(row, name), color=COLOURS[1 if is_ours else 0], height=0.66, alpha=0.85)
            draw_interval(ax, row.values[name], float(place))
            beside = authors.get(_name(row))
            if beside is not None and beside is not row:
                ax.scatter([number_of(beside, name)], [place], s=28, facecolors="none", edgecolors=INK, zorder=4)
            labels.append(f"{'◆ ' if is_ours else ''}{_name(row)}")
        label_bars(ax, labels)
        if plain is not None:
            ax.axvline(number_of(plain, name), color=INK, linestyle="--", linewidth=1)
        ax.set(title=panel.label, xlim=(0, 1))
        dashed = "; dashed: unguarded" if plain is not None else ""
        ax.set_xlabel(f"{table.columns[name].title}, tuned [95 %]; ○ authors'; ◆ the guard's{dashed}")
    return figure


def _name(row: TableRow) -> RowKey:
    return next((row.keys[key] for key in _NAMES if key in row.keys), "")


def _at(rows: Sequence[TableRow], column: str, settings: Sequence[str]) -> dict[RowKey, TableRow]:
    """Return by name the row of the first of some settings that it has, over most trials."""
    best: dict[RowKey, TableRow] = {}
    rank: dict[RowKey, tuple[int, int]] = {}
    for row in rows:
        setting = str(row.keys.get("setting", settings[0]))
        if setting not in settings:
            continue
        place = -row.values[column].n, settings.index(setting)
        if _name(row) not in best or place < rank[_name(row)]:
            best[_name(row)], rank[_name(row)] = row, place
    return best
