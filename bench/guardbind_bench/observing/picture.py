"""Draws a Grafana dashboard from a scraped endpoint, where there is no Grafana.

Run as `python -m guardbind_bench.observing.picture --url http://127.0.0.1:9464/metrics`.
"""

from __future__ import annotations

import io
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guardbind.errors import GuardbindError
from guardbind_bench.observing.dashboard import DashboardPanel, read_dashboard
from guardbind_bench.observing.promql import evaluate
from guardbind_bench.observing.series import ScrapedSeries, watch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing
    from matplotlib.typing import RcKeyType

__all__ = ["draw", "main", "panel_lines"]

_INK, _PALE, _PAPER, _GROUND = "#24292e", "#6e7781", "#ffffff", "#f4f5f5"
# Verdicts keep their colour from panel to panel.
_NAMED = {
    "ok": "#56A64B",
    "repaired": "#3274D9",
    "binding_failure": "#E02F44",
    "gate_failure": "#FF9830",
    "unsupported": "#A352CC",
    "unresolved": "#8E8E8E",
    "absent": "#C7B198",
    "against it": "#E02F44",
    "for it, up to 3 bits": "#F2CC0C",
    "for it, above 3 bits": "#56A64B",
}
_THRESHOLDS = {"green": "#37872D", "orange": "#E0750B", "red": "#C4162A"}
_COLOURS = ("#3274D9", "#FF9830", "#56A64B", "#A352CC", "#E02F44", "#8AB8FF", "#8E8E8E")
# How many letters fit into the width of a legend, about, and the steps that a clock may have, in seconds.
_LEGEND_LETTERS = 72
_STEPS = (5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400)
_UNITS = {"ops": "/s", "reqps": "/s", "s": " s"}
_STYLE: Mapping[RcKeyType, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "guardbind",
    "font.family": "sans-serif",
    "font.size": 8.0,
    "text.parse_math": False,
    "text.color": _INK,
    "axes.edgecolor": "#d8d9da",
    "xtick.color": _PALE,
    "ytick.color": _PALE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e5e6",
    "grid.linewidth": 0.6,
}


def panel_lines(
    panel: DashboardPanel, series: ScrapedSeries, window: str, times: Sequence[float]
) -> dict[str, list[float]]:
    """Return what a panel shows: the name of each line to its values at some times, NaN where it has none.

    Args:
        panel: The panel.
        series: What was scraped.
        window: What stands for `$__rate_interval`.
        times: The moments, in seconds.
    """
    lines: dict[str, list[float]] = {}
    for query in panel.queries:
        expression = query.filled(window)
        for place, at in enumerate(times):
            for labels, value in evaluate(expression, series, at).items():
                name = query.called(dict(labels)) or panel.title
                lines.setdefault(name, [math.nan] * len(times))[place] = value
    return lines


def draw(panels: Sequence[DashboardPanel], series: ScrapedSeries, window: str, title: str) -> Drawing:
    """Draw panels where a dashboard has them.

    Args:
        panels: Of the dashboard.
        series: What was scraped.
        window: What stands for `$__rate_interval`, as `1m`.
        title: Stands above.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure as Drawing

    rows = max(y + h for _, y, _, h in (panel.place for panel in panels))
    top, height = 0.38, 0.3
    whole = rows * height + top
    with rc_context(dict(_STYLE)):
        figure = Drawing(figsize=(12.0, whole), facecolor=_GROUND)
        figure.text(0.008, 1 - 0.5 * top / whole, title, fontsize=11, fontweight="bold", va="center")
        for panel in panels:
            x, y, w, h = panel.place
            box = (x / 24, 1 - (top + (y + h) * height) / whole, w / 24, h * height / whole)
            _draw_panel(figure, panel, box, panel_lines(panel, series, window, series.times), series.times)
    return figure


def _draw_panel(
    figure: Drawing,
    panel: DashboardPanel,
    box: tuple[float, float, float, float],
    lines: Mapping[str, Sequence[float]],
    times: Sequence[float],
) -> None:
    from matplotlib.patches import Rectangle

    left, bottom, width, height = box
    gap_x, gap_y = 0.0035, 0.0035 * 12 / figure.get_figheight()
    left, bottom, width, height = left + gap_x, bottom + gap_y, width - 2 * gap_x, height - 2 * gap_y
    frame = Rectangle(
        (left, bottom), width, height, transform=figure.transFigure, facecolor=_PAPER, edgecolor="#e0e1e2", zorder=-2
    )
    figure.add_artist(frame)
    inch = 1 / figure.get_figheight()
    figure.text(left + 0.006, bottom + height - 0.17 * inch, panel.title, fontsize=8.5, va="center")
    if panel.kind == "stat":
        newest = [values[-1] for values in lines.values() if not math.isnan(values[-1])]
        text = _number(newest[0], panel.unit) if newest else "No data"
        middle = (left + width / 2, bottom + 0.42 * height)
        figure.text(*middle, text, fontsize=19, ha="center", va="center", color=_threshold_colour(panel, newest))
        return
    ax = figure.add_axes((left + 0.037, bottom + 0.52 * inch, width - 0.046, height - 0.88 * inch))
    _draw_lines(ax, panel, lines, times)


def _threshold_colour(panel: DashboardPanel, newest: Sequence[float]) -> str:
    reached = [colour for bound, colour in panel.thresholds if newest and newest[0] >= bound]
    return _THRESHOLDS.get(reached[-1] if reached else "green", _INK)


def _draw_lines(ax: Axes, panel: DashboardPanel, lines: Mapping[str, Sequence[float]], times: Sequence[float]) -> None:
    from matplotlib.ticker import MaxNLocator

    names = sorted(lines, key=lambda name: (list(_NAMED).index(name) if name in _NAMED else 99, name))
    names = names if any(name in _NAMED for name in names) else list(lines)
    colours = [_NAMED.get(name, _COLOURS[number % len(_COLOURS)]) for number, name in enumerate(names)]
    if panel.stacked and names:
        values = [[0.0 if math.isnan(value) else value for value in lines[name]] for name in names]
        ax.stackplot(times, values, colors=colours, alpha=0.55, labels=names, linewidth=0)
    else:
        for name, colour in zip(names, colours, strict=True):
            ax.plot(times, lines[name], color=colour, linewidth=1.3, label=name)
    if not names:
        ax.text(0.5, 0.5, "No data", transform=ax.transAxes, ha="center", va="center", color=_PALE)
    something = any(value > 0 for name in names for value in lines[name])
    ax.set_ylim(0, ax.get_ylim()[1] if something else 1)
    ax.set_xlim(times[0], times[-1])
    ax.tick_params(length=0, labelsize=7)
    ax.yaxis.set_major_formatter(lambda value, _: _number(value, panel.unit))
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    _clock_ticks(ax, times)
    if names:
        ax.legend(
            loc="upper left", bbox_to_anchor=(-0.09, -0.13), ncols=_legend_columns(names), frameon=False, fontsize=7,
            handlelength=1.0, columnspacing=1.0, borderaxespad=0,
        )  # fmt: skip


def _legend_columns(names: Sequence[str]) -> int:
    """Return as many columns as fit, of which each is as wide as its longest name."""
    for columns in range(len(names), 1, -1):
        # As matplotlib fills them: the first ones have one name more.
        rows, more = divmod(len(names), columns)
        starts = [rows * column + min(column, more) for column in range(columns + 1)]
        widths = [max(map(len, names[a:b])) + 6 for a, b in itertools.pairwise(starts)]
        if sum(widths) <= _LEGEND_LETTERS:
            return columns
    return 1


def _clock_ticks(ax: Axes, times: Sequence[float]) -> None:
    """Put up to six ticks at whole steps of the clock."""
    spanned = times[-1] - times[0]
    step = next((step for step in _STEPS if spanned / step <= 6), spanned)
    places = [step * number for number in range(math.ceil(times[0] / step), math.floor(times[-1] / step) + 1)]
    form = "%H:%M" if step % 60 == 0 else "%H:%M:%S"
    ax.set_xticks(places, [datetime.fromtimestamp(at, UTC).strftime(form) for at in places])


def _number(value: float, unit: str) -> str:
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit == "s" and 0 < value < 1:
        return f"{1000 * value:.3g} ms"
    return f"{value:.3g}{_UNITS.get(unit, '')}"


def _saved(figure: Drawing, out: Path) -> None:
    """Save without the date, so that the same scrape gives the same file, and with few colours, so that it is small."""
    buffer = io.BytesIO()
    if out.suffix == ".svg":
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    else:
        from PIL import Image

        drawn = io.BytesIO()
        figure.savefig(drawn, format="png", dpi=110)
        Image.open(drawn).convert("RGB").quantize(128).save(buffer, format="png", optimize=True)
    out.write_bytes(buffer.getvalue())


@click.command()
@click.option("--url", required=True, help="The endpoint that Prometheus would scrape.")
@click.option(
    "--dashboard", type=click.Path(exists=True, path_type=Path), default=Path("examples/observe/dashboard.json")
)
@click.option("--seconds", type=click.FloatRange(min=1), default=180.0, show_default=True, help="How long to watch it.")
@click.option("--every", type=click.FloatRange(min=0.1), default=3.0, show_default=True, help="Between two scrapes.")
@click.option("--window", default="45s", show_default=True, help="What rates are taken over.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("dashboard.png"), show_default=True)
def main(url: str, dashboard: Path, seconds: float, every: float, window: str, out: Path) -> None:
    """Watch an endpoint and draw the dashboard from what it exposed."""
    if out.suffix not in (".png", ".svg"):
        raise click.BadParameter(f"{out} is neither .png nor .svg.", param_hint="--out")
    try:
        series = watch(url, seconds, every)
        title = json.loads(dashboard.read_text(encoding="utf-8"))["title"]
        _saved(draw(read_dashboard(dashboard), series, window, title), out)
    except (GuardbindError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out}: {len(series.times)} scrapes")


if __name__ == "__main__":
    main()
