"""Makes a calibration of a model: `guardbind calibrate`."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import click

from guardbind.cli.loading import load_model
from guardbind.cli.options import CONTEXT
from guardbind.registry import LABELLED

__all__ = ["calibrate_command"]

# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Examples:
  guardbind calibrate smollm2-135m --task competing_vars --task tool_records --out calibrations/mine
  guardbind calibrate smollm2-135m --prompts labelled.jsonl --risk 0.05 --out calibrations/mine
  guardbind calibrate smollm2-135m --task cards --trials 300 --tuning 0 --no-probes --out calibrations/quick
"""


def _known_tasks(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if value not in LABELLED:
            raise click.BadParameter(str(LABELLED.miss(value)), ctx, param)
    return values


_SHARE = click.FloatRange(min=0, max=1, min_open=True, max_open=True)


@click.command("calibrate", context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Measure how sure the guard may be.")
@click.argument("model")
@click.option(
    "--task",
    "tasks",
    multiple=True,
    callback=_known_tasks,
    allow_from_autoenv=False,
    metavar="NAME",
    help="Labelled task; repeat for more. The bench brings competing_vars, primacy_recency, tool_records, cards, "
    "sections, kv_uuid, corrections and unknown_owner.",
)
@click.option(
    "--prompts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    allow_from_autoenv=False,
    help="JSONL file of labelled prompts, instead of tasks.",
)
@click.option("--risk", type=_SHARE, default=0.01, help="Most harmful ones among the interventions, as a share.")
@click.option("--confidence", type=_SHARE, default=0.95, help="How sure that shall be.")
@click.option("--alpha", type=_SHARE, default=0.05, help="Share of right answers that a signal may flag.")
@click.option("--trials", type=click.IntRange(min=10), default=800, help="Trials of each task.")
@click.option(
    "--tuning", type=click.IntRange(min=0), default=40, help="Trials that settings are tried on; 0 keeps the defaults."
)
@click.option("--probes/--no-probes", default=True, help="Train probes of the residual.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of all that is drawn.")
@click.option("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32")
@click.option("--device", metavar="DEVICE", help="Where the model runs: cpu (the default), cuda, cuda:1, mps or auto.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of the calibration; the same command goes on where it was stopped.",
)
@click.option("--restart", is_flag=True, help="Measure everything anew, whatever the folder holds.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def calibrate_command(
    model: str,
    tasks: tuple[str, ...],
    prompts: Path | None,
    out: Path,
    dtype: str,
    device: str | None,
    restart: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Measure on labelled trials when the guard may act on MODEL, and what it should flag.

    The folder is what `Guard(model, tokenizer, calibration=...)` takes.
    """
    if bool(tasks) == (prompts is not None):
        raise click.UsageError("Either --task or --prompts is needed.")

    # Here and not above, so that help and wrong usage are answered before torch is imported.
    from guardbind.calibrating.calibrate import make_calibration
    from guardbind.calibrating.labelled import read_labelled
    from guardbind.calibrating.request import CalibrationConfig
    from guardbind.calibrating.summary import way_summaries
    from guardbind.cli.calibrated import as_data, show_calibration
    from guardbind.cli.progress import StepProgress

    # What is left out of each prompt is told otherwise.
    logging.getLogger("guardbind").setLevel(logging.WARNING)
    config = CalibrationConfig(out=out, tasks=tasks, prompts=prompts, resume=not restart, **settings)
    if prompts is not None:
        read_labelled(prompts)  # a fault in it is told before the model is loaded
    weights, tokenizer = load_model(model, dtype=dtype, device=device)
    try:
        with StepProgress() as progress:
            made = make_calibration(weights, tokenizer, config, made=_command(model, config), progress=progress)
    except KeyboardInterrupt as interrupt:
        click.echo(f"\nStopped; the same command goes on where it was, in {out}.", err=True)
        raise click.exceptions.Exit(130) from interrupt
    ways = way_summaries(made.calibration, made.outcomes)
    if as_json:
        click.echo(json.dumps(as_data(made, ways, out), indent=2))
    else:
        show_calibration(made, ways, out)


def _command(model: str, config: Any) -> str:
    asked = [f"--task {name}" for name in config.tasks] or [f"--prompts {config.prompts.name}"]
    asked += [] if config.prompts else [f"--trials {config.trials}"]
    asked += [f"--risk {config.risk}", f"--confidence {config.confidence}", f"--alpha {config.alpha}"]
    asked += [f"--tuning {config.tuning}", *([] if config.probes else ["--no-probes"]), f"--seed {config.seed}"]
    name = Path(model).name if Path(model).is_absolute() else model
    return " ".join(["guardbind calibrate", name, *asked])
