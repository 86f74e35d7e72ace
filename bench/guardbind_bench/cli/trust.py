"""Counts for `guardbind bench trust` how often each way to find a target was right."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.needs import check_installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

__all__ = ["trust"]

_EXAMPLE = """
\b
Examples:
  guardbind bench targets --n 300 --seed 7
  guardbind bench trust runs/targets-dev-7 --out trust.json
"""


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Count how often targets were right, by way.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the counts to this file.")
def trust(runs: tuple[Path, ...], out: Path | None) -> None:
    """Read RUNS of `guardbind bench targets`, and count by the way in which targets were found.

    Both places of a prompt count. A target in a twin, which the prompt cannot answer, counts as wrong. What the guard
    believes stands in such a file (`guardbind.targets.trust`).
    """
    check_installed()
    right: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for frame in (frame for run in runs for frame in _frames(run)):
        aimed = frame[frame["way"].notna() & (frame["outcome"] != "unresolved")]
        every.update(aimed["way"])
        right.update(aimed[aimed["outcome"] == "right"]["way"])
    ways = {way: {"right": right[way], "n": every[way]} for way in sorted(every)}
    text = json.dumps({"measured": sorted(run.name for run in runs), "ways": ways}, indent=2) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def _frames(run: Path) -> Iterator[pd.DataFrame]:
    from guardbind_bench.experiments.experiment import plan
    from guardbind_bench.registry import EXPERIMENTS
    from guardbind_bench.running.folder import RunFolder

    held = RunFolder.read(run)
    state = held.manifest.experiments.get("targets")
    if state is None:
        raise click.BadParameter(f"{run} holds no targets; a run of 'guardbind bench targets' does.", param_hint="RUNS")
    for request in plan(EXPERIMENTS.get("targets"), state.settings):
        yield held.frame(request)
