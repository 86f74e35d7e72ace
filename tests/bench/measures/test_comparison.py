from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest
import torch
from bench_tiny import bench_tokenizer
from families import speaking

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, ContextLengthError
from guardbind.evidence import Binding, Evidence
from guardbind.guard import Guard
from guardbind.model.prefill import SharedPrefill
from guardbind_bench.measures.comparison import ARMS, Arm, ArmAnswer, ArmComparison, arms_of, told
from guardbind_bench.prompts.tasks.competing_vars import CompetingVars

TASK = CompetingVars(bench_tokenizer(), k=24)
TRIALS = [TASK.trial(index) for index in range(3)]
NUMBERS = ("margin", "max_probability", "entropy_bits", "evidence_bits", "gate_gap", "value_gap")


def unshared(model: Any, tokenizer: Any, arm: Arm, trial: Any) -> ArmAnswer:
    ids = torch.tensor([trial.ids])
    arguments: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    arguments |= {"max_new_tokens": 1, "do_sample": False}
    if arm.policy is None:
        return ArmAnswer(int(model.generate(**arguments)[0, -1]), None)
    bindings, target = told(trial, arm.told)
    output = Guard(model, tokenizer, GuardConfig(policy=arm.policy)).generate(
        **arguments, bindings=bindings, target=target
    )
    return ArmAnswer(int(output.sequences[0, -1]), output.report.slots[0])


def assert_same(found: ArmAnswer, expected: ArmAnswer, tolerance: float) -> None:
    assert found.token == expected.token
    assert (found.slot is None) == (expected.slot is None)
    if found.slot is not None and expected.slot is not None:
        for name in ("verdict", "final_verdict", "action", "token", "final_token", "target", "resolved_by"):
            assert getattr(found.slot, name) == getattr(expected.slot, name)
        numbers = [[getattr(slot, name) for name in NUMBERS] for slot in (found.slot, expected.slot)]
        assert numbers[0] == pytest.approx(numbers[1], abs=tolerance)


# gemma3: a window that the prompt overflows; falcon_h1: recurrent state. Neither has a cache that can be shown anew.
@pytest.mark.parametrize(
    ("family", "shared"), [("llama", True), ("gpt2", True), ("gemma3_text", False), ("falcon_h1", False)]
)
def test_sharing_the_prefill_changes_nothing(family: str, shared: bool) -> None:
    model = speaking(family, bench_tokenizer())
    prefill = SharedPrefill(model, torch.tensor([trial.ids for trial in TRIALS]))
    assert ("past_key_values" in prefill.arguments()) == shared
    for trial, answers in zip(TRIALS, ArmComparison(model, bench_tokenizer()).run(TRIALS), strict=True):
        assert list(answers) == [arm.name for arm in ARMS]
        for arm in ARMS:
            assert_same(answers[arm.name], unshared(model, bench_tokenizer(), arm, trial), 1e-3)


def test_each_answer_gets_a_cache_of_its_own() -> None:
    model = speaking("llama", bench_tokenizer())
    ids = torch.tensor([TRIALS[0].ids])
    prefill = SharedPrefill(model, ids)
    first = model.generate(**prefill.arguments(), max_new_tokens=6, do_sample=False)
    again = model.generate(**prefill.arguments(), max_new_tokens=6, do_sample=False)
    plain = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=6, do_sample=False)
    assert torch.equal(first, again)
    assert torch.equal(first, plain)


def test_a_prompt_shorter_than_what_is_left_to_read_is_answered() -> None:
    model = speaking("llama", bench_tokenizer())
    ids = torch.tensor([TRIALS[0].ids[:5]])
    assert "past_key_values" not in SharedPrefill(model, ids).arguments()


def test_a_guard_is_told_what_its_arm_says() -> None:
    trial = TRIALS[0]
    both = [Binding(bound.key, bound.value.word) for bound in trial.bound]
    assert told(trial, "target") == (both, trial.target.key)
    assert told(trial, "bindings") == (both, None)
    items, target = told(trial, "span")
    span = trial.target.statement
    assert items == [Evidence(str(target), token_span=(span.start, span.stop))]
    assert not any(bound.value.word in repr(items) for bound in trial.bound)


def test_arms_are_chosen_by_policy_and_keep_the_unguarded_model() -> None:
    assert arms_of([]) == ARMS
    assert [arm.name for arm in arms_of(["veto"])] == ["none", "veto"]
    assert {arm.policy for arm in arms_of(["auto", "veto"])} == {None, "auto", "veto"}
    assert len({arm.name for arm in ARMS}) == len(ARMS)
    for policy, arms in groupby(ARMS, lambda arm: arm.policy):
        assert policy is None or next(arms).told == "target"
    with pytest.raises(ConfigError, match=r"no policy 'vetoo'; known: .*Did you mean 'veto'"):
        arms_of(["vetoo"])


def test_a_prompt_that_leaves_no_room_is_refused() -> None:
    model = speaking("llama", bench_tokenizer(), context=64)
    with pytest.raises(ContextLengthError, match="context holds 64"):
        ArmComparison(model, bench_tokenizer(), ARMS[:1]).run([CompetingVars(bench_tokenizer(), k=40).trial(0)])


def test_on_the_demo_model_the_guard_repairs_and_spoils_nothing(demo_model: Any) -> None:
    model, tokenizer = demo_model
    task = CompetingVars(tokenizer)
    trials = [task.trial(index) for index in range(8)]
    answers = ArmComparison(model, tokenizer, arms_of(["auto"])).run(trials)
    stages = {name: [t.stage(a[name].token) for t, a in zip(trials, answers, strict=True)] for name in answers[0]}
    assert "2B" in stages["none"]
    for name in ("auto", "auto/resolved"):
        assert stages[name] == ["right"] * len(trials)
    bits: dict[str, list[float]] = {"right": [], "2A": [], "2B": []}
    for stage, answer in zip(stages["none"], answers, strict=True):
        slot = answer["auto"].slot
        assert slot is not None and slot.evidence_bits is not None and slot.null_forwards == 1
        bits[stage].append(slot.evidence_bits)
    assert min(bits["right"]) > max(bits["2B"])
    for arm in arms_of(["auto"]):
        assert_same(answers[0][arm.name], unshared(model, tokenizer, arm, trials[0]), 2e-2)
