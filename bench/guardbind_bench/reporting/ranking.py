"""Draws a ranking: rows sorted by their first share, those of the guard marked, the baseline as a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from guardbind_bench.experiments.table import Table, TableRow
from guardbind_bench.reporting.panels import COLOURS, INK, bar_figure, draw_interval, label_bars
from guardbind_bench.reporting.selection import accuracy_column, number_of, panels_of, row_labels, value_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

__all__ = ["ranking"]

_OURS = "guardbind"


def ranking(rows: Sequence[TableRow], table: Table) -> Drawing | None:
    """Draw one panel for each thing that methods are told, so that only those of equal knowledge stand side by side.

    Args:
        rows: Rows; those whose key `source` is `guardbind` are marked, and the `method` `unguarded` is the line.
        table: Their table.
    """
    name = accuracy_column(table, rows)
    rows = [row for row in rows if name and value_of(row, name) is not None]
    if name is None or not rows:
        return None
    plain = [row for row in rows if row.keys.get("method") == "unguarded"]
    panels = panels_of([row for row in rows if row.keys.get("method") != "unguarded"], ("told",), without=())
    for panel in panels:
        panel.rows.sort(key=lambda row: -number_of(row, name))
    figure, axes = bar_figure(panels)
    for ax, panel in zip(axes, panels, strict=True):
        labels = row_labels(panel.rows, without=("told", "source", "values"))
        for place, row in enumerate(panel.rows):
            is_ours = row.keys.get("source") == _OURS
            ax.barh(place, number_of(row, name), color=COLOURS[1 if is_ours else 0], height=0.66, alpha=0.85)
            draw_interval(ax, row.values[name], float(place))
            labels[place] = f"{'◆ ' if is_ours else ''}{labels[place]}"
        label_bars(ax, labels)
        if plain:
            ax.axvline(number_of(plain[0], name), color=INK, linestyle="--", linewidth=1)
        beside = "; dashed: unguarded" if plain else ""
        ax.set(title=f"told {panel.label}" if panel.label else "", xlim=(0, 1))
        ax.set_xlabel(f"{table.columns[name].title}, with 95 % interval; ◆ of the guard{beside}")
    return figure
