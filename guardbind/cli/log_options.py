"""Declares the options of the commands that read a log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["log_options"]

F = TypeVar("F", bound=Callable[..., Any])


def log_options(command: F) -> F:
    """Add `--rotated/--alone` (`rotated`) and `--json` (`as_json`) to a command."""
    rotated = click.option(
        "--rotated/--alone",
        default=True,
        # One variable for three commands would change what another one reads.
        allow_from_autoenv=False,
        help="Read the files first that rotation put aside, or FILE alone.",
    )
    as_json = click.option(
        "--json", "as_json", is_flag=True, envvar="GUARDBIND_JSON", show_envvar=True, help="Print one JSON object."
    )
    return rotated(as_json(command))
