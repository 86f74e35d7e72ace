"""Sums up a log of records, and says whether it has drifted: `guardbind events`."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from guardbind.calibration.drift import DriftReport
from guardbind.calibration.reference import SignalReference
from guardbind.calibration.store import load_calibration
from guardbind.cli.console import stdout_console
from guardbind.cli.log_options import log_options
from guardbind.cli.options import CONTEXT
from guardbind.logs.counting import LogCounter
from guardbind.logs.files import STDIN, aside
from guardbind.logs.reading import read_logs
from guardbind.logs.shown import LogTable, drift_sentence, drift_table, headline, notes, readable, tables
from guardbind.logs.summary import GROUPINGS, Grouping, LogSummary
from guardbind.logs.watching import DriftWatch, load_state, reference_log, save_state

__all__ = ["DRIFTED", "events"]

F = TypeVar("F", bound=Callable[..., Any])

DRIFTED = 3
"""Exit code where drift was found."""

# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Example:
  guardbind generate --sink jsonl:guardbind.jsonl --text "Ann has badge 4821, Bo has badge 9370. Bo's badge is"
  guardbind events guardbind.jsonl
  guardbind events guardbind.jsonl --since 24h --by hour --html today.html
  guardbind events guardbind.jsonl --reference accepted.jsonl --state drift.json || echo "look at it"
"""
_PIPE_WIDTH = 180
_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Return the seconds since 1970 of a date, a time, or how long ago."""
    if value is None:
        return None
    ago = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", value.strip())
    if ago:
        return time.time() - float(ago[1]) * _SECONDS[ago[2]]
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"{value!r} is no time; 2026-11-28, 2026-11-28T21:00, 24h and 7d are.", ctx, param
        ) from error


@dataclass(frozen=True, slots=True)
class _SummedLog:
    summary: LogSummary
    shown: LogSummary
    drift: DriftReport | None
    others: int


def _option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """An option that no environment variable sets."""
    return click.option(*names, allow_from_autoenv=False, **attributes)


_FILE = click.Path(dir_okay=False, allow_dash=True)


@click.command("events", context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Sum up a log, and test it for drift.")
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE...")
@_option(
    "--since",
    callback=_moment,
    metavar="TIME",
    help="Only generations that began then or later: a date, a time in UTC, or 24h.",
)
@_option("--until", callback=_moment, metavar="TIME", help="Only generations that began before.")
@_option("--model", metavar="NAME", help="Only records of this model.")
@_option(
    "--by",
    multiple=True,
    type=click.Choice(GROUPINGS),
    help="Count by this; repeat for more. Without it, by hour, or by day in a long log, and by all others.",
)
@_option(
    "--worst",
    type=click.IntRange(min=0),
    default=10,
    help="Slots to list, of those that failed and of those that passed each.",
)
@_option(
    "--text", is_flag=True, help="Show keys and tokens of these slots, which are prompt text, where the log holds them."
)
@_option(
    "--reference",
    "reference",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="An older log: test whether the signals of FILE have drifted away from those of this one. Repeat for more.",
)
@_option(
    "--calibration",
    metavar="NAME",
    help="Test against the trials of this calibration instead: a folder that guardbind calibrate wrote, or a name.",
)
@_option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Probability of saying drift where there is none, ever.  [default: 0.01]",
)
@_option(
    "--state",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Go on with the test from this file, and write to it where it stands: each slot is compared once.",
)
@_option("--html", type=click.Path(dir_okay=False, writable=True), metavar="PAGE", help="Write a page of it as well.")
@log_options
@click.pass_context
def events(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    by: tuple[str, ...],
    reference: tuple[str, ...],
    calibration: str | None,
    state: str | None,
    html: str | None,
    as_json: bool,
    rotated: bool,
    alpha: float | None,
    worst: int,
    **asked: Any,
) -> None:
    """Sum up the records that the sink jsonl wrote to FILE: verdicts, actions, times, and the slots to look at.

    Also compressed files, several, or - for standard input. Lines that are no records are counted and told.

    With --reference or --calibration, the first slot of each answer is compared with those there. Exit code 3 where a
    signal has drifted; without drift that happens in at most --alpha of all logs, however often one looks.
    """
    _check(files)
    if reference and calibration:
        raise click.UsageError("--reference and --calibration are both given; one of them is needed.")
    if state is not None and not reference and not calibration:
        raise click.UsageError("--state goes on with a test for drift; --reference says what to compare with.")
    counter = LogCounter(by=cast(Sequence[Grouping], by or GROUPINGS), noted=worst, **asked)
    try:
        held = _references(reference, calibration, asked["model"], rotated)
        before = None if state is None else load_state(state)
        watch = None if held is None else DriftWatch(*held, alpha=alpha, state=before)
        for line in read_logs(files, rotated=rotated):
            if counter.add(line.read) and watch is not None:
                watch.add(line)
        summary = counter.summary()
        found = _SummedLog(
            summary,
            summary if by else readable(summary),
            None if watch is None else watch.report(),
            0 if watch is None else watch.other_models,
        )
        if html is not None:
            _write_page(html, found)
        _show(found, as_json=as_json)
        if watch is not None and state is not None:
            save_state(state, watch.state())
    except OSError as error:
        raise click.FileError(str(error.filename or files[0]), error.strerror or str(error)) from error
    if found.drift is not None and found.drift.drifted:
        ctx.exit(DRIFTED)


def _check(files: Sequence[str]) -> None:
    for file in files:
        if file != STDIN and not Path(file).exists() and not aside(file):
            raise click.BadParameter(f"There is no file {file!r}.", param_hint="FILE")
    if files.count(STDIN) > 1:
        raise click.BadParameter("Standard input can be read once.", param_hint="FILE")


def _references(
    logs: Sequence[str], calibration: str | None, model: str | None, rotated: bool
) -> tuple[Sequence[SignalReference], Sequence[str] | None] | None:
    """Return what to compare with, and the models whose slots are compared."""
    if calibration is not None:
        held = load_calibration(calibration)
        return held.references, (held.range.model,)
    if not logs:
        return None
    older = reference_log(logs, model=model, rotated=rotated)
    return older.references, older.models or None


def _write_page(path: str, found: _SummedLog) -> None:
    # Here and not above: the room of reports imports torch.
    from guardbind.logs.page import render_log

    page = render_log(found.shown, found.drift, others=found.others)
    Path(path).write_text(page, encoding="utf-8")


def _show(found: _SummedLog, *, as_json: bool) -> None:
    if as_json:
        drift = None if found.drift is None else json.loads(found.drift.model_dump_json())
        data = {"summary": json.loads(found.summary.model_dump_json()), "drift": drift, "of_other_models": found.others}
        click.echo(json.dumps(data, indent=2))
        return
    console = stdout_console(_PIPE_WIDTH)
    console.print(headline(found.summary))
    for note in notes(found.summary, others=found.others):
        click.echo(note, err=True)
    if found.drift is not None:
        console.print(drift_sentence(found.drift), style="bold red" if found.drift.drifted else "")
        _print(console, drift_table(found.drift))
    for table in tables(found.shown):
        _print(console, table)


def _print(console: Any, shown: LogTable) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False, title=shown.caption, title_justify="left")
    for heading, words in zip(shown.headings, shown.words, strict=True):
        table.add_column(heading, justify="left" if words else "right", overflow="fold")
    for line in shown.lines:
        table.add_row(*(Text(cell if cell.isprintable() else repr(cell)) for cell in line))
    console.print(table)
