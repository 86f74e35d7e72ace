"""Sets a run beside the published numbers for `guardbind bench compare`."""

from __future__ import annotations

from pathlib import Path

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.folders import read_summaries
from guardbind_bench.cli.needs import check_installed

__all__ = ["compare"]

_PIPE_WIDTH = 160


@click.command(context_settings=CONTEXT, short_help="Set a run beside the published numbers.")
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def compare(run: Path, as_json: bool) -> None:
    """Set each row of RUN beside the published ones: difference, whether the intervals overlap, why they may not.

    RUN is the folder of a run, or a summary file.
    """
    check_installed()
    from guardbind_bench.reporting.compare import compare as compare_with_published
    from guardbind_bench.reporting.tables import show_comparisons

    found = [comparison for summary in read_summaries([run]) for comparison in compare_with_published(summary)]
    if as_json:
        click.echo("[" + ",\n".join(one.model_dump_json() for one in found) + "]")
    else:
        show_comparisons(found, stdout_console(_PIPE_WIDTH))
