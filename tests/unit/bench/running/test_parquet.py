from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.errors import ConfigError, RunFolderError
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell, PromptForm
from guardbind_bench.registry import MEASURES, TASKS
from guardbind_bench.running.parquet import RecordsPart, decode, encode, read_part, record_schema

CELL = BenchCell(
    measure="reading", task="competing_vars", k=7, form=PromptForm(layout="C", arm="short:3"), options={"layers": [1]}
)
PART = RecordsPart(measure="reading", measure_version=2, task_version=1, cell=CELL, seconds=0.1, peak_memory_bytes=None)


class Everything(TrialRecord):
    number: int
    share: float
    word: str
    flag: bool
    kind: Literal["a", "b"]
    maybe: float | None
    perhaps: Literal["a", "b"] | None
    numbers: list[int]
    values: tuple[float, ...]
    holes: list[float | None]
    none: list[float] | None


FLOATS = st.floats(width=64)
RECORDS = st.builds(
    Everything,
    index=st.integers(0, 10**6),
    failed=st.none() | st.text(),
    number=st.integers(-(2**63), 2**63 - 1),
    share=FLOATS,
    word=st.text(),
    flag=st.booleans(),
    kind=st.sampled_from(["a", "b"]),
    maybe=st.none() | FLOATS,
    perhaps=st.sampled_from([None, "a", "b"]),
    numbers=st.lists(st.integers(-(2**31), 2**31)),
    values=st.lists(FLOATS).map(tuple),
    holes=st.lists(st.none() | FLOATS),
    none=st.none() | st.lists(FLOATS),
)


def bits(value: Any) -> Any:
    """Floats by their bits, as NaN is not equal to itself and -0 is equal to 0; all NaNs are one."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("d", value)
    if isinstance(value, (list, tuple)):
        return [bits(item) for item in value]
    return value


@given(records=st.lists(RECORDS, min_size=1, max_size=5))
def test_what_is_written_is_read_back_bit_by_bit(tmp_path_factory: pytest.TempPathFactory, records: list[Any]) -> None:
    path = tmp_path_factory.mktemp("parts") / "part.parquet"
    path.write_bytes(encode(records, PART, model="m"))
    part, table = read_part(path)
    assert part == PART
    again = decode(table, Everything)
    for before, after in zip(records, again, strict=True):
        assert {name: bits(value) for name, value in before} == {name: bits(value) for name, value in after}


def test_a_file_can_be_read_without_guardbind(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    path.write_bytes(encode([record(0), record(1)], PART, model="m"))
    row = pq.read_table(path).to_pylist()[1]
    expected: dict[str, object] = {"cell_measure": "reading", "cell_task": "competing_vars", "cell_filler": "natural"}
    expected |= {"cell_k": 7, "cell_style": "bracket", "cell_layout": "C", "cell_asked": "random"}
    expected |= {"cell_template": "plain", "cell_arm": "short:3", "cell_seed": 0, "model": "m"}
    assert {name: row[name] for name in expected} == expected
    assert (row["index"], row["maybe"]) == (1, None)


def record(index: int) -> Everything:
    return Everything(
        index=index,
        number=1,
        share=0.5,
        word="w",
        flag=True,
        kind="a",
        maybe=None,
        perhaps=None,
        numbers=[],
        values=(),
        holes=[],
        none=None,
    )


def test_none_is_a_null_and_only_where_it_may_be() -> None:
    schema = record_schema(Everything)
    nullable = {name for name in schema.names if schema.field(name).nullable}
    assert nullable == {"failed", "maybe", "perhaps", "none"}
    assert schema.field("holes").type.value_field.nullable
    assert not schema.field("values").type.value_field.nullable


class Nested(TrialRecord):
    inner: dict[str, int]


class Taken(TrialRecord):
    cell_arm: str


class Mixed(TrialRecord):
    either: Literal["a", 1]


def test_what_cannot_be_a_column_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"Nested\.inner cannot be a column: it is dict"):
        record_schema(Nested)
    with pytest.raises(ConfigError, match=r"Mixed\.either"):
        record_schema(Mixed)
    with pytest.raises(ConfigError, match=r"Taken has fields \['cell_arm'\]"):
        encode([Taken(index=0, cell_arm="x")], PART, model="m")


def test_a_damaged_file_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    whole = encode([record(index) for index in range(50)], PART, model="m")
    flipped = bytearray(whole)
    flipped[20] ^= 255
    for damaged in (b"", whole[: len(whole) // 2], whole[:-1], bytes(flipped)):
        path.write_bytes(damaged)
        with pytest.raises(RunFolderError, match=r"part\.parquet cannot be read.*Delete that file and start the same"):
            read_part(path)


def test_another_file_or_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"index": [1]}), path)
    with pytest.raises(RunFolderError, match="does not say of which cell"):
        read_part(path)
    path.write_bytes(encode([record(0)], PART.model_copy(update={"schema_version": 99}), model="m"))
    with pytest.raises(RunFolderError, match="schema version 99; this guardbind reads version 1"):
        read_part(path)


def test_records_of_another_kind_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    path.write_bytes(encode([TrialRecord(index=0)], PART, model="m"))
    _, table = read_part(path)
    with pytest.raises(RunFolderError, match=r"\['number', 'share'.*of Everything are missing"):
        decode(table, Everything)


@pytest.mark.parametrize("name", MEASURES.names())
def test_the_records_of_every_measure_can_be_columns(name: str) -> None:
    measure = MEASURES.get(name)
    schema = record_schema(measure.record)
    beside = set(pq.read_schema(pa.BufferReader(encode([TrialRecord(index=0)], PART, model="m"))).names)
    assert set(schema.names) & beside == set(TrialRecord.model_fields)
    assert (measure.name, measure.version >= 1) == (name, True)


@pytest.mark.parametrize("name", TASKS.names())
def test_every_task_has_a_version(name: str) -> None:
    assert TASKS.get(name).version >= 1
