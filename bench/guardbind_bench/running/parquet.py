"""Stores records of trials as Parquet: one column for each field, and columns and metadata that say of which cell.

Floats are kept as they are, NaN and infinities included; None is a null.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from guardbind.errors import ConfigError, RunFolderError
from guardbind.frozen import Frozen
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell

__all__ = ["PARTS_VERSION", "RecordsPart", "cell_columns", "decode", "encode", "read_part", "record_schema"]

PARTS_VERSION = 1
_KEY = b"guardbind"
_TYPES: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
}


class RecordsPart(Frozen):
    """What a Parquet file says about itself, in its metadata."""

    schema_version: int = PARTS_VERSION
    """Version of this format."""
    measure: str
    """The measure that made the records."""
    measure_version: int
    """Its version."""
    task_version: int
    """Version of the task that made the trials."""
    cell: BenchCell
    """What was measured."""
    seconds: float
    """Time that the measure took."""
    peak_memory_bytes: int | None
    """Peak of the memory of the process by then."""


def cell_columns(cell: BenchCell) -> dict[str, str | int]:
    """Return what stands beside each record, so that a file can be read without guardbind; `model` comes on top.

    The prefix keeps them apart from the fields of a record, one of which may be an arm of its own.
    """
    held = {**cell.form.model_dump(), **cell.model_dump(include={"measure", "task", "filler", "k", "seed"})}
    return {f"cell_{name}": value for name, value in held.items()}


@cache
def record_schema(record: type[TrialRecord]) -> pa.Schema:
    """Return the Arrow schema of a kind of record.

    Raises:
        ConfigError: A field is neither a number, a string, a flag nor a list of them.
    """
    fields = []
    for name, field in record.model_fields.items():
        try:
            kind, nullable = _arrow(field.annotation)
        except TypeError as error:
            raise ConfigError(
                f"{record.__name__}.{name} cannot be a column: {error}; "
                "int, float, str, bool, a Literal of one of them, a list of them, or one of these or None is accepted."
            ) from None
        fields.append(pa.field(name, kind, nullable=nullable))
    return pa.schema(fields)


def _arrow(annotation: Any) -> tuple[pa.DataType, bool]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        held = [argument for argument in arguments if argument is not type(None)]
        if len(held) == 1 < len(arguments):
            return _arrow(held[0])[0], True
    elif origin is Literal:
        kinds = {type(value) for value in arguments}
        if len(kinds) == 1:
            return _arrow(kinds.pop())[0], False
    elif origin is list or (origin is tuple and arguments[1:] == (...,)):
        kind, nullable = _arrow(arguments[0])
        return pa.list_(pa.field("element", kind, nullable=nullable)), False
    elif annotation in _TYPES:
        return _TYPES[annotation], False
    raise TypeError(f"it is {annotation}")


def encode(records: Sequence[TrialRecord], part: RecordsPart, *, model: str) -> bytes:
    """Write records of one kind.

    Args:
        records: The records, at least one.
        part: What the file says about itself.
        model: Name of the model, a column.

    Raises:
        ConfigError: A field cannot be a column, or has the name of one that stands beside the record.
    """
    kind = type(records[0])
    schema = record_schema(kind)
    beside: Mapping[str, str | int] = {**cell_columns(part.cell), "model": model}
    if taken := sorted(set(schema.names) & set(beside)):
        raise ConfigError(f"{kind.__name__} has fields {taken}; these names belong to the columns beside a record.")
    table = pa.Table.from_pylist([record.model_dump() for record in records], schema=schema)
    for name, value in beside.items():
        table = table.append_column(name, pa.array([value] * len(records)))
    table = table.replace_schema_metadata({_KEY: part.model_dump_json().encode()})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return bytes(sink.getvalue())


def read_part(path: Path, columns: Sequence[str] | None = None) -> tuple[RecordsPart, pa.Table]:
    """Read a file of records; every page that is read is checked against its checksum.

    Args:
        path: The file.
        columns: Names of columns; all without it.

    Raises:
        RunFolderError: The file is damaged, no file of records, or of another version.
    """
    try:
        # Read whole: pyarrow's own handle would keep a file that was refused open.
        file = pq.ParquetFile(pa.py_buffer(path.read_bytes()), page_checksum_verification=True)
        held = (file.schema_arrow.metadata or {}).get(_KEY)
        if held is None:
            raise ValueError("it does not say of which cell it is")
        part = RecordsPart.model_validate_json(held)
        table = file.read(columns=None if columns is None else list(columns))
    except (OSError, ValueError, pa.ArrowException, ValidationError) as error:
        raise RunFolderError(
            f"the records in {path} cannot be read: {' '.join(str(error).split())}.",
            hint="Delete that file and start the same command again: its trials, and no others, are measured anew.",
        ) from error
    if part.schema_version != PARTS_VERSION:
        raise RunFolderError(
            f"{path} has schema version {part.schema_version}; this guardbind reads version {PARTS_VERSION}.",
            hint="Read it with the guardbind that wrote it, or run again into another --out.",
        )
    return part, table


def decode(table: pa.Table, record: type[TrialRecord]) -> list[TrialRecord]:
    """Make the records of a table again; every float is the one that was written.

    Raises:
        RunFolderError: The columns or values are not those of such records.
    """
    schema = record_schema(record)
    missing = [name for name in schema.names if name not in table.column_names]
    if missing:
        raise RunFolderError(f"columns {missing} of {record.__name__} are missing.")
    held = table.select(schema.names)
    if not held.schema.equals(schema):
        raise RunFolderError(f"the columns are not those of {record.__name__}.")
    try:
        return [record.model_validate(row) for row in held.to_pylist()]
    except ValidationError as error:
        raise RunFolderError(f"a row is no {record.__name__}: {error}.") from error
