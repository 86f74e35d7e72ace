"""Loads commands at their first use, lets them log to standard error, and turns our errors into click's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from guardbind.errors import GuardbindError
from guardbind.registry import Registry

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed; one that cannot be imported raises.

    Args:
        *args: As `click.Group` takes them.
        commands_by_name: The commands, by name.
        **kwargs: As `click.Group` takes them.
    """

    def __init__(self, *args: Any, commands_by_name: Registry[click.Command], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = commands_by_name

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return self._lazy.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing it if need be, or None if there is none of that name."""
        return self._lazy.get(cmd_name) if cmd_name in self._lazy else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; for an unknown one, suggest the nearest."""
        if args[0] not in self._lazy and not args[0].startswith("-"):
            ctx.fail(str(self._lazy.miss(args[0])))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of ours becomes one that click prints, with exit code 1."""
        try:
            with _log_to_stderr():
                return super().invoke(ctx)
        except GuardbindError as error:
            raise click.ClickException(str(error)) from error


class _EchoHandler(logging.Handler):
    """Writes to whatever standard error is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


@contextmanager
def _log_to_stderr() -> Iterator[None]:
    logger = logging.getLogger("guardbind")
    if any(isinstance(handler, _EchoHandler) for handler in logger.handlers):
        # A group within a group: the outer one listens already.
        yield
        return
    level = logger.level
    handler = _EchoHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
