"""Labelled prompts of the bench's tasks: what they ask, what is right, and that twins have no answer."""

from __future__ import annotations

import tomllib
from itertools import islice

import pytest
from bench_tiny import bench_tokenizer
from paths import ROOT

from guardbind.calibrating.collecting import split_seed
from guardbind.calibrating.labelled import ChatMessage
from guardbind_bench.prompts import labelled
from guardbind_bench.prompts.labelled import LabelledTexts, LabelledTokens

NAMES = [name for name in labelled.__all__ if name.isupper()]
TOKENS = [name for name in NAMES if isinstance(getattr(labelled, name), LabelledTokens)]
TEXTS = [name for name in NAMES if isinstance(getattr(labelled, name), LabelledTexts)]


def test_each_task_is_an_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = {
        name: value
        for name, value in project["entry-points"]["guardbind.plugins"].items()
        if name.startswith("labelled.")
    }
    assert points == {f"labelled.{name.lower()}": f"guardbind_bench.prompts.labelled:{name}" for name in NAMES}
    assert all(getattr(labelled, name).task == name.lower() for name in NAMES)


@pytest.mark.parametrize("name", TOKENS)
def test_a_prompt_of_tokens_states_its_answer_and_asks_at_random(name: str) -> None:
    tokenizer, task = bench_tokenizer(), getattr(labelled, name)
    prompts = list(islice(task(tokenizer, seed=split_seed(0, name, "fit")), 24))
    assert prompts == list(islice(task(tokenizer, seed=split_seed(0, name, "fit")), 24))
    others = list(islice(task(tokenizer, seed=split_seed(0, name, "report")), 24))
    assert {prompt.prompt for prompt in prompts}.isdisjoint(other.prompt for other in others)
    asked = set()
    for prompt in prompts:
        values = [binding.value for binding in prompt.bindings]
        assert prompt.answers[0] in values and prompt.answers[0] not in prompt.others and prompt.target is None
        assert {*values} - {*prompt.answers} <= {*prompt.wrong}
        assert prompt.prompt[-1] != tokenizer.encode(f" {prompt.answers[0]}", add_special_tokens=False)[0]
        asked.add(values.index(prompt.answers[0]))
    assert len(asked) == 2


@pytest.mark.parametrize("name", TEXTS)
def test_a_prompt_of_texts_states_its_answer_once_and_a_twin_nowhere(name: str) -> None:
    task = getattr(labelled, name)
    for number, prompt in enumerate(islice(task(bench_tokenizer(), seed=7), 10)):
        text = "\n".join(said.content for said in prompt.prompt if isinstance(said, ChatMessage))
        assert prompt.due == (number % 5 != 4) == (not prompt.group.endswith("twin"))
        assert prompt.begun and prompt.wrong
        if prompt.due:
            assert prompt.answers[0] in text and not {*prompt.answers} & {*prompt.others}
