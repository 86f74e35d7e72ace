"""Lays out a summary as tables of words and numbers, for a terminal and for a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from guardbind.calibration.drift import DriftReport
from guardbind.calibration.signals import SIGNALS
from guardbind.logs.summary import Grouping, LogCounts, LogSummary, NotedSlot

__all__ = ["VERDICT_ORDER", "LogTable", "drift_sentence", "drift_table", "headline", "notes", "readable", "tables"]

VERDICT_ORDER = ("ok", "repaired", "binding_failure", "gate_failure", "unsupported", "absent", "unresolved")
"""Verdicts in the order in which they are shown."""

_CAPTIONS: dict[Grouping, str] = {
    "hour": "By hour (UTC, when the generation began)",
    "day": "By day (UTC, when the generation began)",
    "model": "By model",
    "policy": "By policy",
    "rule": "By how the target was found, and on what grounds",
    "slot": "By what opened the slot",
}
_SAMPLED = frozenset({"hour", "day", "model", "policy"})
_AWAY = 0.05
_CLEAR = 10
_FEW_HOURS = 48


@dataclass(frozen=True, slots=True)
class LogTable:
    """A table with its caption.

    Attributes:
        caption: What it shows.
        headings: One per column.
        words: Whether a column holds words, which stand at the left.
        lines: Its lines.
    """

    caption: str
    headings: tuple[str, ...]
    words: tuple[bool, ...]
    lines: tuple[tuple[str, ...], ...]


def headline(summary: LogSummary) -> str:
    """Say in a line what the log holds, and of when."""
    total = summary.total
    parts = [_count(total.generations, "generation"), _count(total.slots, "slot")]
    if total.slots:
        parts.append(f"{total.passed / total.slots:.1%} passed")
    if total.tried:
        parts.append(f"{total.kept:,} of {_count(total.tried, 'intervention')} kept")
    if summary.first is not None and summary.last is not None:
        parts.append(f"{moment(summary.first)} to {moment(summary.last)} UTC")
    return " · ".join(parts)


def notes(summary: LogSummary, *, others: int = 0) -> list[str]:
    """Say what was not counted, and why.

    Args:
        summary: The summary.
        others: Slots that were not compared with a reference, because another model wrote them.
    """
    found = []
    for unread in summary.unread:
        if unread.problem == "of an audit":
            found.append(f"{_count(unread.lines, 'record')} of audits left out: what is summed up are generations.")
            continue
        places = "; ".join(f"{line.file}, line {line.line}: {line.reason}" for line in unread.first)
        more = ", and more" if unread.lines > len(unread.first) else ""
        found.append(f"{_count(unread.lines, 'line')} not read, {unread.problem}: {places}{more}.")
    if summary.left_out:
        found.append(f"{_count(summary.left_out, 'record')} left out, of another time or model or without it.")
    if others:
        found.append(f"{_count(others, 'slot')} not compared: the reference is of another model.")
    return found


def readable(summary: LogSummary) -> LogSummary:
    """Return a summary that counts by hour where it is of few, and else by day."""
    few = summary.first is None or summary.last is None or summary.last - summary.first <= _FEW_HOURS * 3600
    dropped = "day" if few else "hour"
    kept = {name: groups for name, groups in summary.groups.items() if name != dropped}
    return summary.model_copy(update={"groups": kept})


def tables(summary: LogSummary) -> list[LogTable]:
    """Return the tables of a summary; those that would be empty are left out."""
    found = [_verdicts(summary.total)]
    found += [_group(_CAPTIONS[name], groups, name in _SAMPLED) for name, groups in summary.groups.items()]
    found.append(_actions(summary))
    found.append(_slots("Slots that did not pass, failures first", summary.failed))
    found.append(_slots("Slots that passed with the fewest bits", summary.weakest))
    return [table for table in found if table.lines]


def drift_table(drift: DriftReport) -> LogTable:
    """Return what the drift test says of each signal."""
    lines = []
    for signal in drift.signals:
        when = "" if signal.crossed_time is None else f", {moment(signal.crossed_time)}"
        lines.append(
            (
                signal.name,
                f"slot {signal.crossed_at}{when}" if signal.drifted else "–",
                _e_value(signal.e_value),
                _e_value(signal.largest),
                f"{signal.recent_rank:.2f}",
                _moved(signal.name, signal.recent_rank) if signal.largest >= _CLEAR else "–",
                str(signal.missing),
                str(signal.n),
            )
        )
    return LogTable(
        f"Signals against the reference: drift from an e-value of {drift.threshold:,.0f} on",
        ("signal", "drift since", "e-value", "largest", "recent rank", "which side", "not measured", "reference"),
        (True, True, False, False, False, True, False, False),
        tuple(lines),
    )


def drift_sentence(drift: DriftReport) -> str:
    """Say whether the signals have drifted, and what that statement is worth."""
    names = [signal.name for signal in drift.signals if signal.drifted]
    compared = f"{_count(drift.seen, 'slot')} compared"
    worth = f"without drift this is said of at most {100 * drift.alpha:g} % of logs, however often one looks"
    if names:
        return f"Drift: {', '.join(names)} ({compared}; {worth})."
    return f"No drift was found ({compared}, the first of each answer; mean e-value {_e_value(drift.e_value)})."


def moment(time: float) -> str:
    """Return a time in seconds since 1970 as date and minutes, in UTC."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return f"{time:.0f} s"


def _verdicts(total: LogCounts) -> LogTable:
    lines = [
        (name.replace("_", " "), str(own), str(final), _share(final, total.slots))
        for name in VERDICT_ORDER
        if (own := total.verdicts.get(name, 0)) + (final := total.final_verdicts.get(name, 0))
    ]
    headings = ("verdict", "own token", "in the end", "share")
    return LogTable("Verdicts", headings, (True, False, False, False), tuple(lines))


def _group(caption: str, groups: Sequence[LogCounts], sampled: bool) -> LogTable:
    """Lay out groups; `sampled` says whether generations belong to them."""
    verdicts = [name for name in VERDICT_ORDER if any(name in group.final_verdicts for group in groups)]
    headings = ["", "slots", "passed", *(name.replace("_", " ") for name in verdicts), "kept", "nulls"]
    if sampled:
        headings += ["guarding", "errors", "lost records"]
    lines = []
    for group in groups:
        line = [group.label, str(group.slots), _share(group.passed, group.slots)]
        line += [str(group.final_verdicts.get(name, 0)) for name in verdicts]
        line += [f"{group.kept} of {group.tried}" if group.tried else "–", str(group.null_forwards)]
        if sampled:
            guarding = "–" if group.guard_share is None else f"{group.guard_share:.0%}"
            line += [guarding, _named(group.errors), str(group.sink_failures)]
        lines.append(tuple(line))
    words = (True, *(heading == "errors" for heading in headings[1:]))
    return LogTable(caption, tuple(headings), words, tuple(lines))


def _actions(summary: LogSummary) -> LogTable:
    total = summary.total
    lines = [(name, str(count), _share(count, total.slots)) for name, count in total.actions.items()]
    return LogTable("Actions", ("action", "slots", "share"), (True, False, False), tuple(lines))


def _slots(caption: str, slots: Iterable[NotedSlot]) -> LogTable:
    found = list(slots)
    shown = any(slot.token_text is not None or slot.final_text is not None for slot in found)
    lines = []
    for slot in found:
        ended = "" if slot.final_verdict == slot.verdict else f" → {slot.final_verdict.replace('_', ' ')}"
        line = [
            "–" if slot.generation is None else slot.generation,
            f"{slot.row}:{slot.step}",
            "–" if slot.time is None else moment(slot.time),
            slot.verdict.replace("_", " ") + ended,
            slot.action,
            slot.rule,
            _bits(slot.evidence_bits),
            _bits(slot.margin_bits),
        ]
        if shown:
            line += ["–" if text is None else repr(text) for text in (slot.key, slot.token_text, slot.final_text)]
        lines.append(tuple(line))
    headings = ["generation", "row:step", "began", "verdict", "action", "target by", "evidence bits", "budget"]
    if shown:
        headings += ["key", "own token", "written"]
    words = tuple(heading not in ("evidence bits", "budget") for heading in headings)
    return LogTable(caption, tuple(headings), words, tuple(lines))


def _moved(name: str, rank: float) -> str:
    """Say on which side of the reference the last values lie, where it is clear enough to be seen."""
    if abs(rank - 0.5) < _AWAY:
        return "–"
    side = "low" if rank < 0.5 else "high"
    suspicious = name in SIGNALS and SIGNALS[name].suspicious == side
    return f"{side}, suspicious" if suspicious else side


def _e_value(value: float) -> str:
    if value < 10:
        return f"{value:.2g}"
    return f"{value:,.0f}" if value < 1e6 else f"10^{math.log10(value):.0f}"


def _bits(value: float | None) -> str:
    return "–" if value is None else f"{value:+.1f}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def _named(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "–"


def _count(size: int, what: str) -> str:
    return f"{size:,} {what}{'' if size == 1 else 's'}"
