"""Holds what all plots share: style, colours, panels, points with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from guardbind_bench.experiments.table import Column, Estimate
from guardbind_bench.reporting.selection import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from matplotlib.typing import RcKeyType

__all__ = [
    "COLOURS",
    "DASHES",
    "INK",
    "PANEL_HEIGHT",
    "STYLE",
    "bar_figure",
    "draw_interval",
    "draw_points",
    "figure_of",
    "label_bars",
    "show_legend",
    "show_whole_share",
]

# Replaced by the colour of the page's text, which is another one on a dark page.
INK = "#010203"
# Okabe and Ito's palette, less the yellow that vanishes on white and the black that vanishes on a dark page.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES = ("-", "--", ":", "-.")
PANEL_HEIGHT = 3.0
_WIDTH = 7.2

STYLE: dict[RcKeyType, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "guardbind",
    # Names of models and tasks are text and no formulas.
    "text.parse_math": False,
    "font.size": 10.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.18,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
}


def figure_of(heights: Sequence[float]) -> tuple[Drawing, list[Axes]]:
    """Make one panel below the other, of heights in inches."""
    # Not from pyplot, which would keep the figure and the process's settings.
    from matplotlib.figure import Figure as Drawing

    figure = Drawing(figsize=(_WIDTH, sum(heights)), layout="constrained")
    return figure, list(figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0])


def bar_figure(panels: Sequence[Series]) -> tuple[Drawing, list[Axes]]:
    """Make one panel for each of `panels`, high enough for a bar per row."""
    return figure_of([0.33 * len(panel.rows) + 0.9 for panel in panels])


def draw_points(
    ax: Axes, number: int, x: Sequence[float], estimates: Sequence[Estimate], label: str, joined: bool = True
) -> None:
    """Draw estimates with their intervals, joined by a line; `number` gives colour, marker and dashes."""
    y = np.array([estimate.value for estimate in estimates], dtype=float)
    low = np.array([y[i] if e.low is None else e.low for i, e in enumerate(estimates)], dtype=float)
    high = np.array([y[i] if e.high is None else e.high for i, e in enumerate(estimates)], dtype=float)
    colour = COLOURS[number % len(COLOURS)]
    ax.errorbar(
        x,
        y,
        yerr=np.clip([y - low, high - y], 0, None),
        color=colour,
        marker=_MARKERS[number % len(_MARKERS)],
        linestyle=DASHES[number // len(COLOURS) % len(DASHES)] if joined else "",
        markersize=5,
        linewidth=1.6,
        elinewidth=1.0,
        capsize=2.5,
        label=label,
    )


def draw_interval(ax: Axes, estimate: Estimate, place: float) -> None:
    """Draw an interval along the x axis."""
    if estimate.low is not None and estimate.high is not None:
        ax.plot([estimate.low, estimate.high], [place, place], color=INK, linewidth=1.4, zorder=3)


def show_whole_share(ax: Axes, column: Column) -> None:
    """Let the y axis of a share run from 0 to 1."""
    if column.unit == "share":
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, -0.03), max(high, 1.03))


def label_bars(ax: Axes, labels: Sequence[str]) -> None:
    """Write a label beside each bar, the first on top."""
    ax.set_yticks(np.arange(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.grid(False, axis="y")
    ax.tick_params(axis="y", length=0)


def show_legend(ax: Axes, always: bool = False) -> None:
    """Put the legend beside the panel; a single line needs none."""
    handles, labels = ax.get_legend_handles_labels()
    if always or len(handles) > 1:
        ax.legend(handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)
