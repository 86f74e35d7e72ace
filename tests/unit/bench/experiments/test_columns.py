"""Columns of one name, in whichever table."""

from __future__ import annotations

import re

import pytest

from guardbind_bench.experiments.table import Column
from guardbind_bench.registry import EXPERIMENTS

COLUMNS = [
    (table.id, name, column)
    for experiment in map(EXPERIMENTS.get, EXPERIMENTS)
    for table in experiment.tables
    for name, column in table.columns.items()
]
# About values and about groups of them.
OF_GROUPS = {"used", "available", "unused"}
# The published number of the null family is called as it is.
PUBLISHED_AS = {"mean_p1"}


def test_columns_of_one_name_have_one_title() -> None:
    titles: dict[str, set[str]] = {}
    for _, name, column in COLUMNS:
        titles.setdefault(name, set()).add(column.title)
    assert {name for name, found in titles.items() if len(found) > 1} <= OF_GROUPS | PUBLISHED_AS
    assert titles["acc"] == titles["accuracy"] == titles["acc_baseline"] == {"accuracy"}
    assert titles["cand_acc"] == {"candidate accuracy"}


@pytest.mark.parametrize("name", ["cand_acc", "rate_2a", "rate_2b", "wrong_to_right", "right_to_wrong", "mcnemar_p"])
def test_what_several_tables_show_means_the_same_in_all(name: str) -> None:
    found = {(column.title, column.unit, column.meaning) for _, other, column in COLUMNS if other == name}
    assert len(found) == 1


def test_where_one_name_has_two_meanings_each_says_which() -> None:
    meanings = {table: column.meaning for table, name, column in COLUMNS if name == "mean_p1"}
    assert "over the vocabulary" in meanings["pseudo_prior"]
    assert "among the candidates" in meanings["null_family"]


def test_units_are_those_that_a_column_says_there_are() -> None:
    said = set(re.findall(r"`(\w+)`", str(Column.model_fields["unit"].description)))
    assert {column.unit for _, _, column in COLUMNS} == said
