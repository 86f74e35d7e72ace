"""Makes the statements of a log again from its numbers, and says which do not hold: `guardbind verify`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.log_options import log_options
from guardbind.cli.options import CONTEXT
from guardbind.logs.files import STDIN, aside
from guardbind.logs.reading import read_logs
from guardbind.logs.verifying import Fault, Verifier

if TYPE_CHECKING:
    from guardbind.calibration.artefact import Calibration

__all__ = ["verify"]

# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Example:
  guardbind generate --sink jsonl:guardbind.jsonl --text "Ann has badge 4821, Bo has badge 9370. Bo's badge is"
  guardbind verify guardbind.jsonl
"""
_PIPE_WIDTH = 180


@click.command(
    "verify", context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Check what a log states by its numbers."
)
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE...")
@click.option(
    "--calibration",
    "calibrations",
    multiple=True,
    allow_from_autoenv=False,
    metavar="DIR",
    help="Compare guarantees and flags with this calibration, a folder or a registered name; repeat for more. One that "
    "is none of them does not hold then.",
)
@click.option(
    "--most",
    type=click.IntRange(min=0),
    default=50,
    allow_from_autoenv=False,
    help="Faults to list; all are counted.",
)
@log_options
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    calibrations: tuple[str, ...],
    rotated: bool,
    most: int,
    as_json: bool,
) -> None:
    """Check the records that the sink jsonl wrote to FILE: each budget, certificate and guarantee is made again.

    What is checked is that a record agrees with itself, with the records of its generation, and with the calibration;
    `guardbind replay` asks the model again. Exit code 1 where something does not hold, or nothing could be checked.
    """
    for file in files:
        if file != STDIN and not Path(file).exists() and not aside(file):
            raise click.BadParameter(f"There is no file {file!r}.", param_hint="FILE")
    verifier = Verifier(_loaded(calibrations))
    shown: list[Fault] = []
    by_field: Counter[str] = Counter()
    try:
        for fault in verifier.read(line.read for line in read_logs(files, rotated=rotated)):
            by_field[f"{fault.event} {fault.field}" if fault.event != "line" else "unread lines"] += 1
            if len(shown) < most:
                shown.append(fault)
    except OSError as error:
        raise click.FileError(str(error.filename or files[0]), error.strerror or str(error)) from error
    if as_json:
        faults = [asdict(fault) for fault in shown]
        data = {"checked": verifier.checked, "faults": by_field.total(), "by_field": by_field, "listed": faults}
        click.echo(json.dumps(data, indent=2))
    else:
        _show(verifier.checked, by_field, shown)
    if by_field or not verifier.checked:
        ctx.exit(1)


def _loaded(names: Sequence[str]) -> Mapping[str, Calibration]:
    from guardbind.calibration.store import calibration_id, load_calibration

    found = [load_calibration(name) for name in names]
    return {calibration_id(calibration): calibration for calibration in found}


def _show(checked: Counter[str], by_field: Counter[str], shown: Sequence[Fault]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = stdout_console(_PIPE_WIDTH)
    console.print(f"checked: {', '.join(f'{n} {name}' for name, n in checked.items()) or 'nothing'}")
    total = by_field.total()
    console.print("Everything holds." if not total and checked else f"{total} do not hold.")
    if not shown:
        return
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for heading in ("generation", "record", "row", "step", "field", "recorded", "expected"):
        table.add_column(heading, overflow="fold")
    for fault in shown:
        place = ("–" if number is None else str(number) for number in (fault.row, fault.step))
        cells = (fault.generation[:12], fault.event, *place, fault.field, fault.recorded, fault.expected)
        table.add_row(*(Text(cell if cell.isprintable() else repr(cell)) for cell in cells))
    console.print(table)
    if total > len(shown):
        console.print(f"{total - len(shown)} more.")
