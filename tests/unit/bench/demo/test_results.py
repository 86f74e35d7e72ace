from __future__ import annotations

from typing import Any

import pytest
from bench_tiny import bench_tokenizer

from guardbind.events import SlotRecord
from guardbind.information import wilson
from guardbind_bench.demo.overhead import Overhead, Ratio
from guardbind_bench.demo.results import cost_of, detection, policy_results
from guardbind_bench.measures.comparison import ARMS, TOLD, Arm, ArmAnswer
from guardbind_bench.prompts.tasks.competing_vars import CompetingVars
from guardbind_bench.prompts.trial import Trial, TrialStage

TASK = CompetingVars(bench_tokenizer(), k=4)
TOKEN_2A = 0
NONE, OBSERVE = Arm("none", None, "nothing"), Arm("observe", "observe", "target")


def token_of(trial: Trial, stage: TrialStage) -> int:
    other = trial.bound[1 - trial.asked].value.token
    return {"right": trial.target.value.token, "2A": TOKEN_2A, "2B": other}[stage]


def slot(**numbers: Any) -> SlotRecord:
    unset = dict.fromkeys(name for name, field in SlotRecord.model_fields.items() if field.is_required())
    return SlotRecord.model_construct(**{**unset, **numbers})


def test_policies_are_counted_against_the_unguarded_model() -> None:
    before: list[TrialStage] = ["right", "right", "2B", "2B", "2A", "right"]
    after: list[TrialStage] = ["right", "2B", "right", "2A", "right", "2A"]
    trials = [TASK.trial(index) for index in range(6)]
    answers = [
        {"none": ArmAnswer(token_of(t, b), None), "observe": ArmAnswer(token_of(t, a), None)}
        for t, b, a in zip(trials, before, after, strict=True)
    ]
    results = policy_results(trials, answers, [NONE, OBSERVE])
    none, guarded = results["none"], results["observe"]
    assert (none.accuracy, none.rate_2a, none.rate_2b) == pytest.approx((3 / 6, 1 / 6, 2 / 6))
    assert (none.right_to_wrong, none.wrong_to_right) == (0, 0)
    assert (guarded.accuracy, guarded.rate_2a, guarded.rate_2b) == pytest.approx((3 / 6, 2 / 6, 1 / 6))
    assert (guarded.right_to_wrong, guarded.wrong_to_right) == (2, 2)
    assert guarded.interval == (wilson(3, 6).low, wilson(3, 6).high)
    assert (none.told, guarded.told) == (TOLD["nothing"], TOLD["target"])


def test_detection_ranks_right_against_2b_and_leaves_2a_out() -> None:
    stages: list[TrialStage] = ["right", "2B", "2A", "right", "2B"]
    bits = [9.0, -2.0, 50.0, 8.0, 1.0]
    margins = [0.1, 0.2, 9.0, 0.3, 0.4]
    trials = [TASK.trial(index) for index in range(5)]
    answers = [
        {
            "none": ArmAnswer(token_of(t, stage), None),
            "observe": ArmAnswer(0, slot(evidence_bits=b, margin=m, max_probability=0.5, entropy_bits=-m)),
        }
        for t, stage, b, m in zip(trials, stages, bits, margins, strict=True)
    ]
    found = detection(trials, answers, [NONE, OBSERVE])
    assert (found.right, found.wrong_2b) == (2, 2)
    assert found.auroc_evidence_bits == 1.0
    assert found.auroc_margin == found.auroc_entropy == 0.25
    assert found.auroc_max_probability == 0.5
    assert found.intervals["auroc_max_probability"] == (0.5, 0.5)


def test_nothing_to_tell_apart_has_no_area() -> None:
    trials = [TASK.trial(0)]
    read = slot(evidence_bits=3.0, margin=1.0, max_probability=0.5, entropy_bits=1.0)
    answers = [{"none": ArmAnswer(token_of(trials[0], "right"), None), "observe": ArmAnswer(0, read)}]
    found = detection(trials, answers, [NONE, OBSERVE])
    assert (found.right, found.wrong_2b, found.auroc_evidence_bits, found.intervals) == (1, 0, None, {})


def test_every_arm_says_what_the_guard_was_told() -> None:
    trial = TASK.trial(0)
    answers = [{arm.name: ArmAnswer(token_of(trial, "right"), None) for arm in ARMS}]
    results = policy_results([trial], answers, ARMS)
    assert list(results) == [arm.name for arm in ARMS]
    assert [row.told for row in results.values()] == [TOLD[arm.told] for arm in ARMS]


def test_the_cost_keeps_median_and_range() -> None:
    cost = cost_of(Overhead(Ratio(1.01, 0.9, 1.2), Ratio(1.3, 1.2, 1.4), 1.0))
    assert (cost.idle_ratio, cost.idle_range) == (1.01, (0.9, 1.2))
    assert (cost.slot_ratio, cost.slot_range, cost.null_forwards_per_slot) == (1.3, (1.2, 1.4), 1.0)
