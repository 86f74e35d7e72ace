"""Reads a log of records line by line, and says of each line that is none why it cannot be used."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import Field, TypeAdapter, ValidationError

from guardbind.events.audits import AUDIT_EVENTS
from guardbind.events.records import (
    SCHEMA_VERSION,
    BudgetRecord,
    CandidateRecord,
    Event,
    GenerationRecord,
    InterventionRecord,
    Provenance,
    SlotRecord,
)
from guardbind.logs.files import open_log

__all__ = ["LogLine", "Problem", "Unread", "parse_line", "read_events", "read_lines", "read_logs"]

Problem = Literal["damaged", "cut off", "older format", "newer format", "of an audit", "foreign"]

# A longer line is none of ours, and is not kept in memory.
_LONGEST = 16 * 2**20
_LINE: TypeAdapter[Event] = TypeAdapter(
    Annotated[SlotRecord | InterventionRecord | GenerationRecord, Field(discriminator="event")]
)
_KINDS: dict[Any, type[Event]] = {
    "slot": SlotRecord,
    "intervention": InterventionRecord,
    "generation": GenerationRecord,
}
_FIELDS = {name for kind in (*_KINDS.values(), BudgetRecord, CandidateRecord, Provenance) for name in kind.model_fields}


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that is no record.

    Attributes:
        file: Name of the file.
        line: Its number in the file, from 1.
        problem: `cut off`: it ends too early, as where a process was killed; `damaged`: it is no JSON, or no whole
            record; `older format`, `newer format`: it says that another version wrote it, and this one cannot read it;
            `of an audit`: a record of an audit, and not of a generation; `foreign`: JSON, but no record of guardbind.
        reason: What was seen; it quotes nothing of the line.
    """

    file: str
    line: int
    problem: Problem
    reason: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line with its place.

    Attributes:
        log: Names the file by what its first record says, so that it is known again after it was put aside or
            compressed; empty before that.
        line: Its number in the file, from 1.
        read: The record, or why there is none.
    """

    log: str
    line: int
    read: Event | Unread


def read_events(path: str | Path, *, rotated: bool = True) -> Iterator[Event | Unread]:
    """Yield the records of a log in the order they were written, one at a time.

    JSON has no infinity: a number that was infinite or undefined stands there as null. Where a record needs a number
    it is read as NaN, where it may lack one as None. Records of older versions are read as far as they say all that is
    needed; blank lines are passed over.

    Args:
        path: File that the sink `jsonl` writes, one that its rotation put aside, also compressed, or `-` for standard
            input.
        rotated: Whether to read the files first that the rotation of this file put aside.

    Yields:
        Each record, or an `Unread` in place of a line that is none.

    Raises:
        OSError: There is no such file, or it cannot be opened. What goes wrong later is yielded.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> file = Path(tempfile.mkdtemp(), "records.jsonl")
        >>> _ = file.write_text('{"event": "sl')
        >>> [found.problem for found in read_events(file)]
        ['cut off']
    """
    for found in read_lines(path, rotated=rotated):
        yield found.read


def read_lines(path: str | Path, *, rotated: bool = True) -> Iterator[LogLine]:
    """Yield what `read_events` does, with the place of each line."""
    with open_log(path, rotated=rotated) as files:
        for name, opened in files:
            yield from _lines(name, opened)


def read_logs(paths: Iterable[str | Path], *, rotated: bool = True) -> Iterator[LogLine]:
    """Yield the lines of several logs, one after the other; what stands in two of them is read once."""
    read: dict[str, int] = {}
    for path in paths:
        for found in read_lines(path, rotated=rotated):
            if found.line > read.get(found.log, 0):
                if found.log:
                    read[found.log] = found.line
                yield found


def parse_line(line: bytes) -> Event | tuple[Problem, str]:
    """Return the record of one line, or the problem with it and what was seen."""
    try:
        return _LINE.validate_json(line)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        if found[0]["type"] == "json_invalid":
            cut = "EOF while parsing" in str(found[0]["msg"])
            return ("cut off", "the line ends too early") if cut else ("damaged", "it is no JSON")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return "damaged", "it is no JSON"
    kind = _KINDS.get(data.get("event")) if isinstance(data, dict) and isinstance(data.get("event"), str) else None
    version = _version(data)
    if kind is None:
        if version is not None and version > SCHEMA_VERSION:
            return "newer format", _says(version)
        if version is not None and data.get("event") in AUDIT_EVENTS:
            return "of an audit", "it is a record of an audit"
        return "foreign", "it is no record of guardbind"
    try:
        return _with_nan(kind, data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        # What is no field of ours is left out: it is of the line, and may be anything.
        where = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part in _FIELDS)
        seen = f"{where}: {first['msg']}" if where else str(first["msg"])
    if version is not None and version != SCHEMA_VERSION:
        return ("newer format" if version > SCHEMA_VERSION else "older format"), f"{_says(version)}; {seen}"
    return "damaged", seen


def _lines(name: str, opened: BinaryIO) -> Iterator[LogLine]:
    log, number = "", 0
    try:
        for line in _bounded(opened):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if len(line) >= _LONGEST:
                yield LogLine(log, number, Unread(name, number, "foreign", f"it has {_LONGEST} bytes or more"))
            elif line.strip():
                # Without its end: that of a line which was cut off within a text would count as a part of the text.
                read = parse_line(line.rstrip(b"\r\n"))
                if isinstance(read, tuple):
                    yield LogLine(log, number, Unread(name, number, *read))
                    continue
                log = log or hashlib.sha256(line.strip()).hexdigest()[:16]
                yield LogLine(log, number, read)
    except (EOFError, OSError, zlib.error) as error:
        cut = isinstance(error, EOFError)
        reason = "the compressed file ends too early" if cut else f"reading failed ({type(error).__name__})"
        yield LogLine(log, number + 1, Unread(name, number + 1, "cut off" if cut else "damaged", reason))


def _bounded(opened: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one that is too long the beginning alone, and nothing of the rest."""
    while line := opened.readline(_LONGEST):
        yield line
        while len(line) == _LONGEST and not line.endswith(b"\n"):
            line = opened.readline(_LONGEST)


def _version(data: Any) -> int | None:
    provenance = data.get("provenance") if isinstance(data, dict) else None
    version = provenance.get("schema_version") if isinstance(provenance, dict) else None
    return version if isinstance(version, int) else None


def _says(version: int) -> str:
    return f"its format is version {version}, this guardbind reads {SCHEMA_VERSION}"


def _with_nan(kind: type[Event], data: dict[str, Any]) -> Event:
    """Read a record, with NaN where a number is needed and null stands."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            if fault["type"] == "float_type" and fault["input"] is None:
                inner: Any = data
                for part in fault["loc"][:-1]:
                    inner = inner[part]
                inner[fault["loc"][-1]] = float("nan")
        return kind.model_validate(data)
