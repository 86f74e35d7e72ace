"""Renders the summary of a log as one page that fetches nothing and runs nothing."""

from __future__ import annotations

from dataclasses import dataclass

from guardbind.calibration.drift import DriftReport
from guardbind.logs.shown import VERDICT_ORDER, LogTable, drift_sentence, drift_table, headline, notes, tables
from guardbind.logs.summary import Grouping, LogCounts, LogSummary
from guardbind.report.html import template
from guardbind.report.view import ShownCell, ShownTable, VerdictView, verdict

__all__ = ["LogPage", "render_log"]


@dataclass(frozen=True, slots=True)
class _Bar:
    """One time of the picture: what ended how, in percent of the tallest bar."""

    label: str
    note: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LogPage:
    """All that the page shows.

    Attributes:
        headline: What the log holds.
        notes: What was not counted.
        drift: What the drift test says; empty without one.
        drifted: Whether it found drift.
        signals: Its table; None without one.
        caption: What the bars are counted by; empty without bars.
        bars: Final verdicts over time.
        met: Verdicts that occur.
        tables: Everything else.
    """

    headline: str
    notes: tuple[str, ...]
    drift: str
    drifted: bool
    signals: ShownTable | None
    caption: str
    bars: tuple[_Bar, ...]
    met: tuple[VerdictView, ...]
    tables: tuple[ShownTable, ...]


def render_log(summary: LogSummary, drift: DriftReport | None = None, *, others: int = 0) -> str:
    """Return a page for a person.

    It holds prompt text only where the summary does.

    Args:
        summary: The summary of a log.
        drift: What the drift test says, if there was one.
        others: Slots that it did not compare, because another model wrote them.
    """
    times: tuple[Grouping, ...] = ("hour", "day")
    over = next((name for name in times if summary.groups.get(name)), None)
    page = LogPage(
        headline=headline(summary),
        notes=tuple(notes(summary, others=others)),
        drift="" if drift is None else drift_sentence(drift),
        drifted=drift is not None and drift.drifted,
        signals=None if drift is None else _shown(drift_table(drift)),
        caption=f"Slots by {over} and by how they ended" if over else "",
        bars=_bars(summary.groups[over]) if over else (),
        met=tuple(verdict(name) for name in VERDICT_ORDER if name in summary.total.final_verdicts),
        tables=tuple(_shown(table) for table in tables(summary)),
    )
    return template("log.html.j2", "guardbind.logs").render(page=page)


def _bars(groups: tuple[LogCounts, ...]) -> tuple[_Bar, ...]:
    tallest = max((group.slots for group in groups), default=0)
    found = []
    for group in groups:
        met = [(name, group.final_verdicts[name]) for name in VERDICT_ORDER if name in group.final_verdicts]
        note = f"{group.label}: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in met)
        parts = tuple((name, f"{100 * count / tallest:.3f}") for name, count in met)
        found.append(_Bar(group.label, note, parts))
    return tuple(found)


def _shown(found: LogTable) -> ShownTable:
    lines = tuple(tuple(ShownCell(cell) for cell in line) for line in found.lines)
    return ShownTable(found.caption, found.headings, found.words, lines)
