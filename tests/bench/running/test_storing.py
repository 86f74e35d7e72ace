"""Stored summaries: read as they were written, also those of the first format, and changed numbers change one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench_summaries import condition_of, hits, row_of, summary_of, table_of
from hypothesis import given
from hypothesis import strategies as st

from guardbind.errors import RunFolderError
from guardbind_bench.experiments.table import Estimate, TableRow
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.reporting.numbers import number
from guardbind_bench.running.storing import DIGITS, packed, rounded, rounded_number, text_of, unpacked
from guardbind_bench.running.summary import SUMMARY_VERSION, Summary

TABLE = table_of({"acc": "share", "gap": "logits", "n": "count"})
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
ESTIMATES = st.builds(
    Estimate,
    value=NUMBERS,
    low=NUMBERS,
    high=NUMBERS,
    n=st.integers(0, 10**6),
    method=st.sampled_from([None, "a", "b"]),
)
KEYS = st.dictionaries(
    st.sampled_from(["model", "task", "k", "arm"]), st.none() | st.booleans() | st.integers() | st.text()
)
ROWS = st.builds(
    TableRow,
    table=st.sampled_from(["one", "two"]),
    keys=KEYS,
    values=st.dictionaries(st.sampled_from(["acc", "gap"]), ESTIMATES),
    notes=st.lists(st.text(), max_size=2).map(tuple),
)


def some_summary() -> Summary:
    rows = [
        row_of(
            TABLE, {"acc": hits(right, 40), "n": Estimate(value=40.0, n=40)}, k=right, arm="\u00e9t\u00e9", notes=notes
        )
        for right, notes in ((3, []), (17, ["few"]), (21, []))
    ]
    return summary_of(
        [TABLE], list(map(rounded, rows)), [condition_of(PromptForm()), condition_of(PromptForm(asked="fixed"))]
    )


def stored(summary: Summary, path: Path) -> str:
    summary.write(path)
    return path.read_text(encoding="utf-8")


@given(st.lists(ROWS, max_size=6))
def test_packing_loses_nothing(rows: list[TableRow]) -> None:
    summary = summary_of([TABLE], rows)
    text = text_of(packed(json.loads(summary.model_dump_json())))
    assert Summary.model_validate(unpacked(json.loads(text))).rows == summary.rows


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_rounded_number_is_near_and_shown_as_the_same(value: float) -> None:
    short = rounded_number(value)
    assert short == pytest.approx(value, rel=10.0 ** (1 - DIGITS))
    assert rounded_number(short) == short
    for unit in ("share", "percent", "logits", "nats", "tokens"):
        assert number(short, unit) == number(value, unit)


def test_a_summary_is_read_as_it_was_written(tmp_path: Path) -> None:
    summary = some_summary()
    text = stored(summary, tmp_path / "a.json")
    assert Summary.read(tmp_path / "a.json") == summary
    assert stored(Summary.read(tmp_path / "a.json"), tmp_path / "b.json") == text


def test_a_summary_of_the_first_version_is_read(tmp_path: Path) -> None:
    summary, path = some_summary(), tmp_path / "old.json"
    path.write_text(json.dumps(json.loads(summary.model_dump_json()) | {"schema_version": 1}), encoding="utf-8")
    read = Summary.read(path)
    assert (read.rows, read.conditions, read.schema_version) == (summary.rows, summary.conditions, SUMMARY_VERSION)


def test_one_number_changes_one_line(tmp_path: Path) -> None:
    summary = some_summary()
    first, *others = summary.rows
    changed = first.model_copy(update={"values": {**first.values, "acc": hits(4, 40)}})
    before = stored(summary, tmp_path / "a.json").splitlines()
    after = stored(summary.model_copy(update={"rows": (rounded(changed), *others)}), tmp_path / "b.json").splitlines()
    assert len(before) == len(after)
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
    assert sum('"acc"' in line and '"values"' in line for line in before) == len(summary.rows)


@pytest.mark.parametrize(
    "damage", [{"shared": {}}, {"rows": [{"table": "stages"}]}, {"rows": 3}, {"shared": {"stages": {"keys": 3}}}]
)
def test_a_damaged_summary_is_refused(tmp_path: Path, damage: dict[str, object]) -> None:
    path = tmp_path / "a.json"
    held = json.loads(stored(some_summary(), path))
    path.write_text(json.dumps(held | damage), encoding="utf-8")
    with pytest.raises(RunFolderError, match="is not a summary"):
        Summary.read(path)
