from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from bench_memory import SameRecords
from bench_tiny import bench_tokenizer, speaking_lab
from families import copier
from pydantic import JsonValue

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, GuardbindError, UnknownNameError
from guardbind.evidence import Target
from guardbind.guard import Guard
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.repair.experiment import EXPERIMENT
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.comparison import ARMS, ArmAnswer, told
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.repair import CANDIDATES, DEFAULT_ARMS, MEASURE, RepairRecord
from guardbind_bench.measures.spending import spending
from guardbind_bench.prompts.cell import BenchCell, PromptForm
from guardbind_bench.prompts.tasks.primacy_recency import PrimacyRecency
from guardbind_bench.prompts.trial import Trial

CELL = BenchCell(measure="repair", task="competing_vars", k=12)
TRIALS = tuple(range(6))


def by_place(context: int = 192) -> Lab:
    """A model that writes the first value, whichever key is asked for."""
    return Lab(copier(bench_tokenizer(), "first", context), bench_tokenizer())


def measured(lab: Lab, cell: BenchCell = CELL, indices: Sequence[int] = TRIALS) -> dict[str, list[RepairRecord]]:
    records: dict[str, list[RepairRecord]] = {}
    for record in MEASURE.prepare(lab, cell).run(indices):
        assert isinstance(record, RepairRecord)
        records.setdefault(record.arm, []).append(record)
    assert all([record.index for record in arm] == list(indices) for arm in records.values())
    return records


def with_arms(*arms: str, **change: Any) -> BenchCell:
    return CELL.model_copy(update={"options": {"arms": list(arms)}, **change})


def test_a_model_that_binds_by_place_is_repaired() -> None:
    lab, records = by_place(), measured(by_place())
    trials = [lab.task(CELL).trial(index) for index in TRIALS]
    first = ["right" if trial.asked == 0 else "2B" for trial in trials]
    assert {"right", "2B"} == set(first)
    for arm in ("none", "observe", CANDIDATES):
        assert [record.stage for record in records[arm]] == first
    for arm in ("veto", "auto", "auto/resolved"):
        assert [record.stage for record in records[arm]] == ["right"] * len(TRIALS)
        assert [record.action == "none" for record in records[arm]] == [stage == "right" for stage in first]
    assert [record.verdict for record in records["observe"]] == [
        "ok" if stage == "right" else "binding_failure" for stage in first
    ]
    assert all(record.action == "none" and record.extra_forwards == 1 for record in records["observe"])


def test_every_arm_is_recorded_for_every_trial() -> None:
    records = measured(by_place())
    assert set(records) == set(DEFAULT_ARMS)
    assert {arm.name: arm.told for arm in ARMS} == {arm.name: records[arm.name][0].told for arm in ARMS}
    assert all(record.seconds is not None and record.seconds > 0 for record in records["auto"])


def forwards_alone(guard: Guard, trial: Trial) -> int:
    ids = torch.tensor([trial.ids])
    bindings, target = told(trial, "target")
    arguments: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "max_new_tokens": 1}
    with spending(guard.model) as spent:
        guard.generate(**arguments, do_sample=False, bindings=bindings, target=target)
    return spent.forwards


def test_forwards_are_those_of_the_trial_alone() -> None:
    lab, records = by_place(), measured(by_place())
    for name in ("observe", "checkpoint", "auto"):
        guard = Guard(lab.model, lab.tokenizer, GuardConfig(policy=name))
        trials = [lab.task(CELL).trial(index) for index in TRIALS]
        # The first call also tries the null.
        forwards_alone(guard, trials[0])
        assert [record.extra_forwards for record in records[name]] == [forwards_alone(guard, t) - 1 for t in trials]
    assert len({record.extra_forwards for record in records["checkpoint"]}) > 1


def test_candidates_take_the_best_of_their_set() -> None:
    lab = speaking_lab()
    records = measured(lab, with_arms(CANDIDATES))
    stages = set()
    for plain, record in zip(records["none"], records[CANDIDATES], strict=True):
        trial = lab.task(CELL).trial(record.index)
        logits = lab.logits([trial.ids])[0]
        best = max((value.token for value in trial.candidates), key=lambda token: float(logits[token]))
        assert record.token == best
        assert record.stage == trial.stage(best)
        assert plain.token == int(logits.argmax())
        stages.add(plain.stage)
    assert "2A" in stages


def test_a_checkpoint_arm_reads_a_prompt_of_its_own() -> None:
    lab = speaking_lab()
    records = measured(lab, with_arms("single:0"))
    restating = lab.task(CELL.model_copy(update={"form": PromptForm(arm="single:0")}))
    for record in records["single:0"]:
        before, after = lab.task(CELL).trial(record.index), restating.trial(record.index)
        assert record.token == int(lab.logits([after.ids])[0].argmax())
        assert record.tokens_inserted == len(after.ids) - len(before.ids) > 0
        assert record.told == "truth"


def test_an_arm_that_the_task_does_not_have_is_left_out_and_said() -> None:
    # Every 128 tokens: at k = 12 there is none.
    records = measured(by_place(), with_arms("oracle", "oracle:4"))
    assert all(record.refused and record.token is None for record in records["oracle"])
    assert all(record.refused is None and record.token is not None for record in records["oracle:4"])


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("arms", [("observe", "single:0"), ("single:0",), (CANDIDATES,)])
def test_a_batch_that_fails_is_measured_one_by_one(rows: int, arms: tuple[str, ...]) -> None:
    """Logits are NaN in batches of so many prompts and more: one by one both fail, or none does."""
    lab = by_place()
    session = MEASURE.prepare(lab, with_arms(*arms))

    def spoil(_module: Any, _args: Any, kwargs: Any, output: Any) -> None:
        if len(kwargs["input_ids"]) >= rows:
            output.logits[:] = math.nan

    hook = lab.model.register_forward_hook(spoil, with_kwargs=True)
    try:
        records = [record for record in session.run([0, 1]) if isinstance(record, RepairRecord)]
    finally:
        hook.remove()
    assert [record.index for record in records] == [0] * (1 + len(arms)) + [1] * (1 + len(arms))
    assert {record.arm for record in records} == {"none", *arms}
    assert all(bool(record.failed) == (rows == 1) == (record.token is None) for record in records)


def test_a_key_with_several_values_is_told_by_its_place() -> None:
    task = PrimacyRecency(bench_tokenizer(), k=4)
    trials = [task.trial(index) for index in range(8)]
    assert {trial.asked for trial in trials} == {0, 2}
    for trial in trials:
        bindings, target = told(trial, "target")
        assert target == Target("KEY", which="first" if trial.asked == 0 else "last")
        assert len(bindings) == 3
        assert told(trial, "bindings") == (bindings, None)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (with_arms("vetoo"), "vetoo"),
        (CELL.model_copy(update={"options": {"arm": "veto"}}), "options of `repair` .*arms="),
        (CELL.model_copy(update={"form": PromptForm(arm="single:0")}), "'baseline' is accepted"),
    ],
)
def test_what_cannot_be_measured_is_refused(cell: BenchCell, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        MEASURE.prepare(by_place(), cell)


def summary(data: SameRecords) -> dict[str, TableRow]:
    rows = EXPERIMENT.summarise(data, Settings(ks=(12,)), lambda _: None)
    return {str(row.keys["arm"]): row for row in rows}


def record(index: int, arm: str, stage: Any, seconds: float, **more: Any) -> RepairRecord:
    costs = {"extra_forwards": 0, "tokens_inserted": 0, "extra_tokens": 0.0} | more
    return RepairRecord(index=index, arm=arm, told="nothing", token=1, stage=stage, seconds=seconds, **costs)


def by_hand() -> list[RepairRecord]:
    records = []
    before = ["right", "2B", "2B", "2A", "right"]
    after = ["right", "right", "right", "2B", "2A"]
    actions = ["none", "veto", "veto", "none", "contrast"]
    verdicts = ["ok", "ok", "ok", "unresolved", "ok"]
    for index in range(5):
        records.append(record(index, "none", before[index], 1.0))
        guarded = {"action": actions[index], "verdict": "ok", "final_verdict": verdicts[index], "extra_forwards": 1}
        records.append(record(index, "auto", after[index], float(index + 1), **guarded))
        records.append(RepairRecord(index=index, arm="oracle", told="truth", refused="not at this k"))
    return records


def test_changes_are_counted_in_pairs() -> None:
    rows = summary(SameRecords(by_hand()))
    found = {name: estimate.value for name, estimate in rows["auto"].values.items()}
    assert found == pytest.approx(
        {
            "accuracy": 0.6,
            "rate_2a": 0.2,
            "rate_2b": 0.2,
            "delta": 0.2,
            "wrong_to_right": 2,
            "right_to_wrong": 1,
            "mcnemar_p": 1.0,
            "reduction_2b": 0.5,
            "acted": 0.6,
            "acted_on_right": 0.5,
            "unresolved": 0.2,
            "extra_forwards": 1,
            "tokens_inserted": 0,
            "extra_tokens": 0,
            "seconds_ratio_median": 3,
        }
    )
    assert rows["none"].values["rate_2b"].value == pytest.approx(0.4)
    assert "delta" not in rows["none"].values
    reduction = rows["auto"].values["reduction_2b"]
    # Of 5 trials some resamples hold no 2B error of the unguarded model, so that the lower end is open.
    assert (reduction.low, reduction.high) == (None, 1.0)
    assert not rows["oracle"].values and rows["oracle"].notes == ("not at this k",)


def test_a_trial_that_failed_is_left_out_of_every_arm() -> None:
    records = by_hand()
    records.append(RepairRecord(index=5, arm="none", told="nothing", failed="NaN"))
    records.append(RepairRecord(index=5, arm="auto", told="target", failed="NaN"))
    rows = summary(SameRecords(records))
    assert rows["auto"].values == summary(SameRecords(by_hand()))["auto"].values
    assert rows["auto"].notes == ("1 of 6 trials are left out: their measurement failed.",)


def test_a_refused_cell_and_one_that_failed_give_a_row_without_values() -> None:
    [refused] = summary(SameRecords([], "too long")).values()
    assert refused.notes == ("too long",) and not refused.values
    [failed] = summary(SameRecords([RepairRecord(index=0, arm="none", told="nothing", failed="NaN")])).values()
    assert failed.notes and not failed.values


def test_the_rows_are_those_of_the_table() -> None:
    lab = by_place()
    arms: list[JsonValue] = ["none", "auto", CANDIDATES, "oracle"]
    settings = Settings(ks=(12,), trials=6, options={"arms": arms, "asked": ["random", "fixed"]})
    requests = EXPERIMENT.plan(settings)
    assert [request.cell.form.asked for request in requests] == ["random", "fixed"]
    assert all(request.cell.options == {"arms": arms} and request.trials == 6 for request in requests)
    data = SameRecords([record for arm in measured(lab, requests[0].cell).values() for record in arm])
    rows = EXPERIMENT.summarise(data, settings, lambda _: None)
    assert rows == EXPERIMENT.summarise(data, settings, lambda _: None)
    [table] = EXPERIMENT.tables
    assert {row.table for row in rows} == {table.id}
    assert set().union(*(row.values for row in rows)) == set(table.columns)
    assert [row.keys["arm"] for row in rows] == [*arms] * 2


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (Settings(tasks=("competing_var",)), UnknownNameError),
        (Settings(fillers=("natural", "naturel")), UnknownNameError),
        (Settings(options={"asked": ["never"]}), ConfigError),
        (Settings(options={"policies": ["auto"]}), ConfigError),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: Settings, error: type[GuardbindError]) -> None:
    with pytest.raises(error):
        EXPERIMENT.plan(settings)


def test_an_answer_is_compared_without_its_tensor() -> None:
    assert ArmAnswer(1, None, logits=torch.zeros(2)) == ArmAnswer(1, None, logits=torch.ones(2))
