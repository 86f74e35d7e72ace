"""Checks files as the hooks of pre-commit ask: `python tests/support/file_checks.py size|ends FILE...`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["badly_ended", "main", "too_large"]

_LARGEST = 512 * 1024


def too_large(files: Iterable[Path]) -> list[str]:
    """Return a line for each file that is larger than a repository should carry."""
    return [f"{path}: {path.stat().st_size} bytes" for path in files if path.stat().st_size > _LARGEST]


def badly_ended(files: Iterable[Path]) -> list[str]:
    """Return a line for each file that does not end in one line break, or has a line that ends in a space."""
    found = []
    for path in files:
        text = path.read_bytes()
        if text and (not text.endswith(b"\n") or text.endswith(b"\n\n")):
            found.append(f"{path}: does not end in one line break")
        lines = (
            number for number, line in enumerate(text.split(b"\n"), start=1) if line.endswith((b" ", b"\t", b"\r"))
        )
        found += [f"{path}:{number}: ends in a space" for number in lines]
    return found


def main(arguments: list[str]) -> int:
    """Print what is wrong and return the exit code."""
    check = {"size": too_large, "ends": badly_ended}[arguments[0]]
    found = check([Path(name) for name in arguments[1:]])
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
