"""Runs experiments for `guardbind bench run`: measures, and goes on where an earlier run was stopped."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.loading import load_model
from guardbind.cli.options import CONTEXT, model_options
from guardbind_bench.cli.choice import Choice, choose
from guardbind_bench.cli.needs import check_installed
from guardbind_bench.running.naming import model_name, without_folders

if TYPE_CHECKING:
    from guardbind_bench.experiments.experiment import Settings
    from guardbind_bench.running.summary import Summary

__all__ = ["run"]

_PIPE_WIDTH = 140
_INTERRUPTED = 130
# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Examples:
  guardbind bench run --preset quick
  guardbind bench run --preset my_preset.yaml
  guardbind bench run stages distance --task competing_vars --filler natural --k 16 --k 64 --trials 100
  accelerate launch -m guardbind_bench run stages --model Qwen/Qwen2.5-3B --dtype bfloat16 --preset paper
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(Choice):
    """The options of the command, by the names of its parameters; see their help."""

    model: str
    dtype: str
    device: str | None
    name: str | None
    preset: str
    batch_size: int | None
    batch_tokens: int
    threads: int | None
    out: Path | None
    as_json: bool

    def folder(self, preset: str) -> Path:
        """Return the folder of the run, given the name of its preset."""
        if self.out is not None:
            return self.out
        return Path("runs") / f"{preset}-{(self.name or model_name(self.model)).rpartition('/')[2]}"


def _command(ctx: click.Context) -> str:
    """Return what was typed, with the options that came from the environment written out, and no absolute path."""
    set_elsewhere = []
    for option in ctx.command.params:
        name = str(option.name)
        if ctx.get_parameter_source(name) is click.core.ParameterSource.ENVIRONMENT:
            set_elsewhere += [option.opts[0], str(ctx.params[name])]
    arguments = without_folders([*sys.argv[1:], *set_elsewhere], ctx.params["model"])
    return f"{ctx.find_root().info_name} {shlex.join(arguments)}"


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Run experiments; start it again to go on.")
@click.argument("experiments", nargs=-1, metavar="[EXPERIMENT]...")
@model_options
@click.option(
    "--name",
    metavar="NAME",
    help="What the model is called in headings and rows.  [default: as it was asked for; of a folder its last part]",
)
@click.option(
    "--preset",
    default="quick",
    show_envvar=True,
    metavar="NAME|FILE",
    help="What is run over what, a name that `list` shows or a YAML file; the options below replace single settings.",
)
@click.option("--task", "tasks", multiple=True, metavar="TASK", help="A task; repeat for more.")
@click.option(
    "--filler",
    "fillers",
    multiple=True,
    metavar="FILLER",
    help="What stands between facts and question; repeat for more.",
)
@click.option(
    "--k", "ks", type=click.IntRange(min=0), multiple=True, help="Tokens of filler per block; repeat for more."
)
@click.option("--trials", type=click.IntRange(min=1), help="Trials per cell; pairs, where pairs are measured.")
@click.option("--seed", type=click.IntRange(min=0), help="Base seed of the trials.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=JSON",
    help="An option of an experiment, as in layers=[0,15] or probe.layers=[0]; `list` shows them. Repeat for more.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    show_envvar=True,
    help="Trials per forward pass, at most; fewer where the prompts are long.",
)
@click.option(
    "--batch-tokens",
    type=click.IntRange(min=1),
    default=4096,
    show_envvar=True,
    help="Tokens per forward pass, at most.",
)
@click.option("--threads", type=click.IntRange(min=1), help="Threads of torch; its own choice without it.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder of the run.  [default: runs/PRESET-MODEL]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the summaries as one JSON array instead of tables.")
@click.pass_context
def run(ctx: click.Context, /, experiments: tuple[str, ...], **typed: Any) -> None:
    """Run experiments; all of the preset where none is named.

    A record of each trial is written as it comes. Ctrl-C stops the run; the same command goes on where it was
    stopped, and repeats nothing.
    """
    check_installed()
    options = RunOptions(**typed)
    from guardbind_bench.presets.preset import find_preset

    preset = find_preset(options.preset)
    chosen = choose(experiments, preset, options.model, options)
    from guardbind_bench.running.sharding import is_main

    folder = options.folder(preset.name)
    try:
        summaries = _measure(chosen, options, folder, command=_command(ctx), preset=preset.name)
    except KeyboardInterrupt:
        if is_main():
            click.echo(f"Stopped. What was measured is in {folder}; the same command goes on from there.", err=True)
        ctx.exit(_INTERRUPTED)
    if is_main():
        _show(summaries, folder, as_json=options.as_json)


def _measure(
    chosen: Mapping[str, Settings], options: RunOptions, folder: Path, *, command: str, preset: str
) -> list[Summary]:
    """Load the model, and run the experiments on it."""
    import torch

    from guardbind_bench.measures.lab import Lab
    from guardbind_bench.running.origin import origin_of
    from guardbind_bench.running.runner import run as run_experiments
    from guardbind_bench.running.sharding import own_device

    if options.threads is not None:
        torch.set_num_threads(options.threads)
    model, tokenizer = load_model(options.model, dtype=options.dtype, device=own_device(options.device))
    return run_experiments(
        chosen,
        lab=Lab(model, tokenizer),
        origin=origin_of(options.model, model, tokenizer, called=options.name),
        out=folder,
        command=command,
        preset=preset,
        token_budget=options.batch_tokens,
        batch_size=options.batch_size,
    )


def _show(summaries: Sequence[Summary], folder: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo("[" + ",\n".join(summary.model_dump_json() for summary in summaries) + "]")
        return
    from guardbind_bench.reporting.tables import show_summaries

    show_summaries(summaries, stdout_console(_PIPE_WIDTH))
    click.echo(
        f"Records and summaries are in {folder}; `guardbind bench report {folder}` makes a page of them.", err=True
    )
