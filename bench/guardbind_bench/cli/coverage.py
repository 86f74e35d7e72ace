"""Counts for `guardbind bench coverage` how often the promises of a calibration are not kept; no model is run."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.needs import check_installed

__all__ = ["coverage"]

_REFUTED = 1
_EXAMPLE = """
\b
Examples:
  guardbind bench coverage bench/results/smollm2-135m/pool.jsonl
  guardbind bench coverage runs/pool/pool.jsonl --draws 1000 --seed 3 --risk 0.05 --out coverage.md
"""


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Count how often promises are not kept.")
@click.argument("file", metavar="POOL", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--draws", type=click.IntRange(min=2), default=500, help="Calibrations of each population and risk.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the draws.")
@click.option(
    "--risk",
    "risks",
    type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
    multiple=True,
    help="Promised risk; repeat for more.  [default: 0.01, 0.02, 0.05, 0.1 and 0.25]",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the page to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def coverage(file: Path, draws: int, seed: int, risks: tuple[float, ...], out: Path | None, as_json: bool) -> None:
    """Draw many calibrations of the trials in POOL, and count those whose rules do more harm than was promised.

    The pool is taken as the population: trials are drawn with replacement, so that the harm of each rule is known
    exactly. Rules and flags are made by what `guardbind calibrate` makes them by. It ends with 1 where a promise is
    refuted: where more draws are above it than may be, by the whole interval.
    """
    check_installed()
    from guardbind_bench.pools.asked import RISKS, CoverageRequest, coverage_rows, coverage_tables
    from guardbind_bench.pools.page import coverage_page
    from guardbind_bench.pools.pool import TrialPool
    from guardbind_bench.pools.recount import is_refuted
    from guardbind_bench.running.naming import without_folders

    pool = TrialPool.read(file)
    request = CoverageRequest(draws=draws, seed=seed, risks=risks or RISKS)
    rows = list(coverage_rows(pool, request, lambda what: click.echo(what, err=True)))
    refuted = [row for row in rows if is_refuted(row, request.confidence)]
    if as_json:
        click.echo(json.dumps([row.model_dump(mode="json") for row in rows]))
    else:
        typed = ["--draws", str(draws), "--seed", str(seed)]
        typed += [part for risk in risks for part in ("--risk", f"{risk:g}")]
        command = shlex.join(("guardbind", "bench", "coverage", *without_folders([str(file)]), *typed))
        page = coverage_page(pool.head, command, coverage_tables(), rows)
        if out is None:
            click.echo(page, nl=False)
        else:
            out.write_text(page, encoding="utf-8")
    for row in refuted:
        click.echo(f"refuted: {', '.join(map(str, row.keys.values()))}", err=True)
    if refuted:
        raise SystemExit(_REFUTED)
