"""Draws the plots of a report, one function for each kind of figure.

Each takes the rows of one table and draws what its columns and keys allow; without what it needs it draws nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from guardbind_bench.experiments.table import Figure, Table, TableRow
from guardbind_bench.reporting.panels import (
    COLOURS,
    DASHES,
    INK,
    PANEL_HEIGHT,
    STYLE,
    bar_figure,
    draw_interval,
    draw_points,
    figure_of,
    label_bars,
    show_legend,
    show_whole_share,
)
from guardbind_bench.reporting.ranking import ranking
from guardbind_bench.reporting.selection import (
    Series,
    accuracy_column,
    distance_axis,
    first_column,
    key_of,
    keys_of,
    lines_of,
    number_of,
    panels_of,
    row_labels,
    some,
    value_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

__all__ = ["FIGURES", "draw"]

_MOST_LINES = 12


def draw(table: Table, rows: Sequence[TableRow]) -> Drawing | None:
    """Draw the plot that a table declares.

    Args:
        table: The table.
        rows: The rows of a run. Those of other tables are left out, but for fitted curves (`half_distance` and
            `slope`) of a `decay`.

    Returns:
        The drawing; None where the table declares none, or the rows lack what it needs.
    """
    own = [row for row in rows if row.table == table.id or (table.figure == "decay" and _is_curve(row))]
    told = [row for row in own if any(estimate.value is not None for estimate in row.values.values())]
    if table.figure is None or not told:
        return None
    from matplotlib import rc_context

    with rc_context(STYLE):
        return FIGURES[table.figure](told, table)


def _decay(rows: Sequence[TableRow], table: Table) -> Drawing | None:
    fits = [row for row in rows if _is_curve(row)]
    rows = [row for row in rows if row.table == table.id]
    name = accuracy_column(table, rows)
    axis = distance_axis(rows)
    if name is None or axis is None:
        return None
    x_of, heading, used = axis
    rows = [row for row in rows if value_of(row, name) is not None]
    panels = panels_of(rows, ("task",), without=used)
    figure, axes = figure_of([PANEL_HEIGHT] * len(panels))
    for ax, panel in zip(axes, panels, strict=True):
        lines = lines_of(panel.rows, without=(*used, "task"))
        for number, line in enumerate(lines[:_MOST_LINES]):
            points = sorted(line.rows, key=x_of)
            x, y = [x_of(row) for row in points], [row.values[name] for row in points]
            fit = next((fit for fit in fits if fit.keys.items() <= points[0].keys.items()), None)
            draw_points(ax, number, x, y, line.label, joined=fit is None)
            if fit is not None:
                _curve(ax, number, fit, x)
        ax.set(title=_title(panel, lines), xlabel=heading, ylabel=table.columns[name].title)
        show_whole_share(ax, table.columns[name])
        places = {x_of(row) for row in panel.rows}
        if len(places) > 2 and min(places) > 0 and max(places) / min(places) >= 8:
            ax.set_xscale("log", base=2)
            ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        show_legend(ax)
    return figure


def _is_curve(row: TableRow) -> bool:
    return value_of(row, "half_distance") is not None and value_of(row, "slope") is not None


def _curve(ax: Axes, number: int, fit: TableRow, x: Sequence[float]) -> None:
    places = np.geomspace(min(x), max(x), 100)
    accuracy = 1 / (1 + (places / number_of(fit, "half_distance")) ** number_of(fit, "slope"))
    ax.plot(
        places, accuracy, color=COLOURS[number % len(COLOURS)], linestyle=DASHES[number // len(COLOURS) % len(DASHES)]
    )


def _stages(rows: Sequence[TableRow], table: Table) -> Drawing | None:
    parts = {
        "acc": ("right", "#0072B2", "white", ""),
        "rate_2a": ("2A: no candidate", "#E69F00", "black", "//"),
        "rate_2b": ("2B: another candidate", "#D55E00", "black", ""),
    }
    rows = [row for row in rows if all(value_of(row, name) is not None for name in parts)]
    if not rows:
        return None
    panels = panels_of(rows, ("task",), without=())
    figure, axes = bar_figure(panels)
    for ax, panel in zip(axes, panels, strict=True):
        shown = panel.rows
        left = np.zeros(len(shown))
        for name, (label, colour, ink, hatch) in parts.items():
            widths = np.array([number_of(row, name) for row in shown])
            bars = ax.barh(np.arange(len(shown)), widths, left=left, color=colour, height=0.7, label=label)
            for bar, width in zip(bars, widths, strict=True):
                bar.set(hatch=hatch, edgecolor="white", linewidth=0.5)
                if width >= 0.07:
                    x, y = bar.get_center()
                    box = {"facecolor": colour, "edgecolor": "none", "pad": 1.0}
                    ax.text(x, y, f"{width:.2f}", color=ink, ha="center", va="center", bbox=box, fontsize=9)
            left = left + widths
        for place, row in enumerate(shown):
            # At the lower edge, where it strikes through no number.
            draw_interval(ax, row.values["acc"], place + 0.42)
        label_bars(ax, row_labels(shown, without=("task",)))
        ax.set(xlim=(0, 1), title=panel.label)
    axes[-1].set_xlabel("share of trials; the line below a bar is the 95 % interval of right")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3, handlelength=1.2)
    return figure


def _heat(rows: Sequence[TableRow], table: Table) -> Drawing | None:
    # The paper's mean of ratios comes first in its table and has small denominators.
    ratio = next((name for name in table.columns if name.endswith("_ratio_of_means") and some(rows, name)), None)
    name = ratio or first_column(table, rows, ("ratio", "logits", "share"))
    rows = [row for row in rows if name and value_of(row, name) is not None]
    across = ("layer",) if len({row.keys.get("layer") for row in rows}) > 1 else ("task", "filler", "k")
    rows = [row for row in rows if all(row.keys.get(key) is not None for key in across)]
    if name is None or not rows:
        return None
    panels = panels_of(rows, ("task", "filler", "k"), without=across)
    used = (*across, "task", "filler", "k")
    sides = [lines_of(panel.rows, without=used) for panel in panels]
    figure, axes = figure_of([max(1.7, 0.34 * len(lines) + 1.1) for lines in sides])
    values = [number_of(row, name) for row in rows]
    most = 1.0 if table.columns[name].unit == "share" else max(map(abs, values)) or 1.0
    signed = min(values) < 0
    for ax, panel, lines in zip(axes, panels, sides, strict=True):
        places = list(dict.fromkeys(keys_of(row, across) for row in panel.rows))
        if across == ("layer",):
            places.sort(key=float)
        grid = np.full((len(lines), len(places)), np.nan)
        for place, line in enumerate(lines):
            for row in line.rows:
                grid[place, places.index(keys_of(row, across))] = number_of(row, name)
        mesh = ax.pcolormesh(grid, cmap="PuOr" if signed else "cividis", vmin=-most if signed else 0.0, vmax=most)
        step = max(1, len(places) // 16)
        ax.set_xticks(np.arange(0, len(places), step) + 0.5, [place.replace(" ", "\n") for place in places[::step]])
        ax.set_yticks(np.arange(len(lines)) + 0.5, [line.label or "all" for line in lines])
        ax.invert_yaxis()
        ax.grid(False)
        ax.set(title=panel.label, xlabel=" ".join(across))
        figure.colorbar(mesh, ax=ax, label=table.columns[name].title, pad=0.02)
    return figure


def _layers(rows: Sequence[TableRow], table: Table) -> Drawing | None:
    names = [name for name, column in table.columns.items() if column.unit == "share" and some(rows, name)]
    names = names or [name for name in table.columns if some(rows, name)][:1]
    if not names or all(row.keys.get("layer") is None for row in rows):
        return None
    panels = panels_of(rows, ("task", "filler", "k"), without=("layer",))
    figure, axes = figure_of([PANEL_HEIGHT] * len(panels))
    for ax, panel in zip(axes, panels, strict=True):
        lines = lines_of(panel.rows, without=("layer", "task", "filler", "k"))
        shown = names[: 1 if len(lines) > 1 else 4]
        for number, (line, name) in enumerate((line, name) for line in lines[:_MOST_LINES] for name in shown):
            label = line.label if len(lines) > 1 else table.columns[name].title
            _by_layer(ax, number, [row for row in line.rows if value_of(row, name) is not None], name, label)
        column = table.columns[names[0]]
        ax.set(title=_title(panel, lines), xlabel="layer", ylabel=column.unit if len(shown) > 1 else column.title)
        show_whole_share(ax, column)
        show_legend(ax)
    return figure


def _by_layer(ax: Axes, number: int, rows: Sequence[TableRow], name: str, label: str) -> None:
    points = sorted((row for row in rows if row.keys.get("layer") is not None), key=partial(key_of, name="layer"))
    if points:
        draw_points(ax, number, [key_of(row, "layer") for row in points], [row.values[name] for row in points], label)
    elif rows:
        # What reads no layer is the same at all of them.
        dashes = DASHES[1 + number % (len(DASHES) - 1)]
        ax.axhline(number_of(rows[0], name), color=COLOURS[number % len(COLOURS)], linestyle=dashes, label=label)


def _reliability(rows: Sequence[TableRow], table: Table) -> Drawing | None:
    shares = [name for name, column in table.columns.items() if column.unit == "share" and some(rows, name)]
    if len(shares) < 2:
        return None
    expected, observed = shares[:2]
    rows = [row for row in rows if value_of(row, expected) is not None and value_of(row, observed) is not None]
    if not rows:
        return None
    panels = panels_of(rows, ("task", "filler"), without=("bin",))
    figure, axes = figure_of([4.2] * len(panels))
    for ax, panel in zip(axes, panels, strict=True):
        ax.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=1, label="as it should be")
        lines = lines_of(panel.rows, without=("bin", "task", "filler"))
        for number, line in enumerate(lines[:_MOST_LINES]):
            points = sorted(line.rows, key=lambda row: number_of(row, expected))
            places = [number_of(row, expected) for row in points]
            draw_points(ax, number, places, [row.values[observed] for row in points], line.label or "observed")
        ax.set(title=_title(panel, lines), xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        ax.set(xlabel=table.columns[expected].title, ylabel=table.columns[observed].title)
        show_legend(ax, always=True)
    return figure


def _sieve(rows: Sequence[TableRow], table: Table) -> Drawing | None:
    # Here and not above: a page without plots needs no matplotlib.
    from matplotlib.ticker import MaxNLocator

    rows = [row for row in rows if row.keys.get("top") is not None]
    names = [name for name, column in table.columns.items() if column.unit == "share" and some(rows, name)]
    if not names:
        return None
    panels = panels_of(rows, ("task", "k"), without=("top",))
    figure, axes = figure_of([PANEL_HEIGHT] * len(panels))
    for ax, panel in zip(axes, panels, strict=True):
        for number, name in enumerate(names):
            known = [row for row in panel.rows if value_of(row, name) is not None]
            points = sorted(known, key=partial(key_of, name="top"))
            places = [key_of(row, "top") for row in points]
            draw_points(ax, number, places, [row.values[name] for row in points], table.columns[name].title)
        ax.set(title=panel.label, xlabel="tokens returned", ylabel="share of slots, with 95 % interval")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        show_whole_share(ax, table.columns[names[0]])
        show_legend(ax, always=True)
    return figure


def _bars(rows: Sequence[TableRow], table: Table) -> Drawing | None:
    name = accuracy_column(table, rows)
    rows = [row for row in rows if name and value_of(row, name) is not None]
    if name is None or not rows:
        return None
    panels = panels_of(rows, ("task", "filler", "k"), without=())
    before = f"{name.partition('_')[0]}_baseline"
    figure, axes = bar_figure(panels)
    for ax, panel in zip(axes, panels, strict=True):
        shown = panel.rows
        for place, row in enumerate(shown):
            ax.barh(place, number_of(row, name), color=COLOURS[0], height=0.66, alpha=0.85)
            draw_interval(ax, row.values[name], float(place))
            if before != name and value_of(row, before) is not None:
                ax.plot(number_of(row, before), place, marker="D", color=COLOURS[1], markeredgecolor="white", zorder=4)
        label_bars(ax, row_labels(shown, without=("task", "filler", "k")))
        column = table.columns[name]
        beside = f"; ◆ {table.columns[before].title}" if before != name and some(shown, before) else ""
        ax.set(title=panel.label, xlabel=f"{column.title}, with 95 % interval{beside}")
        if column.unit == "share" and all(0 <= number_of(row, name) <= 1 for row in shown):
            ax.set_xlim(0, 1)
    return figure


FIGURES: dict[Figure, Callable[[Sequence[TableRow], Table], Drawing | None]] = {
    "decay": _decay,
    "stages": _stages,
    "heat": _heat,
    "layers": _layers,
    "reliability": _reliability,
    "bars": _bars,
    "ranking": ranking,
    "sieve": _sieve,
}


def _title(panel: Series, lines: Sequence[Series]) -> str:
    cut = f"{_MOST_LINES} of {len(lines)} lines" if len(lines) > _MOST_LINES else ""
    return ", ".join(filter(None, (panel.label, cut)))
