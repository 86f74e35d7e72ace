"""Checks for `guardbind bench validate` that the folder of a run is whole."""

from __future__ import annotations

import json
from pathlib import Path

import click

from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.needs import check_installed

__all__ = ["validate"]


@click.command(context_settings=CONTEXT, short_help="Check that the folder of a run is whole.")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def validate(ctx: click.Context, run: Path, as_json: bool) -> None:
    """Read every record of RUN and check it against manifest and summaries; exit with 1 when something is wrong."""
    check_installed()
    from guardbind_bench.running.folder import RunFolder

    problems = RunFolder.read(run).validate()
    if as_json:
        click.echo(json.dumps({"run": str(run), "problems": problems}))
    else:
        click.echo("\n".join(problems) if problems else f"{run} is whole.")
    if problems:
        ctx.exit(1)
