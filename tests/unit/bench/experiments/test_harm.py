"""The experiment `harm`: right answers spoiled, values pushed into twins, wrong ones certified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from bench_memory import SameRecords

from guardbind.errors import ConfigError, UnknownNameError
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.harm.experiment import EXPERIMENT
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.harm import HarmRecord

BEFORE = ("right", "right", "right", "2B", "2A")
AFTER = ("right", "2B", "2A", "right", "2A")


def record(index: int, arm: str, stage: Any, *, answerable: bool = True, **more: Any) -> HarmRecord:
    about: dict[str, Any] = {"direction": "key_value", "which": "only", "stage": stage}
    return HarmRecord(index=index, arm=arm, answerable=answerable, **about, **more)


def prompts() -> list[HarmRecord]:
    """Of three right answers one is overwritten, and certified, and one is lost; one wrong one is repaired."""
    made = []
    for i, (before, after) in enumerate(zip(BEFORE, AFTER, strict=True)):
        made.append(record(i, "none", before))
        aims = None if after == "2A" else after == "right"
        made.append(record(i, "words", after, certified=("42",) if i == 1 else (), resolved_right=aims))
    return made


def twins() -> list[HarmRecord]:
    """A value is pushed in wrongly, one was there and is certified, one is pushed in for what it is, one is left."""
    before: list[tuple[str, ...]] = [(), ("17",), (), ("17",)]
    written: list[tuple[str, ...]] = [("17",), ("17",), ("42",), ("17",)]
    wrongly: list[tuple[str, ...]] = [("17",), ("17",), (), ("17",)]
    approved: list[tuple[str, ...]] = [(), ("17",), ("42",), ()]
    made = []
    for i in range(4):
        made.append(record(i, "none", "2B", answerable=False, written=before[i], stated_wrongly=before[i]))
        about: dict[str, Any] = {"written": written[i], "stated_wrongly": wrongly[i], "certified": approved[i]}
        made.append(record(i, "words", "2B", answerable=False, **about))
    return made


def rows_of(made: Sequence[HarmRecord], *tasks: str) -> list[TableRow]:
    settings = Settings(tasks=tasks or ("cards",), ks=(0,), trials=5)
    return EXPERIMENT.summarise(SameRecords(list(made)), settings, lambda _: None)


def values(rows: Sequence[TableRow], table: str, **keys: Any) -> dict[str, tuple[float | None, int]]:
    [row] = [row for row in rows if row.table == f"harm_{table}" and keys.items() <= row.keys.items()]
    return {name: (estimate.value, estimate.n) for name, estimate in row.values.items()}


def test_answers_that_were_right_are_the_ones_that_can_be_spoiled() -> None:
    found = values(rows_of([*prompts(), *twins()]), "answers", arm="words")
    assert found == {
        "accuracy_before": (3 / 5, 5),
        "accuracy": (2 / 5, 5),
        "harm_spoiled": (pytest.approx(2 / 3), 3),
        "harm_overwritten": (pytest.approx(1 / 3), 3),
        "harm_repaired": (1.0, 1),
        "harm_certified": (1 / 5, 5),
        "aimed_wrong": (pytest.approx(1 / 3), 3),
        "right_to_wrong": (2, 5),
        "wrong_to_right": (1, 5),
        "mcnemar_p": (1.0, 5),
    }


def test_a_twin_is_harmed_by_a_value_that_is_pushed_in_or_certified_for_what_it_is_not() -> None:
    found = values(rows_of([*prompts(), *twins()]), "twins", arm="words")
    assert {name: value for name, (value, _) in found.items()} == {
        "twin_wrote_before": 2 / 4,
        "twin_wrote": 1.0,
        "twin_pushed": 2 / 4,
        "twin_pushed_wrongly": 1 / 4,
        "twin_certified": 1 / 4,
        "twin_harm": 2 / 4,
    }


def test_all_tasks_are_counted_together_and_a_failed_prompt_in_none() -> None:
    assert values(rows_of([*prompts(), *twins()], "cards", "sections"), "answers", task="all")["accuracy"][1] == 10
    failed = record(0, "words", None, failed="too long")
    rows = rows_of([failed, *[r for r in prompts() if (r.index, r.arm) != (0, "words")], *twins()])
    assert values(rows, "answers")["harm_spoiled"] == (1.0, 2)
    assert any("1 of 9 prompts are left out" in note for row in rows for note in row.notes)


def test_what_there_is_not_is_refused_before_anything_runs() -> None:
    for options in ({"resolvers": ["guesses"]}, {"policy": "hope"}, {"wordings": ["mine"]}):
        with pytest.raises(ConfigError):
            EXPERIMENT.plan(Settings(tasks=("cards",), options=options))  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError):
        EXPERIMENT.plan(Settings(tasks=("card",)))
