"""Answers the command `guardbind`."""

from __future__ import annotations

from guardbind.cli.main import main

__all__ = ["main"]
