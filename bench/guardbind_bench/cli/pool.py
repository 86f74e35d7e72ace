"""Makes for `guardbind bench pool` the file of labelled trials that `guardbind bench coverage` counts on."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path

import click

from guardbind.cli.loading import load_model
from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.needs import check_installed

__all__ = ["pool"]

_EXAMPLE = """
\b
Examples:
  guardbind bench pool --out runs/pool
  guardbind bench coverage runs/pool/pool.jsonl
"""


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Run trials that coverage is counted on.")
@click.option("--model", default="smollm2-135m", show_envvar=True, metavar="NAME", help="The model.")
@click.option(
    "--source", "names", multiple=True, metavar="NAME", help="Kind of trials; repeat for more.  [default: all]"
)
@click.option("--trials", type=click.IntRange(min=1), help="Trials of each source.  [default: its own number]")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/pool"),
    help="Folder; the same command goes on where it was stopped.",
)
def pool(model: str, names: tuple[str, ...], trials: int | None, out: Path) -> None:
    """Run labelled trials of which many interventions do harm, and keep what they showed in pool.jsonl.

    They are run as `guardbind calibrate` does: every target is trusted, and every confirmed proposal carried out.
    """
    check_installed()
    from dataclasses import replace

    from guardbind.cli.progress import StepProgress
    from guardbind_bench.pools.making import made_pool
    from guardbind_bench.pools.sources import SOURCES
    from guardbind_bench.running.naming import model_name

    if unknown := sorted(set(names) - set(SOURCES)):
        raise click.BadParameter(f"there is no {unknown[0]!r}; known: {', '.join(SOURCES)}.", param_hint="--source")
    chosen = [SOURCES[name] for name in names or SOURCES]
    asked = [replace(source, trials=trials) for source in chosen] if trials is not None else chosen
    typed = [part for name in names for part in ("--source", name)]
    typed += [] if trials is None else ["--trials", str(trials)]
    command = shlex.join(("guardbind", "bench", "pool", "--model", model_name(model), *typed))
    weights, tokenizer = load_model(model, dtype="float32", device=None)
    # What is left out of each prompt is told otherwise.
    logging.getLogger("guardbind").setLevel(logging.WARNING)
    with StepProgress() as progress:
        made = made_pool(
            weights, tokenizer, asked, out, model_name=model_name(model), command=command, progress=progress
        )
    path = out / "pool.jsonl"
    made.write(path)
    click.echo(str(path))
