"""Makes pages of everything that was found for `guardbind bench report`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.folders import read_summaries
from guardbind_bench.cli.needs import check_installed

if TYPE_CHECKING:
    from guardbind_bench.running.summary import Summary

__all__ = ["report"]


@click.command(context_settings=CONTEXT, short_help="Make one HTML page and Markdown of runs.")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go.  [default: the first run's folder]",
)
@click.option(
    "--name",
    metavar="NAME",
    help="What the model is called, where all runs are of one model.  [default: as the runs call it]",
)
@click.option(
    "--figure",
    "figures",
    nargs=2,
    multiple=True,
    metavar="TABLE FILE",
    help="Write the plot of one table as an SVG of its own, as in api_agreement_sieve sieve.svg; repeat for more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print where the files are as one JSON object.")
def report(
    runs: tuple[Path, ...], out: Path | None, name: str | None, figures: tuple[tuple[str, str], ...], as_json: bool
) -> None:
    """Write report.html, one self-contained page with tables and plots; report.md, a short page; tables.md, all rows.

    Each RUN is the folder of a run, a summary file, or a folder of such files.
    """
    check_installed()
    from guardbind.errors import ConfigError
    from guardbind_bench.reporting.report import figure_svg, write_report
    from guardbind_bench.running.naming import without_folders

    folder = out if out is not None else (runs[0] if runs[0].is_dir() else runs[0].parent)
    summaries = read_summaries(runs) if name is None else _called(name, read_summaries(runs))
    named = [] if name is None else ["--name", name]
    again = ["guardbind", "bench", "report", *without_folders(map(str, runs)), *named, "--out", "FOLDER"]
    for table, file in figures:
        try:
            Path(file).write_text(figure_svg(summaries, table), encoding="utf-8")
        except ConfigError as error:
            raise click.BadParameter(str(error), param_hint="--figure") from error
    files = write_report(summaries, folder, again=shlex.join(again))
    if as_json:
        click.echo(json.dumps({kind: str(path) for kind, path in files._asdict().items()}))
    else:
        click.echo("\n".join(map(str, files)))


def _called(name: str, summaries: list[Summary]) -> list[Summary]:
    models = sorted({summary.origin.model for summary in summaries})
    if len(models) > 1:
        raise click.BadParameter(
            f"the runs are of {len(models)} models: {', '.join(models)}. Name one model, or report each on its own.",
            param_hint="--name",
        )
    return [summary.called(name) for summary in summaries]
