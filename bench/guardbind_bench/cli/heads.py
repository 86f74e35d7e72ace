"""Finds attention heads for `guardbind bench heads`, and stores them with what they were found by."""

from __future__ import annotations

from pathlib import Path

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.loading import load_model
from guardbind.cli.options import CONTEXT, model_options
from guardbind_bench.cli.needs import check_installed

__all__ = ["heads"]

_PIPE_WIDTH = 160
_EXAMPLE = """
\b
Examples:
  guardbind bench heads --out heads.json
  guardbind bench heads --model Qwen/Qwen3-0.6B --trials 200 --filler decoy_matched --out heads.json
"""


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Find retrieval and other heads.")
@model_options
@click.option("--task", default="competing_vars", metavar="NAME", help="Task of tokens.")
@click.option("--filler", default="natural", metavar="NAME", help="Filler.")
@click.option("--k", type=click.IntRange(min=0), default=32, help="Tokens of filler per block.")
@click.option("--trials", type=click.IntRange(min=1), default=96, help="Trials.")
@click.option("--seed", type=click.IntRange(min=0), default=1001, help="Base seed; not one that is reported on.")
@click.option("--show", type=click.IntRange(min=1), default=8, help="Heads that are printed of each list.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("heads.json"), help="File to write."
)
def heads(
    model: str,
    dtype: str,
    device: str | None,
    task: str,
    filler: str,
    k: int,
    trials: int,
    seed: int,
    show: int,
    out: Path,
) -> None:
    """Score every attention head on trials of their own, and write the best of each kind to a file.

    The file holds the hash of the weights and the settings; option `heads_file` of the experiment `methods` takes it.
    Beside each list as many random heads of the same layers are printed: what they do is the control.
    """
    check_installed()
    from guardbind_bench.measures.lab import Lab
    from guardbind_bench.methods.head_lists import HEAD_KINDS, HeadSearch
    from guardbind_bench.methods.head_search import find_heads

    loaded, tokenizer = load_model(model, dtype=dtype, device=device)
    search = HeadSearch(task=task, filler=filler, k=k, trials=trials, seed=seed)
    lists = find_heads(Lab(loaded, tokenizer), search, model)
    out.write_text(lists.model_dump_json(indent=1) + "\n", encoding="utf-8")
    console = stdout_console(_PIPE_WIDTH)
    console.print(f"{lists.layers} x {lists.heads} heads, {lists.right} of {trials} trials right; layer.head (score)")
    for kind, about in HEAD_KINDS.items():
        ranked = lists.lists[kind][:show]
        found = ", ".join(f"{one.layer}.{one.head} ({one.score:.2g})" for one in ranked) or "none"
        console.print(f"{kind}: {about}; overlap of halves {lists.halves[kind]:.2f}", highlight=False)
        console.print(f"  {found}", highlight=False)
        if ranked:
            others = lists.best(kind, len(ranked), random=True)
            console.print(f"  random: {', '.join(f'{layer}.{head}' for layer, head in others)}", highlight=False)
    console.print(f"written to {out}", highlight=False)
