"""Writes to standard output, as rich does."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["stdout_console"]


def stdout_console(pipe_width: int) -> Console:
    """Return a console on standard output that takes text as it is.

    Args:
        pipe_width: Columns where no terminal tells its own number.
    """
    from rich.console import Console

    if isinstance(sys.stdout, io.TextIOWrapper):
        # What the encoding of a pipe or an old console cannot say is shown by its number, and does not end the command.
        sys.stdout.reconfigure(errors="backslashreplace")
    fitted = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if fitted else pipe_width, highlight=False, markup=False, emoji=False)
