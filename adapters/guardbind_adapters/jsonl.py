"""Appends each record to a file as one line of JSON."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from guardbind.errors import ConfigError
from guardbind.events import Event

__all__ = ["jsonl_sink"]

# One for all sinks: several guards of a process may write to one file.
_lock = threading.Lock()


def jsonl_sink(argument: str) -> Callable[[Event], None]:
    """Return a sink that appends to a file.

    The file is opened for each record and closed behind it, so that it exists from the first record on, may be moved
    away between two, and nothing is lost when the process dies. A line that a crash has left unfinished is ended first.

    Args:
        argument: Path of the file; its folder is created with the first record.

    Raises:
        ConfigError: The path is empty or is a folder.
    """
    path = Path(argument).expanduser().absolute()
    if not argument or path.is_dir():
        raise ConfigError(
            f"the sink 'jsonl' needs the path of a file, got {argument!r}{', which is a folder' if argument else ''}.",
            hint="Write jsonl:records.jsonl.",
        )

    def write(record: Event) -> None:
        line = record.model_dump_json().encode() + b"\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock, path.open("a+b") as file:
            if file.seek(0, os.SEEK_END) > 0:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            file.write(line)

    return write
