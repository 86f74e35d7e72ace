"""Runs prompts again as a log says they were run, and compares the records: `guardbind replay`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.log_options import log_options
from guardbind.cli.options import CONTEXT
from guardbind.logs.files import STDIN, aside
from guardbind.logs.reading import Unread, read_logs

if TYPE_CHECKING:
    from guardbind.events import Event
    from guardbind.replaying import Replayed, Replayer, ReplayPrompt

__all__ = ["replay"]

# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Example:
  echo '{"prompt": "Ann has badge 4821, Bo has badge 9370. Bo has badge"}' > prompts.jsonl
  guardbind generate --max-new-tokens 8 --sink jsonl:guardbind.jsonl \\
    --text "Ann has badge 4821, Bo has badge 9370. Bo has badge"
  guardbind replay guardbind.jsonl --prompts prompts.jsonl
"""
_PIPE_WIDTH = 180


@click.command("replay", context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Run a log's prompts again and compare.")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, allow_dash=True), metavar="FILE...")
@click.option(
    "--prompts",
    required=True,
    type=click.Path(exists=True, dir_okay=False),
    allow_from_autoenv=False,
    help='JSONL file of prompts: {"prompt": text, messages or ids} and what the guard was told: "bindings", '
    '"evidence", "target". They are found in the log by their hash.',
)
@click.option(
    "--model",
    metavar="NAME",
    show_envvar=True,
    help="A name known to guardbind, a local folder, or a Hugging Face id; by default the recorded one.",
)
@click.option(
    "--device", metavar="DEVICE", show_envvar=True, help="Where the model runs: cpu (the default), cuda, auto."
)
@click.option("--calibration", metavar="DIR", allow_from_autoenv=False, help="The guard's calibration.")
@click.option(
    "--generation", metavar="ID", default="", allow_from_autoenv=False, help="Only generations whose id begins so."
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=0.01,
    allow_from_autoenv=False,
    help="Numbers are the same that differ by at most this, or by this share of a larger one.",
)
@log_options
@click.pass_context
def replay(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    prompts: str,
    generation: str,
    rotated: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Run the prompts of a log that the sink jsonl wrote to FILE again, with the settings that it recorded.

    Readouts and actions are compared record by record. Exit code 1 where one differs, or nothing could be replayed.
    """
    for file in files:
        if file != STDIN and not Path(file).exists() and not aside(file):
            raise click.BadParameter(f"There is no file {file!r}.", param_hint="FILE")
    # Here and not above, so that help and wrong usage are answered before torch is imported.
    from guardbind.replaying import read_prompts

    found: list[Replayed] = []
    try:
        for each in _replayed(files, rotated, generation, read_prompts(prompts), **asked):
            found.append(each)
    except OSError as error:
        raise click.FileError(str(error.filename or files[0]), error.strerror or str(error)) from error
    done = [each for each in found if each.skipped is None]
    if as_json:
        click.echo(json.dumps({"replayed": len(done), "generations": [asdict(each) for each in found]}, indent=2))
    else:
        _show(found, done)
    if not done or any(each.differences for each in done):
        ctx.exit(1)


def _replayed(
    files: Sequence[str],
    rotated: bool,
    generation: str,
    prompts: Sequence[ReplayPrompt],
    *,
    model: str | None,
    device: str | None,
    calibration: str | None,
    tolerance: float,
) -> Iterator[Replayed]:
    from guardbind.cli.loading import load_model
    from guardbind.replaying import Replayer, recorded_generations

    held: tuple[tuple[str, str, str], Replayer] | None = None
    for told in recorded_generations(_events(files, rotated)):
        made = told.provenance
        if not made.generation.startswith(generation):
            continue
        wanted = (model or _loadable(made.model), made.dtype, made.attention)
        if held is None or held[0] != wanted:
            held = None  # before the next one is loaded
            attention = None if made.attention == "unknown" else made.attention
            loaded = load_model(wanted[0], dtype=made.dtype, device=device, attention=attention)
            held = wanted, Replayer(*loaded, prompts, calibration=calibration, tolerance=tolerance)
        yield held[1].replay(told)


def _events(files: Sequence[str], rotated: bool) -> Iterator[Event]:
    for line in read_logs(files, rotated=rotated):
        if not isinstance(line.read, Unread):
            yield line.read


def _loadable(recorded: str) -> str:
    """Return the name by which a recorded model is loaded: records name the folder of a registered one."""
    from guardbind.registry import MODELS

    near = [name for name in MODELS if recorded.startswith(name)]
    return next((name for name in near if Path(MODELS.get(name).folder()).name == recorded), recorded)


def _show(found: Sequence[Replayed], done: Sequence[Replayed]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = stdout_console(_PIPE_WIDTH)
    differing = sum(bool(each.differences) for each in done)
    slots = sum(each.slots for each in done)
    console.print(f"{len(done)} of {len(found)} generations replayed, with {slots} slots; {differing} differ.")
    conditions = dict.fromkeys(condition for each in done for condition in each.conditions)
    for name, was, now in conditions:
        console.print(f"{name}: {was} in the log, {now} here")
    reasons = [f"not replayed: {each.skipped}" for each in found if each.skipped is not None]
    for note in dict.fromkeys((*reasons, *(note for each in done for note in each.notes))):
        click.echo(note, err=True)
    if not differing:
        return
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for heading in ("generation", "record", "row", "step", "field", "recorded", "replayed"):
        table.add_column(heading, overflow="fold")
    for each in done:
        for one in each.differences:
            place = (each.generation[:12], one.event, str(one.row), str(one.step))
            cells = (*place, one.field, one.recorded, one.replayed)
            table.add_row(*(Text(cell if cell.isprintable() else repr(cell)) for cell in cells))
    console.print(table)
