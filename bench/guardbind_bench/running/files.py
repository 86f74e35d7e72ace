"""Writes files that are whole or absent whenever the process is killed, and reads records of a known version."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from guardbind.errors import RunFolderError

__all__ = ["TEMPORARY", "read_record", "write_atomic"]

TEMPORARY = ".tmp"
"""Suffix of a file that is being written; one that is left over is of a process that was killed."""

R = TypeVar("R", bound=BaseModel)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file such that it holds, after a crash at any moment, either all of `data` or what it held before.

    A power failure may undo it as a whole; what it held is then measured again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + TEMPORARY)
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read_record(
    kind: type[R],
    path: Path,
    *,
    version: int,
    older: Mapping[int, Callable[[Mapping[str, Any]], Mapping[str, Any]]] | None = None,
    unpack: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda data: data,
) -> R:
    """Read a JSON record that has a `schema_version`.

    Args:
        kind: The model of the record.
        path: The file.
        version: Its present version.
        older: Older version that is read as well, to what makes the fields of `kind` of its content.
        unpack: Makes the fields of `kind` of the content of a file of the present version.

    Raises:
        RunFolderError: The file cannot be read, is not such a record, or is of another version.
    """
    name = kind.__name__.lower()
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} is not a {name} that can be read: {error}.", hint=_AGAIN) from error
    readers = {**(older or {}), version: unpack}
    found = data.get("schema_version") if isinstance(data, dict) else None
    if found not in readers:
        raise RunFolderError(
            f"{path} has schema version {found}; this guardbind reads version {' and '.join(map(str, readers))}.",
            hint="Read it with the guardbind that wrote it, or run again into another --out.",
        )
    try:
        return kind.model_validate({**readers[found](data), "schema_version": version})
    except (ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        why = error if isinstance(error, ValidationError) else repr(error)
        raise RunFolderError(f"{path} is not a {name}: {why}.", hint=_AGAIN) from error


_AGAIN = "Take it from a backup, or run again into another --out."
