"""Appends each record to a file as one line of JSON, which may be rotated and compressed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

from pydantic import ValidationError

from guardbind.errors import ConfigError
from guardbind.events import AuditEvent, Event
from guardbind_adapters.rotation import RotatedFile, Rotation, append

__all__ = ["jsonl_sink"]

# One for all sinks: several guards of a process may write to one file.
_lock = threading.Lock()
_OPTIONS = re.compile(r"\?(?=\w+=)")


def jsonl_sink(argument: str, rotation: Rotation | None = None) -> Callable[[Event | AuditEvent], None]:
    """Return a sink that appends to a file.

    The file is opened for each record and closed behind it, so that it exists from the first record on, may be moved
    away between two, and nothing is lost when the process dies. A line that a crash has left unfinished is ended first.
    Options stand behind a question mark: `records.jsonl?max_size=50MB&max_age=1d&keep=14`.

    Args:
        argument: Path of the file; its folder is created with the first record.
        rotation: When the file is put aside and a new one begun, in place of options; by default never.

    Raises:
        ConfigError: The path is empty or is a folder, or there is no such option.
    """
    name, *options = _OPTIONS.split(argument, maxsplit=1)
    path = Path(name).expanduser().absolute()
    if not name or path.is_dir():
        raise ConfigError(
            f"the sink 'jsonl' needs the path of a file, got {argument!r}{', which is a folder' if name else ''}.",
            hint="Write jsonl:records.jsonl.",
        )
    if options:
        rotation = _rotation(options[0])
    write = (lambda line: append(path, line)) if rotation is None else RotatedFile(path, rotation).append

    def write_record(record: Event | AuditEvent) -> None:
        line = record.model_dump_json().encode() + b"\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        with _lock:
            write(line)

    return write_record


def _rotation(options: str) -> Rotation:
    try:
        return Rotation.model_validate(dict(parse_qsl(options, keep_blank_values=True, strict_parsing=True)))
    except ValidationError as error:
        found = error.errors()[0]
        seen = f"{found['loc'][0]}: {found['msg']}"
    except ValueError:
        seen = "no pairs of a name and a value"
    raise ConfigError(
        f"the sink 'jsonl' cannot use the options {options!r} ({seen}); "
        f"{', '.join(Rotation.model_fields)} are accepted.",
        hint="Write jsonl:records.jsonl?max_size=50MB&max_age=1d&keep=14.",
    )
