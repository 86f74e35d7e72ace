"""What binding a table costs is measured for every form, and each row is bound."""

from __future__ import annotations

import json

import pytest
from bench_tiny import bench_tokenizer
from click.testing import CliRunner
from fuzzing import tokenizer_of

from guardbind_bench.cli.cost import cost
from guardbind_bench.cost.binding_cost import BINDING_FORMS, measure_binding

# A code and an amount in each row; one key names one value, and a time stands before what a log says.
BOUND = {"csv, 2 columns": 2, "csv, 5 columns": 5, "log": 3, "JSON": 2, "key: value": 1}


@pytest.mark.parametrize("form", BINDING_FORMS)
def test_every_row_is_bound(form: str) -> None:
    taken = measure_binding(tokenizer_of("byte_level"), form, 12)
    assert taken.bindings == 12 * BOUND[form]
    assert taken.seconds > 0 and taken.readings > 0 and taken.mebibytes > 0


def test_memory_is_that_of_the_rows() -> None:
    few, many = (measure_binding(bench_tokenizer(), "csv, 2 columns", rows).mebibytes for rows in (100, 400))
    assert 2 * few < many < 8 * few
    assert many / 400 * 20_000 < 500  # MiB, of a table of 20 000 rows


def test_the_command_prints_what_it_measured() -> None:
    done = CliRunner().invoke(cost, ["--tables", "--rows", "10", "--json"])
    assert done.exit_code == 0, done.output
    assert {(one["form"], one["rows"]) for one in json.loads(done.stdout)} == {(form, 10) for form in BINDING_FORMS}
    shown = CliRunner().invoke(cost, ["--tables", "--rows", "10"])
    assert "readings" in shown.output and "key: value" in shown.output
