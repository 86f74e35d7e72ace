"""Counts targets for `guardbind bench targets`: by words only a tokenizer is loaded, no weights."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.loading import load_model
from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.needs import check_installed

if TYPE_CHECKING:
    from pydantic import JsonValue

    from guardbind_bench.experiments.experiment import Settings
    from guardbind_bench.running.summary import Summary

__all__ = ["targets"]

_PIPE_WIDTH = 160
_DEMO = "smollm2-135m"
_EXAMPLE = """
\b
Examples:
  guardbind bench targets --n 200
  guardbind bench targets --tasks cards,sections --n 200 --show 3
  guardbind bench targets --n 50 --resolver words --resolver both
  guardbind bench targets --tasks all --n 2000 --seed 1 --set held --json
"""


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Count right and wrong targets.")
@click.option("--tasks", default="all", metavar="all|NAME,...", help="Text tasks; all that have two sets of wordings.")
@click.option("--n", type=click.IntRange(min=1), default=200, help="Prompts per task, each with its twin.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Base seed of the prompts.")
@click.option(
    "--set",
    "wordings",
    type=click.Choice(["dev", "held"]),
    default="dev",
    help="Wordings and domains: `dev` to work by, `held` only to report on.",
)
@click.option("--k", "ks", type=click.IntRange(min=0), multiple=True, help="Words before the question.  [default: 0]")
@click.option("--model", default=_DEMO, show_envvar=True, metavar="NAME", help="Whose tokenizer and chat template.")
@click.option(
    "--resolver",
    "resolvers",
    type=click.Choice(["words", "reading", "both"]),
    multiple=True,
    help="What says which value is meant; all but `words` load the weights. Repeat for more.  [default: words]",
)
@click.option(
    "--show", type=click.IntRange(min=0), default=0, help="Print so many wrong ones of each task; not of held."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder.  [default: runs/targets-SET-SEED]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON instead of tables.")
def targets(
    tasks: str,
    n: int,
    seed: int,
    wordings: str,
    ks: tuple[int, ...],
    model: str,
    resolvers: tuple[str, ...],
    show: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Bind prompts and their twins as the guard does, and count what it would aim at.

    The folder is that of a run: the same command goes on where it was stopped, and `guardbind bench report` reads it.
    """
    check_installed()
    if show and wordings != "dev":
        raise click.BadParameter("what is held back is not shown; --set dev is.", param_hint="--show")
    from guardbind_bench.experiments.experiment import Settings
    from guardbind_bench.prompts.harm.building import is_worded
    from guardbind_bench.registry import TEXT_TASKS
    from guardbind_bench.running.naming import model_name

    every = tuple(name for name in TEXT_TASKS if is_worded(name))
    named = every if tasks == "all" else tuple(name.strip() for name in tasks.split(","))
    options: dict[str, JsonValue] = {"wordings": [wordings], "resolvers": list(resolvers or ("words",))}
    settings = Settings(tasks=named, ks=ks or (0,), trials=n, seed=seed, options=options)
    folder = out or Path("runs") / f"targets-{wordings}-{seed}"
    typed = ["--tasks", tasks, "--n", str(n), "--seed", str(seed), "--set", wordings]
    repeated = [("--k", str(k)) for k in ks] + [("--resolver", name) for name in resolvers]
    typed += [part for pair in repeated for part in pair]
    typed += [] if model == _DEMO else ["--model", model_name(model)]
    [summary] = _measure(settings, model, folder, shlex.join(("guardbind", "bench", "targets", *typed)))
    if as_json:
        click.echo(summary.model_dump_json())
        return
    from guardbind_bench.reporting.tables import show_summaries

    show_summaries([summary], stdout_console(_PIPE_WIDTH))
    if show:
        _show_wrong(settings, model, folder, show)


def _measure(settings: Settings, model: str, folder: Path, command: str) -> list[Summary]:
    from guardbind_bench.measures.lab import Lab
    from guardbind_bench.measures.tokenizer_lab import tokenizer_lab, tokenizer_origin
    from guardbind_bench.running.origin import origin_of
    from guardbind_bench.running.runner import run

    # What is left out of each prompt is told otherwise.
    logging.getLogger("guardbind").setLevel(logging.WARNING)
    if settings.options["resolvers"] == ["words"]:
        lab = tokenizer_lab(model)
        origin = tokenizer_origin(model, lab.tokenizer)
    else:
        weights, tokenizer = load_model(model, dtype="float32", device=None)
        lab, origin = Lab(weights, tokenizer), origin_of(model, weights, tokenizer)
    return run({"targets": settings}, lab=lab, origin=origin, out=folder, command=command)


def _show_wrong(settings: Settings, model: str, folder: Path, most: int) -> None:
    """Print prompts of which a target is wrong, each once."""
    from guardbind_bench.experiments.experiment import plan
    from guardbind_bench.prompts.harm.building import built
    from guardbind_bench.registry import EXPERIMENTS
    from guardbind_bench.running.folder import RunFolder

    held = RunFolder.read(folder)
    for request in plan(EXPERIMENTS.get("targets"), settings):
        frame = held.frame(request)
        bad = frame[(frame["outcome"] == "wrong") | ((frame["outcome"] != "unresolved") & ~frame["answerable"])]
        task = built(request.cell.task, k=request.cell.k, seed=request.cell.seed)
        for (index, answerable), rows in list(bad.groupby(["index", "answerable"], sort=True))[:most]:
            _print(request.cell.task, task.trial(int(index), answerable=bool(answerable)), rows.to_dict("records"))


def _print(task: str, trial: Any, records: list[dict[str, Any]]) -> None:
    right = repr(trial.answer[0]) if trial.answer else "nothing (twin)"
    click.echo(f"\n===== {task} {trial.index}: form {trial.form}, language {trial.language}, right: {right}")
    for message in trial.messages:
        click.echo(f"[{message['role']}]\n{message['content']}")
    for record in records:
        begun = f" behind {trial.begun!r}" if record["place"] == "begun" else ""
        click.echo(f"--> {record['place']}{begun}: {record['how']} {record['score']:.2f}, {record['reason']}")
