"""The root of the command line: which commands there are."""

from __future__ import annotations

import click

from guardbind import __version__
from guardbind.cli.group import LazyGroup

__all__ = ["main"]

COMMANDS = {
    "bench": "guardbind.cli.bench:bench",
    "check": "guardbind.cli.check:check",
    "demo": "guardbind.cli.demo:demo",
    "extract": "guardbind.cli.extract:extract_command",
    "generate": "guardbind.cli.generate:generate",
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"auto_envvar_prefix": "GUARDBIND"})
@click.version_option(__version__, prog_name="guardbind")
def main() -> None:
    """Guard a language model against writing a value that is in its prompt but is not the one it was asked for.

    Results go to standard output, progress and messages to standard error. Exit code: 0 done, 1 failed, 2 used
    wrongly.
    """
