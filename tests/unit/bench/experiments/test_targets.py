"""The experiment `targets`: shares of what was aimed at, of prompts and of twins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from bench_memory import SameRecords

from guardbind.errors import ConfigError
from guardbind.information.intervals import clopper_pearson
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.experiments.targets.experiment import EXPERIMENT
from guardbind_bench.measures.targets import TargetRecord

OUTCOMES = ("right", "right", "wrong", "unresolved", "unresolved")


def records(place: str = "begun", twins: Sequence[str] = ("unresolved",) * 5) -> list[TargetRecord]:
    made = []
    for answerable, outcomes in ((True, OUTCOMES), (False, twins)):
        for i, outcome in enumerate(outcomes):
            how = "unresolved" if outcome == "unresolved" else "sentence" if i else "query"
            about: dict[str, Any] = {"place": place, "outcome": outcome, "how": how, "found": i < 4}
            form = "json_list" if i % 2 else "csv"
            made.append(TargetRecord(index=i, answerable=answerable, form=form, language="en", records=2 + i, **about))
    return made


def rows_of(made: Sequence[TargetRecord], *tasks: str) -> list[TableRow]:
    settings = Settings(tasks=tasks or ("cards",), ks=(0,), trials=5)
    return EXPERIMENT.summarise(SameRecords(list(made)), settings, lambda _: None)


def one(rows: Sequence[TableRow], table: str, **keys: Any) -> TableRow:
    [row] = [row for row in rows if row.table == f"targets_{table}" and keys.items() <= row.keys.items()]
    return row


def test_targets_are_counted_of_prompts_and_of_twins() -> None:
    rows = rows_of([*records("end"), *records("begun", ("wrong", *["unresolved"] * 4))])
    found = one(rows, "places", place="begun").values
    assert {name: (estimate.value, estimate.n) for name, estimate in found.items()} == {
        "slot_found": (4 / 5, 5),
        "target_resolved": (3 / 5, 5),
        "target_right": (2 / 5, 5),
        "target_wrong": (pytest.approx(1 / 3), 3),
        "targets_wrong": (1, 3),
        "twins_resolved": (1 / 5, 5),
    }
    wrong = found["target_wrong"]
    assert (wrong.low, wrong.high) == (clopper_pearson(1, 3).low, clopper_pearson(1, 3).high)
    assert one(rows, "places", place="end").values["twins_resolved"].value == 0
    assert one(rows, "how", how="query").values["twin_targets"].value == 1
    assert one(rows, "how", how="sentence").values["target_wrong"].value == 0.5
    assert one(rows, "forms", form="csv").values["target_wrong"].n == 2
    assert one(rows, "sizes", size="03 to 05").values["slot_found"].n == 3


def test_several_tasks_are_counted_together() -> None:
    rows = rows_of(records(), "cards", "sections")
    assert one(rows, "places", task="all").values["target_resolved"].n == 10
    assert not any(row.table == "targets_sizes" and row.keys["task"] != "all" for row in rows)


def test_what_could_not_be_read_is_left_out_and_said() -> None:
    bad = TargetRecord(index=5, answerable=True, place="begun", form="csv", language="en", records=2, failed="too long")
    row = one(rows_of([*records(), bad]), "places")
    assert row.values["slot_found"].n == 5 and "1 of 11" in row.notes[0]


def test_a_set_that_a_task_has_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="one set of wordings"):
        EXPERIMENT.plan(Settings(tasks=("notes",), options={"wordings": ["held"]}))
    [request] = EXPERIMENT.plan(Settings(tasks=("cards",), ks=(0,), options={"wordings": ["held"]}))
    assert request.cell.options == {"wordings": "held", "resolver": "words"}
