"""`guardbind bench report`: one page of everything that was found."""

from __future__ import annotations

import json
from pathlib import Path

import click

from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.folders import read_summaries
from guardbind_bench.cli.needs import check_installed

__all__ = ["report"]


@click.command(context_settings=CONTEXT, short_help="Make one HTML page and a Markdown summary of runs.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go.  [default: the first run's folder]",
)
@click.option("--json", "as_json", is_flag=True, help="Print where the files are as one JSON object.")
def report(runs: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Write report.html, one self-contained page with tables and plots, and report.md.

    Each RUN is the folder of a run, or a summary file.
    """
    check_installed()
    from guardbind_bench.reporting.report import write_report

    folder = out if out is not None else (runs[0] if runs[0].is_dir() else runs[0].parent)
    html, markdown = write_report(read_summaries(runs), folder)
    if as_json:
        click.echo(json.dumps({"html": str(html), "markdown": str(markdown)}))
    else:
        click.echo(f"{html}\n{markdown}")
