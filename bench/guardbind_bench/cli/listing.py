"""Shows for `guardbind bench list` what can be run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.needs import check_installed

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["listing"]

_PIPE_WIDTH = 120


@click.command("list", context_settings=CONTEXT, short_help="Show experiments, presets, tasks, fillers and arms.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def listing(as_json: bool) -> None:
    """Show the experiments with their options, the presets, and tasks, fillers, arms, methods and signals by name."""
    check_installed()
    from guardbind_bench.registry import (
        ARMS,
        AUDIT_TASKS,
        EXPERIMENTS,
        FILLERS,
        METHODS,
        PRESETS,
        SIGNALS,
        TASKS,
        TEXT_TASKS,
    )

    experiments = [EXPERIMENTS.get(name) for name in EXPERIMENTS]
    presets = [PRESETS.get(name) for name in PRESETS]
    names = {
        "tasks": TASKS.names(),
        "text_tasks": TEXT_TASKS.names(),
        "audit_tasks": AUDIT_TASKS.names(),
        "fillers": FILLERS.names(),
        "arms": ARMS.names(),
        "methods": METHODS.names(),
        "signals": SIGNALS.names(),
    }
    if as_json:
        found = {
            "experiments": {
                one.name: {
                    "title": one.title,
                    "reproduces": list(one.aliases),
                    "tables": [table.id for table in one.tables],
                    "options": dict(one.defaults),
                }
                for one in experiments
            },
            "presets": {
                one.name: {"about": one.about, "left_out": list(one.left_out), "models": list(one.models)}
                for one in presets
            },
            **names,
        }
        click.echo(json.dumps(found, indent=2))
        return
    console = stdout_console(_PIPE_WIDTH)
    table = _table("experiment", "what it shows", "reproduces", "options and their defaults")
    for one in experiments:
        options = "\n".join(f"{name}={json.dumps(value)}" for name, value in one.defaults.items())
        table.add_row(one.name, one.title, "\n".join(one.aliases), options)
    console.print(table)
    table = _table("preset", "what it is", "what it leaves out")
    for preset in presets:
        table.add_row(preset.name, preset.about, "\n".join(preset.left_out))
    console.print(table)
    for kind, known in names.items():
        console.print(f"{kind.replace('_', ' ')}: {', '.join(known)}")


def _table(*headings: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=True)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
