"""Rotates a file by its size and age, compresses what was rotated away, and deletes what is too much or too old."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from filelock import FileLock, Timeout
from pydantic import BeforeValidator, ByteSize, Field, TypeAdapter

from guardbind.frozen import Frozen

__all__ = ["RotatedFile", "Rotation", "append"]

# A writer that cannot get the lock for so long gives the record up, instead of standing still for ever.
_LOCK_SECONDS = 10.0
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def _seconds(given: object) -> object:
    """Read `90`, `90s`, `15m`, `12h`, `7d` or `4w`; what is none of these is left to the validator behind."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", given.strip()) if isinstance(given, str) else None
    return given if match is None else float(match[1]) * _UNITS[match[2]]


def _bytes(given: object) -> object:
    """Read `50MB`, `64KiB` and the like."""
    return int(_SIZE.validate_python(given)) if isinstance(given, str) else given


_SIZE = TypeAdapter(ByteSize)
_Bytes = Annotated[int, BeforeValidator(_bytes), Field(gt=0)]
_Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, allow_inf_nan=False)]


class Rotation(Frozen):
    """When a file is put aside and a new one begun, and how long those put aside are kept.

    Example:
        >>> Rotation(max_size=50_000_000, max_age=86_400, keep=14)
        Rotation(max_size=50000000, max_age=86400.0, keep=14, keep_for=None, compress=True)
    """

    max_size: _Bytes | None = None
    """Bytes that a file may have, or `50MB`, `64KiB`; only one line that alone is longer exceeds it."""
    max_age: _Seconds | None = None
    """Seconds, or `12h`, `1d`, that the records of one file are apart at most. Files change at multiples of it since
    1970 (UTC), `1d` at midnight."""
    keep: int | None = Field(default=None, ge=0)
    """How many files that were put aside are kept; None for all."""
    keep_for: _Seconds | None = None
    """How long such a file is kept after its last record, in seconds or as `30d`; None for ever."""
    compress: bool = True
    """Compress what was put aside with gzip."""


class RotatedFile:
    """A file to which several threads and processes append lines, and which is put aside when it is full or old.

    A file that is put aside is named by the time: `records.jsonl` becomes `records.20261128T211107.123456Z.jsonl`, and
    `.gz` behind it once it is compressed. Each step is a rename, so that a process that is killed leaves files that
    can be read; what it did not get to is done by the next one. Two lock files stand beside the file.

    Args:
        path: The file; its folder exists.
        rotation: When, and what is kept.
    """

    def __init__(self, path: Path, rotation: Rotation) -> None:
        self._path = path
        self._rotation = rotation
        self._tidied = False
        self._aside = re.compile(re.escape(path.stem) + r"\.\d{8}T\d{6}\.\d{6}Z(?:-\d+)?" + re.escape(path.suffix))
        self._lock = FileLock(f"{path}.lock", timeout=_LOCK_SECONDS)
        self._tidying = FileLock(f"{path}.tidy.lock", blocking=False)

    def append(self, line: bytes) -> None:
        """Append a line, which ends with a line feed; a line that a crash has left unfinished is ended first.

        Raises:
            filelock.Timeout: Another process held the file for ten seconds.
            OSError: The file cannot be written.
        """
        with self._lock:
            due = self._due(len(line))
            if due:
                self._path.rename(self._free_name())
            append(self._path, line)
        if due or not self._tidied:
            self._tidied = True
            self._tidy()

    def aside(self) -> list[Path]:
        """Return the files that were put aside, the oldest first; a pair that is being compressed is there twice."""
        names = sorted(path for path in self._path.parent.iterdir() if self._of_ours(path))
        return sorted(names, key=lambda path: path.name.removesuffix(".gz"))

    def _due(self, more: int) -> bool:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        size, age = self._rotation.max_size, self._rotation.max_age
        if found.st_size == 0:
            return False
        if size is not None and found.st_size + more > size:
            return True
        return age is not None and found.st_mtime // age < time.time() // age

    def _free_name(self) -> Path:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        for name in self._names(f"{self._path.stem}.{stamp}"):
            if not name.exists() and not _compressed(name).exists():
                return name
        raise AssertionError("there is always a further number")

    def _names(self, stem: str) -> Iterator[Path]:
        number = 0
        while True:
            yield self._path.with_name(f"{stem}{f'-{number}' if number else ''}{self._path.suffix}")
            number += 1

    def _of_ours(self, path: Path) -> bool:
        return self._aside.fullmatch(path.name.removesuffix(".gz")) is not None

    def _tidy(self) -> None:
        """Compress and delete; whoever does so already does it for this process, too."""
        try:
            with self._tidying:
                if self._rotation.compress:
                    for path in self.aside():
                        if path.suffix != ".gz":
                            _compress(path)
                self._delete()
        except Timeout:
            return

    def _delete(self) -> None:
        kept = self.aside()
        keep, keep_for = self._rotation.keep, self._rotation.keep_for
        oldest = None if keep_for is None else time.time() - keep_for
        spare = set() if keep is None else set(kept[: max(0, len(kept) - keep)])
        for path in kept:
            if path in spare or (oldest is not None and path.stat().st_mtime < oldest):
                path.unlink(missing_ok=True)


def append(path: Path, line: bytes) -> None:
    """Append a line to a file, which is opened for it; a line that a crash has left unfinished is ended first.

    Args:
        path: The file; its folder exists.
        line: Ends with a line feed.
    """
    with path.open("a+b") as file:
        if file.seek(0, os.SEEK_END) > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = b"\n" + line
        file.write(line)


def _compressed(path: Path) -> Path:
    return path.with_name(f"{path.name}.gz")


def _compress(path: Path) -> None:
    """Compress a file: whole under its new name, or not at all."""
    target = _compressed(path)
    if not target.exists():
        found, part = path.stat(), path.with_name(f"{path.name}.gz.part")
        with path.open("rb") as source, part.open("wb") as file:
            with gzip.GzipFile(filename=path.name, mode="wb", fileobj=file, mtime=int(found.st_mtime)) as packed:
                shutil.copyfileobj(source, packed)
            file.flush()
            os.fsync(file.fileno())
        os.utime(part, ns=(found.st_atime_ns, found.st_mtime_ns))
        part.rename(target)
    path.unlink(missing_ok=True)
