"""The published numbers: complete, consistent, and with the intervals that their n allows."""

from __future__ import annotations

import math

import pytest

from guardbind.errors import UnknownNameError
from guardbind_bench.reporting.published import PublishedTable, read_published

PUBLISHED = read_published()
ROWS = [(table, row) for table in PUBLISHED.tables for row in table.rows]


def wilson_by_hand(hits: int, n: int) -> tuple[float, float]:
    z = 1.959963984540054
    centre = (hits + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(hits * (n - hits) / n + z * z / 4)
    return centre - half, centre + half


def test_every_table_of_the_paper_is_there() -> None:
    assert {table.id: len(table.rows) for table in PUBLISHED.tables} == {
        "stage_decomposition": 8,
        "qwen_full": 24,
        "baseline_by_distance": 20,
        "probe_on_stage2b_errors": 4,
        "checkpoint": 19,
        "notes_binding": 10,
        "patching_full": 48,
        "gemma_heads": 3,
        "trace_audit_mistral": 2,
        "quality_audit": 3,
        "quality_tau_sweep": 12,
        "quality_null_family": 15,
        "binding_null_family": 3,
        "routing_efficiency": 1,
        "text_numbers": 13,
    }


def test_every_value_is_declared_and_every_column_is_used() -> None:
    for table in PUBLISHED.tables:
        used = {name for row in table.rows for name in row.values}
        assert used == set(table.columns), table.id


def test_no_two_rows_of_a_table_are_about_the_same() -> None:
    for table in PUBLISHED.tables:
        keys = [tuple(sorted((key, str(value)) for key, value in row.keys.items())) for row in table.rows]
        assert len(set(keys)) == len(keys), table.id


def test_shares_and_percentages_are_in_their_range() -> None:
    for table, row in ROWS:
        for name, value in row.values.items():
            unit = table.columns[name].unit
            if value is not None and table.columns[name].over is not None:
                assert 0 <= value <= {"share": 1, "percent": 100}[unit], (table.id, row.keys, name)


def test_what_is_said_of_v1_names_values_of_the_row() -> None:
    assert all(set(row.in_v1) <= set(row.values) for _, row in ROWS)
    headline = PUBLISHED.table("checkpoint").rows[2]
    assert headline.keys["k"] == 1024
    assert set(headline.in_v1) >= {"acc_baseline", "acc_checkpoint"}


def test_error_shares_add_up_but_for_rounding() -> None:
    for table, row in ROWS:
        if "error_share_2a" in row.values:
            total = (row.values["error_share_2a"] or 0) + (row.values["error_share_2b"] or 0)
            assert total == pytest.approx(1, abs=0.0011), (table.id, row.keys)
            assert ("sum to" in (row.defect or "")) == (abs(total - 1) > 0.0005)


def test_impossible_accuracies_are_marked() -> None:
    for _, row in ROWS:
        accuracy, among = row.values.get("acc"), row.values.get("cand_acc")
        if accuracy is not None and among is not None and accuracy > among:
            assert "cand_acc" in (row.defect or "")


def test_rows_that_two_tables_share_are_equal() -> None:
    full = {tuple(row.keys.values()): row for row in PUBLISHED.table("qwen_full").rows}
    shared = [row for row in PUBLISHED.table("stage_decomposition").rows if tuple(row.keys.values()) in full]
    assert len(shared) == 2
    assert all(full[tuple(row.keys.values())].values == row.values for row in shared)


def stage_table() -> PublishedTable:
    return PUBLISHED.table("stage_decomposition")


def test_the_interval_of_an_accuracy_is_wilsons_over_the_trials() -> None:
    table = stage_table()
    row = table.rows[0]
    interval = table.interval(row, "acc")
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(wilson_by_hand(round(0.107 * 800), 800))


def test_the_interval_of_an_error_share_is_over_the_errors() -> None:
    table = stage_table()
    row = next(row for row in table.rows if row.keys["model"] == "google/gemma-2-2b")
    interval = table.interval(row, "error_share_2b")
    assert table.base(row, "error_share_2b") == 4
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(wilson_by_hand(4, 4))


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("stage_decomposition", "value_gap_mean"),
        ("probe_on_stage2b_errors", "probe_acc_block_35"),
        ("checkpoint", "delta_acc"),
        ("patching_full", "restoration"),
    ],
)
def test_what_has_no_known_base_has_no_interval(table: str, name: str) -> None:
    found = PUBLISHED.table(table)
    assert all(found.interval(row, name) is None for row in found.rows)


def test_an_interval_of_percentages_is_in_percent() -> None:
    table = PUBLISHED.table("quality_audit")
    interval = table.interval(table.rows[0], "pass_pct")
    assert interval is not None
    low, high = wilson_by_hand(78, 369)
    assert (interval.low, interval.high) == pytest.approx((100 * low, 100 * high))


def test_an_unknown_table_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'checkpoint'"):
        PUBLISHED.table("checkpoints")
    with pytest.raises(UnknownNameError, match="known: baseline_by_distance"):
        PUBLISHED.table("")
