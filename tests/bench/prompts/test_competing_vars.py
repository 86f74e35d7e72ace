from __future__ import annotations

import hashlib

import pytest
from bench_tiny import bench_tokenizer
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from guardbind.errors import CandidateError, ConfigError, UnknownNameError
from guardbind_bench.prompts.pool import encode
from guardbind_bench.prompts.tasks.competing_vars import CompetingVars
from guardbind_bench.prompts.trial import SCHEMA_VERSION, draw_seed
from guardbind_bench.registry import FILLERS, TASKS

TOKENIZER = bench_tokenizer()


def text_of(ids: tuple[int, ...]) -> str:
    return str(TOKENIZER.decode(list(ids), clean_up_tokenization_spaces=False))


@given(st.integers(0, 10**6), st.integers(0, 200), st.integers(0, 2**40), st.sampled_from(FILLERS.names()))
def test_a_prompt_is_its_pieces(index: int, k: int, seed: int, filler: str) -> None:
    trial = CompetingVars(TOKENIZER, filler=filler, k=k, seed=seed).trial(index)
    asked = trial.target.key
    expected = [TOKENIZER.bos_token_id]
    at = 1
    for bound in trial.bound:
        opening = encode(TOKENIZER, f"{bound.key}=[")
        assert bound.statement.start == at
        assert bound.position == at + len(opening)
        expected += [*opening, bound.value.token, *encode(TOKENIZER, " ]\n")]
        assert bound.statement.stop == len(expected)
        expected += trial.ids[len(expected) : len(expected) + k]
        at = len(expected)
    question = encode(TOKENIZER, f"\nQuestion: What is {asked}?\n{asked}=[")
    assert trial.question == range(at, at + len(question))
    assert trial.ids == (*expected, *question)
    for bound in trial.bound:
        assert text_of(trial.ids[slice(bound.statement.start, bound.statement.stop)]) == (
            f"{bound.key}=[ {bound.value.word} ]\n"
        )
    assert trial.distance == len(trial.ids[trial.target.position + 1 :])
    assert trial.bound[0].value != trial.bound[1].value


def test_a_trial_binds_and_asks_the_same_under_every_filler_and_size() -> None:
    drawn = {
        tuple(
            (trial.asked, *(bound.value.word for bound in trial.bound))
            for trial in (CompetingVars(TOKENIZER, filler=filler, k=k, seed=3).trial(i) for i in range(8))
        )
        for filler in FILLERS
        for k in (0, 40)
    }
    assert len(drawn) == 1


def test_prompts_are_equally_long_and_differ() -> None:
    task = CompetingVars(TOKENIZER, k=40)
    trials = [task.trial(index) for index in range(40)]
    assert len({len(trial.ids) for trial in trials}) == 1
    assert len({trial.ids for trial in trials}) == 40
    assert {trial.asked for trial in trials} == {0, 1}
    assert [task.trial(index) for index in range(40)] == trials
    assert CompetingVars(TOKENIZER, k=40, seed=1).trial(0) != trials[0]


def test_decoys_are_the_value_that_is_not_asked_for() -> None:
    for index in range(6):
        trial = CompetingVars(TOKENIZER, filler="decoy_heavy", k=48).trial(index)
        other = trial.bound[1 - trial.asked].value.token
        assert trial.ids.count(other) > 12
        assert trial.ids.count(trial.target.value.token) == 1


def test_stages_are_told_by_the_candidate_set() -> None:
    task = CompetingVars(TOKENIZER, k=8)
    trial = task.trial(0)
    bound = {b.value.token for b in trial.bound}
    unbound = next(token for token in task.pool.tokens if token not in bound)
    assert trial.stage(trial.target.value.token) == "right"
    assert trial.stage(trial.bound[1 - trial.asked].value.token) == "2B"
    assert trial.stage(unbound) == "2B"
    assert trial.stage(TOKENIZER.eos_token_id) == "2A"


def test_a_seed_is_the_start_of_a_hash() -> None:
    text = f"{SCHEMA_VERSION}|competing_vars|7|12|natural|96".encode()
    assert draw_seed("competing_vars", 7, 12, "natural", 96) == int(hashlib.sha256(text).hexdigest()[:16], 16)


def test_the_task_is_registered() -> None:
    assert TASKS.get("competing_vars")(TOKENIZER, filler="repeat", k=4, seed=0).name == "competing_vars"


def test_what_cannot_be_built_is_refused(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(ConfigError, match="k is -1"):
        CompetingVars(TOKENIZER, k=-1)
    with pytest.raises(UnknownNameError, match=r"there is no filler 'naturl'.*Did you mean 'natural'"):
        CompetingVars(TOKENIZER, filler="naturl")
    with pytest.raises(CandidateError, match="4 of the 50 words"):
        CompetingVars(tiny_tokenizer)
