from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import pandas as pd
import pytest
from bench_memory import MemoryData, measure
from bench_summaries import summary_of
from bench_tiny import speaking_lab
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from guardbind.errors import ConfigError, GuardbindError, UnknownNameError
from guardbind_bench.experiments.checkpoint.experiment import EXPERIMENT
from guardbind_bench.experiments.checkpoint.pairs import holm
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.registry import ARMS, EXPERIMENTS
from guardbind_bench.reporting.compare import compare

N = 40
STAGES = ("right", "2A", "2B")


def settings(*, k: int = 96, trials: int = N, **options: Any) -> Settings:
    return Settings(ks=(k,), trials=trials, options=options)


def rows_of(memory: MemoryData, chosen: Settings) -> list[TableRow]:
    rows = EXPERIMENT.summarise(memory, chosen, lambda message: None)
    columns = {table.id: table.columns for table in EXPERIMENT.tables}
    for row in rows:
        assert [name for name in columns[row.table] if name in row.values] == list(row.values)
    return rows


def records(seed: int, *, added: int = 0, written: bool = False, n: int = N) -> list[dict[str, Any]]:
    rng = Random(seed)
    found = []
    for index in range(n):
        stage = rng.choice(STAGES)
        record = {
            "index": index,
            "failed": None,
            "stage": stage,
            "best_index": 3 if stage == "right" else rng.choice([3, 4]),
            "target_index": 3,
            "gate_gap": rng.gauss(0, 2),
            "value_gap": rng.gauss(0, 2),
            "prompt_tokens": 200 + added,
        }
        if written:
            right = [rng.random() < 0.7 for _ in range(4)]
            record |= {"checkpoints": 2, "values": 4, "values_right": sum(right), "target_right": sum(right[::2])}
            record |= {"values_outside": rng.randrange(3)}
        found.append(record)
    return found


def remembered(chosen: Settings, seed: int = 0) -> tuple[MemoryData, dict[str, list[dict[str, Any]]]]:
    memory, known = MemoryData(), {}
    for place, request in enumerate(EXPERIMENT.plan(chosen)):
        own = request.cell.measure == "self_checkpoint"
        name = "self" if own else request.cell.form.arm
        known[name] = records(seed + place, added=place, written=own)
        memory.frames[request.model_dump_json()] = pd.DataFrame(known[name])
    return memory, known


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def test_the_plan_is_the_baseline_and_every_arm() -> None:
    requests = EXPERIMENT.plan(Settings(ks=(96,), trials=7, seed=3))
    arms = [(r.cell.measure, r.cell.form.arm) for r in requests]
    spread = [name for name in ARMS.names() if name not in ("oracle", "reread", "single")]
    assert arms == [
        ("reading", "baseline"),
        ("reading", "oracle:64"),
        *(("reading", f"{name}:64") for name in spread),
        ("self_checkpoint", "baseline"),
        ("reading", "reread"),
        *(("reading", f"single:{distance}") for distance in (0, 32, 64, 128)),
    ]
    for request in requests:
        form = request.cell.form
        assert (form.layout, form.style, form.asked, form.template) == ("C", "bracket", "random", "plain")
        assert (request.trials, request.cell.seed, request.cell.k, request.first, request.wanted) == (7, 3, 96, 0, None)
        own = request.cell.measure == "self_checkpoint"
        assert request.cell.options == ({"every": 64} if own else {})


def test_the_plan_follows_the_options() -> None:
    chosen = Settings(
        tasks=("competing_vars", "primacy_recency"),
        fillers=("natural", "decoy_heavy"),
        ks=(40, 80),
        options={"every": [16, 32], "arms": ["oracle"], "single": [], "layout": "S", "asked": ["fixed", "random"]},
    )
    requests = EXPERIMENT.plan(chosen)
    assert len(requests) == len({r.cell.id for r in requests}) == 2 * 2 * 2 * 2 * 3
    assert {r.cell.form.layout for r in requests} == {"S"}
    assert {r.cell.form.arm for r in requests} == {"baseline", "oracle:16", "oracle:32"}


def test_every_number_is_that_of_the_pairs() -> None:
    chosen = settings(every=[32], single=[0, 16], arms="all")
    memory, known = remembered(chosen)
    base = known["baseline"]
    seen = []
    for row in rows_of(memory, chosen):
        if row.table == "checkpoint_self":
            continue
        name = str(row.keys["arm"])
        number = row.keys.get("distance", row.keys["checkpoint_every"])
        arm = known[name if name in ("self", "reread") else f"{name}:{number}"]
        seen.append((row.table, name))
        flips = [(a["stage"] == "right", b["stage"] == "right") for a, b in zip(base, arm, strict=True)]
        broken, repaired = flips.count((True, False)), flips.count((False, True))
        expected: dict[str, float] = {
            "right_to_wrong": broken,
            "wrong_to_right": repaired,
            "mcnemar_p": binomtest(repaired, broken + repaired).pvalue,
            "added_tokens": arm[0]["prompt_tokens"] - 200,
        }
        for side, found in (("baseline", base), ("checkpoint", arm)):
            expected[f"acc_{side}"] = mean([r["stage"] == "right" for r in found])
            expected[f"cand_acc_{side}"] = mean([r["best_index"] == 3 for r in found])
            expected[f"rate_2a_{side}"] = mean([r["stage"] == "2A" for r in found])
            expected[f"rate_2b_{side}"] = mean([r["stage"] == "2B" for r in found])
            expected[f"gate_gap_{side}"] = mean([r["gate_gap"] for r in found])
            expected[f"value_gap_{side}"] = mean([r["value_gap"] for r in found])
        for name in ("acc", "cand_acc", "gate_gap", "value_gap"):
            expected[f"delta_{name}"] = expected[f"{name}_checkpoint"] - expected[f"{name}_baseline"]
        assert set(row.values) - {"mcnemar_p_holm"} <= set(expected)
        assert row.table == "checkpoint" or set(row.values) == {*expected, "mcnemar_p_holm"}
        for name, value in row.values.items():
            assert value.n == N
            if name in expected:
                assert value.value == pytest.approx(expected[name]), name
        for name in ("delta_acc", "delta_value_gap"):
            low, value, high = (getattr(row.values[name], part) for part in ("low", "value", "high"))
            assert low <= value <= high and row.values[name].method == "bootstrap"
    spread = [name for name in ARMS.names() if name not in ("oracle", "reread", "single")]
    controls = [("checkpoint_controls", name) for name in ("oracle", *spread, "self", "reread")]
    assert seen == [("checkpoint", "oracle"), *controls, *[("checkpoint_single", "single")] * 2]


def test_rows_say_what_they_are_about() -> None:
    chosen = settings(every=[32], single=[16], arms=["oracle", "reread"])
    memory, _ = remembered(chosen)
    keys = {(row.table, row.keys["arm"]): row.keys for row in rows_of(memory, chosen)}
    shared = {"model": "tiny", "task": "competing_vars", "filler": "natural", "k": 96, "asked": "random"}
    shared |= {"style": "bracket", "layout": "C", "template": "plain"}
    assert keys == {
        ("checkpoint", "oracle"): {**shared, "arm": "oracle", "checkpoint_every": 32},
        ("checkpoint_controls", "oracle"): {**shared, "arm": "oracle", "checkpoint_every": 32},
        ("checkpoint_controls", "reread"): {**shared, "arm": "reread", "checkpoint_every": None},
        ("checkpoint_single", "single"): {**shared, "arm": "single", "checkpoint_every": None, "distance": 16},
    }
    published = next(table for table in EXPERIMENT.tables if table.published == "checkpoint")
    named = {"acc_baseline", "acc_checkpoint", "delta_acc", "value_gap_baseline", "value_gap_checkpoint"}
    assert named <= set(published.columns)


def test_the_models_own_checkpoints_are_set_apart() -> None:
    chosen = settings(every=[32], single=[], arms=["self"])
    memory, known = remembered(chosen, seed=5)
    [row] = [row for row in rows_of(memory, chosen) if row.table == "checkpoint_self"]
    own, base = known["self"], known["baseline"]
    right = [r["index"] for r in own if r["target_right"] == 2]
    wrong = [r["index"] for r in own if r["target_right"] < 2]
    assert right and wrong
    assert {name: value.value for name, value in row.values.items()} == pytest.approx(
        {
            "value_errors": sum(4 - r["values_right"] for r in own) / (4 * N),
            "values_outside": sum(r["values_outside"] for r in own) / (4 * N),
            "all_right": len(right) / N,
            "acc_given_right": mean([own[i]["stage"] == "right" for i in right]),
            "acc_baseline_given_right": mean([base[i]["stage"] == "right" for i in right]),
            "acc_given_wrong": mean([own[i]["stage"] == "right" for i in wrong]),
            "acc_baseline_given_wrong": mean([base[i]["stage"] == "right" for i in wrong]),
        }
    )
    assert row.values["acc_given_right"].n == len(right)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_by_its_definition(p: list[float]) -> None:
    """A hypothesis is rejected at a level exactly when it and all with smaller p pass their own thresholds."""
    corrected = holm(p)
    assert all(a <= b <= 1 for a, b in zip(p, corrected, strict=True))
    for level in (0.01, 0.05, 0.3):
        order = sorted(range(len(p)), key=lambda i: p[i])
        rejected = set()
        for step, i in enumerate(order):
            if p[i] * (len(p) - step) > level:
                break
            rejected.add(i)
        assert {i for i in range(len(p)) if corrected[i] <= level} == rejected


def test_the_note_reads_all_arms_together() -> None:
    chosen = settings(every=[32], single=[0], arms=["oracle", "blank", "short"])
    memory, _ = remembered(chosen)
    right = {"baseline": 20, "oracle:32": 40, "blank:32": 5, "short:32": 20, "single:0": 27}
    for request in EXPERIMENT.plan(chosen):
        frame = memory.frames[request.model_dump_json()]
        frame["stage"] = ["right" if i < right[request.cell.form.arm] else "2A" for i in range(N)]
    rows = rows_of(memory, chosen)
    notes = {note for row in rows for note in row.notes}
    assert notes == {
        "Against the baseline, Holm over 4 comparisons at 0.05: better: oracle:32, single:0; worse: blank:32; "
        "not told apart: short:32."
    }
    p = {str(row.keys["arm"]): row.values["mcnemar_p"].value for row in rows}
    holms = {str(row.keys["arm"]): row.values["mcnemar_p_holm"].value for row in rows}
    assert holms["oracle"] == pytest.approx(4 * 2**-19) and p["oracle"] == pytest.approx(2**-19)
    assert holms["blank"] == pytest.approx(3 * 2**-14) and holms["single"] == pytest.approx(2 * 2**-6)
    assert holms["short"] == p["short"] == 1


def test_too_little_filler_for_a_checkpoint_is_said() -> None:
    chosen = settings(k=64, every=[32, 64], single=[0])
    memory, known = remembered(chosen)
    assert "oracle:32" in known and not any(name.endswith(":64") for name in known)
    rows = [row for row in rows_of(memory, chosen) if row.keys["checkpoint_every"] == 64]
    assert {str(row.keys["arm"]) for row in rows} == {*ARMS.names(), "self"} - {"reread", "single"}
    for row in rows:
        assert not row.values
        assert row.notes == (
            "k = 64 is not more than checkpoint_every = 64: no checkpoint is inserted and the prompts are the "
            "baseline's.",
        )


def test_failures_and_refusals_are_told() -> None:
    chosen = settings(every=[32], single=[0, 200], arms=["oracle", "blank"])
    memory, known = remembered(chosen)
    requests = {r.cell.form.arm: r for r in EXPERIMENT.plan(chosen)}
    for arm, gone in (("baseline", [0, 1]), ("oracle:32", [1, 2])):
        for index in gone:
            known[arm][index] |= {"failed": "NaN", "stage": None, "best_index": None, "gate_gap": None}
        memory.frames[requests[arm].model_dump_json()] = pd.DataFrame(known[arm])
    memory.refusals[requests["single:200"].model_dump_json()] = "too far"
    del memory.frames[requests["single:200"].model_dump_json()]
    rows = {(row.table, row.keys.get("distance", row.keys["arm"])): row for row in rows_of(memory, chosen)}
    oracle = rows["checkpoint_controls", "oracle"]
    assert oracle.values["acc_baseline"].n == oracle.values["gate_gap_checkpoint"].n == N - 3
    assert oracle.notes[0] == f"3 of {N} pairs are left out: a reading failed or is missing."
    rest = range(3, N)
    assert oracle.values["acc_checkpoint"].value == pytest.approx(
        mean([known["oracle:32"][i]["stage"] == "right" for i in rest])
    )
    assert rows["checkpoint_single", 200].notes == ("too far",)
    assert not rows["checkpoint_single", 200].values

    memory.refusals[requests["baseline"].model_dump_json()] = "too long"
    for row in rows_of(memory, chosen):
        assert (row.values, row.notes) == ({}, ("too long",))


def test_without_a_readable_pair_there_is_no_number() -> None:
    chosen = settings(every=[32], single=[], arms=["oracle", "self"])
    memory, _ = remembered(chosen)
    for request in EXPERIMENT.plan(chosen):
        memory.frames[request.model_dump_json()] = memory.frames[request.model_dump_json()].assign(failed="NaN")
    for row in rows_of(memory, chosen):
        assert not row.values
        assert row.notes == (f"{N} of {N} pairs are left out: a reading failed or is missing.",)


def test_on_a_model_arms_are_read_on_the_baselines_trials() -> None:
    lab, memory = speaking_lab(), MemoryData()
    chosen = Settings(
        tasks=("competing_vars", "decoy_injection"), ks=(20,), trials=4, options={"every": [8], "single": [0, 30]}
    )
    for request in EXPERIMENT.plan(chosen):
        try:
            memory.frames[request.model_dump_json()] = measure(lab, request)
        except GuardbindError as error:
            memory.refusals[request.model_dump_json()] = str(error)
    rows = {(r.keys["task"], r.keys["arm"], r.keys.get("distance")): r for r in rows_of(memory, chosen)}
    for task in chosen.tasks:
        assert "30 tokens before the question" in rows[task, "single", 30].notes[0]
        oracle, extra = rows[task, "oracle", None].values, rows[task, "extra_filler", None].values
        assert oracle["added_tokens"].value == extra["added_tokens"].value
        assert rows[task, "short", None].values["added_tokens"].value == 8 - 20
        assert oracle["acc_baseline"] == extra["acc_baseline"]
        assert all(not math.isnan(value.value or 0) for row in rows.values() for value in row.values.values())
    assert rows["competing_vars", "wrong_value", None].values
    assert "restates only KEY" in rows["decoy_injection", "wrong_value", None].notes[0]


def test_the_experiment_is_registered() -> None:
    assert EXPERIMENTS.get("checkpoint") is EXPERIMENT
    assert EXPERIMENT.aliases == ("checkpoint",)
    assert EXPERIMENT.plan(Settings(options=EXPERIMENT.defaults)) == EXPERIMENT.plan(Settings())


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ({"evry": [64]}, "evry"),
        ({"every": [0]}, "greater than or equal to 1"),
        ({"every": 64}, "every: "),
        ({"single": [-1]}, "greater than or equal to 0"),
        ({"arms": "oracle"}, "arms"),
        ({"layout": "T"}, "layout"),
        ({"asked": ["never"]}, "asked"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], seen: str) -> None:
    with pytest.raises(
        ConfigError, match=f"the options of `checkpoint` are .*{seen}.* Accepted, with their defaults: every="
    ):
        EXPERIMENT.plan(settings(**options))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"option `arms` names 'orcle'; known: oracle, .*, self"):
        EXPERIMENT.plan(settings(arms=["orcle"]))
    with pytest.raises(UnknownNameError, match=r"names 'single'; .*Distances of `single` are an option"):
        EXPERIMENT.plan(settings(arms=["single"]))
    with pytest.raises(UnknownNameError, match=r"no filler 'naturl'"):
        EXPERIMENT.plan(Settings(fillers=("naturl",)))
    with pytest.raises(UnknownNameError, match=r"no task 'competing'"):
        EXPERIMENT.plan(Settings(tasks=("competing",)))


def test_tables_of_another_layout_or_template_are_other_rows() -> None:
    keys = set()
    for layout in ("C", "S"):
        chosen = settings(layout=layout, every=[32], single=[], arms=["oracle"], templates=["plain", "chat"])
        memory = MemoryData()
        for request in EXPERIMENT.plan(chosen):
            memory.frames[request.model_dump_json()] = pd.DataFrame(records(0))
        keys |= {(row.table, str(row.keys)) for row in rows_of(memory, chosen)}
    assert len(keys) == 2 * 2 * 2


def test_a_task_in_prose_has_one_place_and_one_layout() -> None:
    chosen = Settings(
        tasks=("notes_binding",), ks=(0, 96), trials=N, options={"every": [32, 64], "templates": ["chat"]}
    )
    requests = EXPERIMENT.plan(chosen)
    assert [(r.cell.k, r.cell.form.arm) for r in requests] == [
        (k, arm) for k in (0, 96) for arm in ("baseline", "oracle", "raw_copy")
    ]
    assert {(r.cell.measure, r.cell.form.layout, r.cell.form.template) for r in requests} == {("reading", "S", "chat")}
    twin = EXPERIMENT.plan(Settings(tasks=("notes_binding_unanswerable",)))
    assert [r.cell.form.arm for r in twin] == ["baseline", "raw_copy"]
    # What the task does not have is asked for all the same where it is named, and refused with a reason.
    named = EXPERIMENT.plan(Settings(tasks=("notes_binding",), options={"arms": ["blank", "self"]}))
    assert [(r.cell.measure, r.cell.form.arm) for r in named[1:]] == [
        ("reading", "blank"),
        ("self_checkpoint", "baseline"),
    ]
    assert [r.cell.form.arm for r in EXPERIMENT.plan(Settings(tasks=("strawberry_baseline",)))] == [
        "baseline",
        "oracle",
    ]


def test_the_published_numbers_of_the_notes_are_made_and_find_their_partners() -> None:
    lab, memory = speaking_lab(), MemoryData(model="google/gemma-2-9b-it")
    chosen = Settings(tasks=("notes_binding",), ks=(0,), trials=8, options={"arms": ["oracle"]})
    frames = {}
    for request in EXPERIMENT.plan(chosen):
        frames[request.cell.form.arm] = memory.frames[request.model_dump_json()] = measure(lab, request)
    rows = rows_of(memory, chosen)
    [row] = [row for row in rows if row.table == "checkpoint_notes"]
    assert (row.keys["layout"], row.keys["checkpoint_every"]) == ("S", None)
    assert row.notes[0] == "Layout S: notes_binding comes in no other."
    for side, arm in (("baseline", "baseline"), ("checkpoint", "oracle")):
        answers = list(zip(frames[arm]["text"], frames[arm]["stage"], strict=True))
        assert row.values[f"acc_{side}"].value == mean([stage == "right" for _, stage in answers])
        z = mean([text.strip() == "Z" and stage != "2A" for text, stage in answers])
        assert row.values[f"abstain_rate_{side}"].value == z
    [one] = compare(summary_of(EXPERIMENT.tables, [row], model=memory.model, experiment="checkpoint"))
    assert (one.same_model, one.published_table) == (True, "notes_binding")
    assert set(one.values) == {"acc_baseline", "abstain_rate_baseline", "acc_checkpoint"}
