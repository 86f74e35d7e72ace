"""Finds the files of a log, those that rotation put aside included, and opens them in the order they were written."""

from __future__ import annotations

import gzip
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

__all__ = ["STDIN", "aside", "open_log"]

STDIN = "-"
"""Stands for standard input."""

# Looks a few times at a folder in which a file is being put aside, then takes what it sees.
_LOOKS = 5


def aside(path: str | Path) -> list[Path]:
    """Return the files that the rotation of a log put aside, the oldest first.

    `records.jsonl` is put aside as `records.20261128T211107.123456Z.jsonl` and then compressed as `.jsonl.gz`. Where
    both are there, one is being made from the other, and the whole one is returned.

    Args:
        path: The file that is written to; it need not exist.
    """
    active = Path(path)
    named = re.compile(re.escape(active.stem) + r"\.\d{8}T\d{6}\.\d{6}Z(?:-\d+)?" + re.escape(active.suffix))
    found: dict[str, Path] = {}
    for file in sorted(active.parent.iterdir()) if active.parent.is_dir() else ():
        name = file.name.removesuffix(".gz")
        if named.fullmatch(name):
            # The compressed one is renamed into place when it is whole, and comes second in this order.
            found[name] = file
    return [found[name] for name in sorted(found)]


@contextmanager
def open_log(path: str | Path, *, rotated: bool = True) -> Iterator[Iterator[tuple[str, BinaryIO]]]:
    """Open a log: what was put aside, then the file itself.

    The file that is written to is opened first, so that nothing is read twice or left out when it is put aside
    meanwhile.

    Args:
        path: The file, also a compressed one, or `-` for standard input.
        rotated: Whether what rotation put aside belongs to it.

    Yields:
        The name of each file and its bytes, unpacked. They are closed one after the other.

    Raises:
        FileNotFoundError: Neither the file nor anything that was put aside is there.
        OSError: It cannot be opened.
    """
    if str(path) == STDIN:
        yield iter([("standard input", cast(BinaryIO, sys.stdin.buffer))])
        return
    active = Path(path)
    older = aside(active) if rotated else []
    held: BinaryIO | None = None
    try:
        for _ in range(_LOOKS):
            if held is not None:
                held.close()
            held = active.open("rb") if active.exists() or not older else None
            seen = aside(active) if rotated else []
            if _names(seen) == _names(older):
                break
            older = seen
        yield _each(older, active, held)
    finally:
        if held is not None:
            held.close()


def _each(older: list[Path], active: Path, held: BinaryIO | None) -> Iterator[tuple[str, BinaryIO]]:
    for file in older:
        try:
            opened = file.open("rb")
        except FileNotFoundError:
            packed = file.with_name(f"{file.name}.gz")
            if not packed.exists():
                # It grew too old meanwhile and was deleted.
                continue
            file, opened = packed, packed.open("rb")
        with opened:
            yield str(file), _unpacked(opened)
    if held is not None:
        yield str(active), _unpacked(held)


def _unpacked(opened: BinaryIO) -> BinaryIO:
    """Unpack what begins as gzip does, whatever it is called; a pipe cannot go back and is taken as it is."""
    if not opened.seekable():
        return opened
    magic = opened.read(2)
    opened.seek(0, os.SEEK_SET)
    return cast(BinaryIO, gzip.GzipFile(fileobj=opened, mode="rb")) if magic == b"\x1f\x8b" else opened


def _names(files: list[Path]) -> list[str]:
    return [file.name.removesuffix(".gz") for file in files]
