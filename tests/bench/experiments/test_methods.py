"""The experiment `methods`: settings are chosen on one split and reported on another, beside the unguarded model."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest
from bench_memory import MemoryData, measure
from bench_tiny import bench_tokenizer
from families import copier, speaking

from guardbind.errors import ConfigError
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.methods.experiment import EXPERIMENT
from guardbind_bench.experiments.methods.numbers import AUTHORS, CONTROL, chosen
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.methods import MEASURE, MethodRecord
from guardbind_bench.methods.ability import unrelated
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.scoring.scoring import read_answer

OPTIONS = {
    "methods": ["cad_span", "cad_swap", "auto_resolved", "retrieval_heads", "candidate_only"],
    "heads": {"k": 8, "trials": 8},
    "tuning_trials": 6,
    "tuning_fillers": ["natural"],
    "collateral_trials": 4,
}
SETTINGS = Settings(tasks=("competing_vars", "primacy_recency"), ks=(8,), trials=8, options=OPTIONS)  # type: ignore[arg-type]


@cache
def lab() -> Lab:
    """A model that writes the first value, whichever key is asked for."""
    return Lab(copier(bench_tokenizer(), "first", 192), bench_tokenizer())


def measured(**options: object) -> list[MethodRecord]:
    cell = BenchCell(measure="methods", task="competing_vars", k=8, options={**OPTIONS_OF_MEASURE, **options})  # type: ignore[dict-item]
    return [record for record in MEASURE.prepare(lab(), cell).run(range(6)) if isinstance(record, MethodRecord)]


OPTIONS_OF_MEASURE = {"methods": ["auto_resolved", "cad_span", "retrieval_heads"], "heads": {"k": 8, "trials": 8}}


def test_a_trial_has_a_record_of_each_method_at_each_setting() -> None:
    records = measured(grid=True, controls=True)
    by_index = {index: [r for r in records if r.index == index] for index in range(6)}
    pairs = [(record.method, record.setting) for record in by_index[0]]
    assert len(set(pairs)) == len(pairs) == 1 + 4 + 4 + 4 + 1 and all(
        [(record.method, record.setting) for record in of_trial] == pairs for of_trial in by_index.values()
    )
    assert ("retrieval_heads", CONTROL) in pairs and all(record.refused is None for record in records)
    own = {record.index: record for record in records if record.method == "unguarded"}
    assert {record.stage for record in own.values()} == {"right", "2B"}
    for record in records:
        assert record.logprob is not None and record.logprob <= 0
        assert (record.seconds or 0) > 0
        if record.method == "auto_resolved" and record.setting == AUTHORS:
            assert record.stage == record.verified_stage == "right"
        # The guard's check lets nothing through that spoils a right answer.
        if own[record.index].stage == "right":
            assert record.verified_stage == "right"


def test_told_of_another_statement_a_method_writes_that_and_is_judged_by_what_is_asked() -> None:
    names = ["cad_span", "auto_resolved", "auto"]
    asked, other = (measured(methods=names, span=span) for span in ("asked", "other"))
    assert {record.method for record in other} == {"unguarded", "cad_span", "auto"}
    assert {record.stage for record in asked if record.method == "auto"} == {"right"}
    own = {record.index: record for record in asked if record.method == "unguarded"}
    # This model writes the first value, which the statement that is told of holds wherever it is not the asked one.
    for record in other:
        assert (record.token, record.stage) == (own[record.index].token, own[record.index].stage)
    assert {record.stage for record in other} == {"right", "2B"}


@pytest.mark.parametrize("ability", ["text", "repeat"])
def test_prompts_that_ask_nothing_keep_their_statements(ability: str) -> None:
    trial = lab().task(BenchCell(measure="methods", task="competing_vars", k=8)).trial(3)
    made, token = unrelated(trial, lab().tokenizer, ability, 0)  # type: ignore[arg-type]
    assert made.bound == trial.bound and made.ids[: trial.question.start] == trial.ids[: trial.question.start]
    window = made.ids[made.question.start :]
    once = (*window, token)
    seen = sum(made.ids[i : i + len(once)] == once for i in range(len(made.ids)))
    assert seen == (1 if ability == "repeat" else 0)
    for record in measured(ability=ability):
        assert record.stage in ("right", "2A") and record.verified_token is None


@pytest.fixture(scope="module")
def rows() -> list[TableRow]:
    data = MemoryData({one.model_dump_json(): measure(lab(), one) for one in EXPERIMENT.plan(SETTINGS)})
    return EXPERIMENT.summarise(data, SETTINGS, lambda _: None)


def test_every_method_has_its_rows_sorted_by_what_is_right(rows: list[TableRow]) -> None:
    ranked = [row for row in rows if row.table == "methods_ranking"]
    shares = [row.values["accuracy"].value or 0.0 for row in ranked]
    assert shares == sorted(shares, reverse=True) and {row.values["accuracy"].n for row in ranked} >= {16}
    found = {(row.keys["method"], row.keys["setting"]): row for row in ranked}
    assert {method for method, _ in found} == {"unguarded", *OPTIONS["methods"]}  # type: ignore[misc]
    assert ("retrieval_heads", "random heads") in found
    best = next(row for (method, _), row in found.items() if method == "auto_resolved")
    assert best.keys["source"] == "guardbind" and best.keys["told"] == "bindings" and "perplexity" in best.values
    plain = found["unguarded", "authors', also tuned"]
    assert set(plain.values) >= {"accuracy", "rate_2b", "perplexity", "repeated"} and "delta" not in plain.values
    # One key cannot be swapped: of the other task alone there are trials.
    swapped = next(row for (method, _), row in found.items() if method == "cad_swap")
    assert swapped.values["accuracy"].n == 8 and any("8 of 16 trials" in note for note in swapped.notes)


def test_what_a_task_does_not_allow_is_a_row_that_says_why(rows: list[TableRow]) -> None:
    [refused] = [row for row in rows if row.table == "methods_refused"]
    assert (refused.keys["method"], refused.keys["task"]) == ("cad_swap", "primacy_recency")
    assert "one key only" in refused.notes[0]


def test_the_first_of_the_best_settings_is_chosen_and_no_random_heads() -> None:
    made = [
        {"method": "m", "setting": setting, "stage": stage, "refused": None, "failed": None}
        for setting, stages in {
            AUTHORS: "right 2A 2B",
            "a": "right right 2A",
            "b": "right right 2B",
            CONTROL: "right right right",
        }.items()
        for stage in stages.split()
    ]
    assert chosen([pd.DataFrame(made)])["m"].best == "a"
    assert chosen([]) == {}
    assert [name for name, _ in chosen([pd.DataFrame(made)])["m"].settings([AUTHORS, "a", "b", CONTROL])] == [
        "authors'",
        "tuned",
        "random heads",
    ]


def test_settings_are_never_chosen_on_what_is_reported() -> None:
    with pytest.raises(ConfigError, match="other trials"):
        EXPERIMENT.plan(Settings(seed=1))
    with pytest.raises(ConfigError, match="Did you mean 'cad_span'"):
        EXPERIMENT.plan(Settings(options={"methods": ["cad_spam"]}))
    seeds = {(request.cell.seed, request.cell.options.get("ability")) for request in EXPERIMENT.plan(SETTINGS)}
    assert seeds == {(1, None), (0, None), (0, "text"), (0, "repeat")}


@cache
def reading() -> Lab:
    """A model with room for texts."""
    return Lab(speaking("llama", bench_tokenizer(), context=1024), bench_tokenizer())


TEXTS: dict[str, object] = {"methods": ["cad_span", "auto"], "answer_tokens": 4, "batch": 4}


def test_whole_answers_are_judged_by_the_first_value_in_them() -> None:
    cell = BenchCell(measure="methods", task="records", k=0, options=TEXTS)  # type: ignore[arg-type]
    session: Any = MEASURE.prepare(reading(), cell)
    records = session.run(range(3))
    assert [record.index for record in records] == [0] * 3 + [1] * 3 + [2] * 3
    for record in records:
        asked = session.task.text(record.index)
        assert record.answer is not None and record.refused is None and record.failed is None
        assert record.stage == read_answer(asked.text, asked.lead + record.answer).stage
        assert record.seconds is None and record.verified_stage is None
    asked = session.task.text(0)
    rest = asked.text.answer[0].removeprefix(asked.lead.strip())
    judged = session._judged(0, reading().tokenizer(rest, add_special_tokens=False)["input_ids"], _known_of(records[0]))
    assert judged.stage == "right"


def _known_of(record: MethodRecord) -> dict[str, Any]:
    return {"method": record.method, "told": record.told, "setting": record.setting}


def test_whole_answers_want_texts() -> None:
    with pytest.raises(ConfigError, match="no texts"):
        measured(answer_tokens=4)


def test_whole_answers_have_rows_without_a_cost_or_a_check() -> None:
    options = {**TEXTS, "settings": {"cad_span": {"alpha": 4}}, "collateral_trials": 0}
    settings = Settings(tasks=("records",), ks=(0,), trials=2, options=options)  # type: ignore[arg-type]
    plan = EXPERIMENT.plan(settings)
    assert [(one.cell.seed, one.cell.options["answer_tokens"]) for one in plan] == [(0, 4)]
    data = MemoryData({one.model_dump_json(): measure(reading(), one) for one in plan})
    found = [row for row in EXPERIMENT.summarise(data, settings, lambda _: None) if row.table == "methods_ranking"]
    assert {(row.keys["method"], row.keys["setting"], row.keys["values"]) for row in found} == {
        ("unguarded", "authors', also tuned", "{}"),
        ("cad_span", "authors'", "{}"),
        ("cad_span", "tuned", '{"alpha": 4.0}'),
        ("auto", "authors', also tuned", "{}"),
    }
    assert all("accuracy" in row.values and "verified" not in row.values for row in found)
    assert not any("seconds_ratio_median" in row.values for row in found)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"cad_span": {"alfa": 4}}, "no setting of 'cad_span'"),
        ({"cad_span": {"alpha": "much"}}, "no setting of 'cad_span'"),
        ({"cad_spam": {}}, "Did you mean 'cad_span'"),
        ({"pasta": {}}, "which is not run"),
    ],
)
def test_a_given_setting_is_one_that_a_method_has(settings: dict[str, object], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        EXPERIMENT.plan(Settings(options={"methods": ["cad_span"], "settings": settings}))  # type: ignore[dict-item]
