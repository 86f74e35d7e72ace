"""Answers `guardbind bench`: measures binding failures on any causal model, and compares with what was published."""

from __future__ import annotations

import click

from guardbind.cli.group import LazyGroup
from guardbind.registry import Registry

__all__ = ["bench"]

_COMMANDS: Registry[click.Command] = Registry(
    "command",
    {
        "compare": "guardbind_bench.cli.compare:compare",
        "cost": "guardbind_bench.cli.cost:cost",
        "coverage": "guardbind_bench.cli.coverage:coverage",
        "heads": "guardbind_bench.cli.heads:heads",
        "list": "guardbind_bench.cli.listing:listing",
        "pool": "guardbind_bench.cli.pool:pool",
        "report": "guardbind_bench.cli.report:report",
        "run": "guardbind_bench.cli.run:run",
        "served": "guardbind_bench.cli.served:served",
        "survey": "guardbind_bench.cli.survey:survey",
        "targets": "guardbind_bench.cli.targets:targets",
        "trust": "guardbind_bench.cli.trust:trust",
        "validate": "guardbind_bench.cli.validate:validate",
    },
    prefix="",
    group="guardbind_bench.commands",
)


@click.group(cls=LazyGroup, commands_by_name=_COMMANDS, context_settings={"auto_envvar_prefix": "GUARDBIND"})
def bench() -> None:
    """Measure binding failures, their causes and their repair on any causal model.

    A run writes a record per trial into a folder and can be stopped and started again at any moment. `compare` sets
    its numbers beside those of arXiv 2602.19239, `report` makes a page of them.
    """
