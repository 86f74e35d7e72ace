"""`python -m guardbind`: the same as the command `guardbind`."""

from __future__ import annotations

from guardbind.cli import main

if __name__ == "__main__":
    main()
