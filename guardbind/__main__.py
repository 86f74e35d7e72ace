"""Runs the command `guardbind` as `python -m guardbind`."""

from __future__ import annotations

from guardbind.cli import main

if __name__ == "__main__":
    main()
