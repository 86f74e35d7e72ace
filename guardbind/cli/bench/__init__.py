"""`guardbind bench`: measure binding failures on any causal model, and compare with what was published."""

from __future__ import annotations

import click

from guardbind.cli.group import LazyGroup

__all__ = ["bench"]

_COMMANDS = {
    "compare": "guardbind.cli.bench.compare:compare",
    "list": "guardbind.cli.bench.listing:listing",
    "report": "guardbind.cli.bench.report:report",
    "run": "guardbind.cli.bench.run:run",
    "validate": "guardbind.cli.bench.validate:validate",
}


@click.group(cls=LazyGroup, lazy=_COMMANDS, context_settings={"auto_envvar_prefix": "GUARDBIND"})
def bench() -> None:
    """Measure binding failures, their causes and their repair on any causal model.

    A run writes a record per trial into a folder and can be stopped and started again at any moment. `compare` sets
    its numbers beside those of arXiv 2602.19239, `report` makes a page of them.
    """
