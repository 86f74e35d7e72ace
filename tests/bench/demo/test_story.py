from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from families import speaking
from rich.console import Console

from guardbind_bench.demo.show import show_story
from guardbind_bench.demo.story import Story, TokenReading, find_story
from guardbind_bench.prompts.tasks.competing_vars import CompetingVars


def shown(story: Story) -> str:
    out = io.StringIO()
    show_story(story, Console(file=out, width=100))
    return " ".join(line.strip(" │") for line in out.getvalue().splitlines())


def test_bits_are_the_base_2_logarithm_of_the_ratio() -> None:
    reading = TokenReading(7, "x", math.log(0.5), (math.log(0.125), math.log(0.5), -math.inf))
    assert reading.bits == pytest.approx((2.0, 0.0, math.inf))


def test_a_model_that_never_writes_the_other_value_has_its_first_prompt_told() -> None:
    task = CompetingVars(bench_tokenizer(), k=8)
    story = find_story(speaking("llama", bench_tokenizer()), bench_tokenizer(), task, most=2)
    assert story.trial == task.trial(0)
    assert story.stage != "right"
    text = shown(story)
    assert all(f"{bound.key}=[ {bound.value.word} ]" in text for bound in story.trial.bound)


def test_the_demo_model_is_caught_at_the_wrong_value_and_repaired(demo_model: Any) -> None:
    model, tokenizer = demo_model
    task = CompetingVars(tokenizer)
    story = find_story(model, tokenizer, task)
    trial = story.trial
    assert trial == task.trial(story.number - 1)
    other = trial.bound[1 - trial.asked]
    assert story.stage == "2B"
    assert story.slot.token == other.value.token
    assert "".join(story.text) in tokenizer.decode(list(trial.ids))
    right, wrong = story.readings[trial.asked], story.readings[1 - trial.asked]
    assert story.is_clear
    assert wrong.logprob >= right.logprob + math.log(2)
    assert wrong.bits[1 - trial.asked] > 2 > wrong.bits[trial.asked]
    assert right.bits[trial.asked] > 2
    assert story.remedy is not None
    assert story.slot.final_token == trial.target.value.token
    text = shown(story)
    assert f"{other.value.word}, with probability" in text
    assert f"times that of {trial.target.value.word}. That is the value of {other.key}." in text
    assert "Verdict: binding_failure." in text
    assert f"{trial.target.value.word} by {story.remedy.action}" in text

    spared = replace(story, remedy=None)
    assert "nothing that could be verified was done" in shown(spared)
