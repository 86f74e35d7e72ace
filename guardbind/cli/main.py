"""Builds the root of the command line, which finds its commands in the registry."""

from __future__ import annotations

import click

from guardbind._version import __version__
from guardbind.cli.group import LazyGroup
from guardbind.registry import COMMANDS

__all__ = ["main"]


@click.group(cls=LazyGroup, commands_by_name=COMMANDS, context_settings={"auto_envvar_prefix": "GUARDBIND"})
@click.version_option(__version__, prog_name="guardbind")
def main() -> None:
    """Guard a language model against writing a value that is in its prompt but is not the one it was asked for.

    Results go to standard output, progress and messages to standard error. Exit code: 0 done, 1 failed, 2 used
    wrongly, 3 drift was found (by `events`).
    """
