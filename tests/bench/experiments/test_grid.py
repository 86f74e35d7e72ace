"""The base of the experiments: settings become conditions, conditions requests, and their records rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from bench_memory import MemoryData
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from guardbind.errors import ConfigError, UnknownNameError
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.grid import CellExperiment, Condition, GridRun, Point, keys_of, with_notes
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.table import Column, Table, TableRow
from guardbind_bench.prompts.cell import BenchCell, CellRequest, PromptForm
from guardbind_bench.stats.statistics import count

COLUMNS = {name: Column(title=name, unit="count", meaning="Trials.") for name in ("b", "a")}


class DepthOptions(FormOptions):
    depths: tuple[int, ...] = (1,)


class DepthExperiment(CellExperiment[DepthOptions]):
    name = "depth"
    title = "How deep?"
    version = 1
    option_type = DepthOptions
    measure = "reading"
    axes = ("tasks", "depths", "ks", "templates")
    row_keys = ("task", "k", "template")
    tables = (Table(id="depth", title="Depth", columns=COLUMNS),)

    def cell_options(self, point: Point, options: DepthOptions) -> dict[str, JsonValue]:
        return {"depth": point["depths"]}

    def rows(self, condition: Condition, frame: pd.DataFrame, run: GridRun[DepthOptions]) -> Iterator[TableRow]:
        n = len(frame)
        values = self.shown("depth", {name: count(n, n) for name in ("a", "b", "c")})
        yield TableRow(table="depth", keys=run.keys(condition.keys), values=values)


EXPERIMENT = DepthExperiment()


def silent(_: str) -> None:
    pass


@given(
    st.lists(st.sampled_from(["competing_vars", "primacy_recency", "decoy_injection"]), min_size=1, unique=True),
    st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.integers(1, 50),
    st.integers(0, 5),
)
def test_the_requests_are_the_product_of_the_axes_the_last_varying_fastest(
    tasks: Sequence[str], ks: Sequence[int], depths: list[int], trials: int, seed: int
) -> None:
    options: dict[str, JsonValue] = {"depths": list(depths), "templates": ["plain", "chat"]}
    planned = EXPERIMENT.plan(Settings(tasks=tuple(tasks), ks=tuple(ks), trials=trials, seed=seed, options=options))
    expected = [
        CellRequest(
            cell=BenchCell(
                measure="reading",
                task=task,
                k=k,
                form=PromptForm(template=template),
                seed=seed,
                options={"depth": depth},
            ),
            trials=trials,
        )
        for task in tasks
        for depth in depths
        for k in ks
        for template in ("plain", "chat")
    ]
    assert [request.model_dump() for request in planned] == [request.model_dump() for request in expected]
    assert [request.cell.id for request in planned] == [request.cell.id for request in expected]


def test_each_condition_gives_the_rows_of_its_records_or_says_why_there_are_none() -> None:
    settings = Settings(ks=(1, 2, 3))
    first, second, _ = EXPERIMENT.plan(settings)
    data = MemoryData({first.model_dump_json(): pd.DataFrame({"index": [0, 1]})}, {second.model_dump_json(): "long."})
    told: list[str] = []
    rows = EXPERIMENT.summarise(data, settings, told.append)
    keys: dict[str, Any] = {"model": "tiny", "task": "competing_vars", "k": 1, "template": "plain"}
    assert rows[0] == TableRow(table="depth", keys=keys, values={"b": count(2, 2), "a": count(2, 2)})
    assert list(rows[0].values) == ["b", "a"] and list(rows[0].keys) == list(keys)
    assert [(row.keys["k"], row.values, row.notes) for row in rows[1:]] == [
        (2, {}, ("long.",)),
        (3, {}, ("there are no records.",)),
    ]
    assert told == [f"competing_vars / {k} / plain" for k in (1, 2, 3)]


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        (Settings(tasks=("competing_var",)), UnknownNameError, "Did you mean 'competing_vars'"),
        (Settings(tasks=("records",)), ConfigError, "text task"),
        (Settings(fillers=("natura",)), UnknownNameError, "Did you mean 'natural'"),
        (Settings(options={"depth": [2]}), ConfigError, r"options of `depth`.*depths=\[1\]"),
        (Settings(options={"depths": ["deep"]}), ConfigError, "valid integer"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_plan_and_summary(
    settings: Settings, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        EXPERIMENT.plan(settings)
    with pytest.raises(error, match=says):
        EXPERIMENT.summarise(MemoryData(), settings, silent)


def test_defaults_are_the_options_without_a_setting() -> None:
    assert EXPERIMENT.defaults == {"asked": ["random"], "templates": ["plain"], "depths": [1]}


def test_tables_are_read_from_the_file_beside_the_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shallow.py").write_text(
        "from guardbind_bench.experiments.grid import CellExperiment\n\n\n"
        "class Shallow(CellExperiment):\n    def rows(self, condition, frame, run):\n        return []\n"
    )
    text = "tables: [{id: shallow, title: Shallow, columns: [flips]}]"
    (tmp_path / "tables.yaml").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    shallow = __import__("shallow").Shallow()
    assert [table.id for table in shallow.tables] == ["shallow"]
    assert shallow.tables is shallow.tables


def test_keys_are_fields_of_the_cell_or_of_its_form() -> None:
    cell = BenchCell(measure="reading", task="competing_vars", k=3, form=PromptForm(layout="C"))
    assert keys_of(cell, ("layout", "k", "seed")) == {"layout": "C", "k": 3, "seed": 0}


def test_notes_are_added_behind_those_of_the_row() -> None:
    row = TableRow(table="depth", keys={}, values={}, notes=("a",))
    assert with_notes(row, ["b"]).notes == ("a", "b")
    assert row.notes == ("a",)


def test_every_registered_experiment_says_what_a_refused_condition_is_about() -> None:
    from guardbind_bench.registry import EXPERIMENTS

    class Refusing(MemoryData):
        def refusal(self, request: CellRequest) -> str | None:
            return "too long."

    for name in EXPERIMENTS:
        experiment = EXPERIMENTS.get(name)
        texts = ("applications", "api_agreement", "assignment", "harm", "rivals", "targets")
        tasks = ("records",) if name in texts else ("documents",) if name.startswith("audit") else ("competing_vars",)
        rows = experiment.summarise(Refusing(), Settings(tasks=tasks, ks=(5,)), silent)
        assert rows, name
        for row, (key, value) in product(rows, {"model": "tiny", "task": tasks[0]}.items()):
            assert row.keys[key] == value
        assert {row.table for row in rows} <= {table.id for table in experiment.tables}
        assert any("too long." in note for row in rows for note in row.notes), name
