"""Tables as files: the shorthand for columns, groups of them, and what is said of a file that does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardbind.errors import ConfigError
from guardbind_bench.experiments.table import Column, Table
from guardbind_bench.experiments.table_file import read_tables

FILE = """
groups:
  gaps:
    - gate_gap: {logits: gate gap, meaning: Best candidate minus best other token.}
    - value_gap: {logits: value gap, meaning: Target minus best other candidate.}
  shown: [gaps, rate_2b]
tables:
  - id: mine
    title: What is found
    published: stage_decomposition
    figure: bars
    columns:
      - accuracy: {share: right, meaning: Answers that are right.}
      - gaps
      - rate_2b
  - id: other
    title: What else
    columns: [value_gap, shown, flips]
"""


def read(folder: Path, text: str) -> tuple[Table, ...]:
    path = folder / "tables.yaml"
    path.write_text(text, encoding="utf-8")
    return read_tables(path)


def test_a_table_is_its_columns_in_the_order_of_the_file(tmp_path: Path) -> None:
    mine, other = read(tmp_path, FILE)
    assert (mine.id, mine.title, mine.published, mine.figure) == (
        "mine",
        "What is found",
        "stage_decomposition",
        "bars",
    )
    assert list(mine.columns) == ["accuracy", "gate_gap", "value_gap", "rate_2b"]
    assert mine.columns["accuracy"] == Column(title="right", unit="share", meaning="Answers that are right.")
    # A name that comes again stays where it was first.
    assert list(other.columns) == [
        "value_gap",
        "gate_gap",
        "rate_2b",
        "wrong_to_right",
        "right_to_wrong",
        "mcnemar_p",
    ]
    assert (other.published, other.figure) == (None, None)
    assert other.columns["value_gap"] == mine.columns["value_gap"]
    assert other.columns["rate_2b"].title == "2B"


def test_a_group_of_the_file_comes_before_a_shared_one(tmp_path: Path) -> None:
    own = "groups: {stages: [{rate_2b: {percent: mine, meaning: Of all.}}]}\n"
    [table] = read(tmp_path, own + "tables: [{id: a, title: A, columns: [rate_2b, rate_2a]}]")
    assert (table.columns["rate_2b"].unit, table.columns["rate_2a"].unit) == ("percent", "share")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("[gap]", ["table a names 'gap'", "Did you mean 'gaps'?"]),
        ("[rate_2c]", ["table a names 'rate_2c'", "Did you mean 'rate_2"]),
        ("[]", ["at least 1"]),
        ("[{x: {share: x}}]", ["meaning", "share, percent"]),
        ("[{x: {meters: x, meaning: Long.}}]", ["units are share, percent"]),
        ("[{x: {share: x, bits: y, meaning: Both.}}]", ["one unit"]),
        ("[{x: {share: x, meaning: Right., n: 3}}]", ["one unit"]),
    ],
)
def test_a_column_that_does_not_fit_is_told(tmp_path: Path, columns: str, says: list[str]) -> None:
    groups = FILE.split("tables:")[0]
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"{groups}tables: [{{id: a, title: A, columns: {columns}}}]")
    assert [part for part in [str(tmp_path / "tables.yaml"), *says] if part not in str(caught.value)] == []


def test_a_figure_that_there_is_not_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tables\.0\.figure is 'pie'.*decay"):
        read(tmp_path, "tables: [{id: a, title: A, figure: pie, columns: [flips]}]")
