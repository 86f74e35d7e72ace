"""Whole answers by methods: each token is chosen as the first one is, whoever wrote what stands before it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from bench_tiny import bench_tokenizer
from families import speaking
from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, GuardbindError
from guardbind.guard import Guard
from guardbind_bench.measures.comparison import told
from guardbind_bench.measures.lab import Lab
from guardbind_bench.methods.answering import TriedSetting, whole_answers
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.registry import METHODS

CELL = BenchCell(measure="methods", task="competing_vars", k=8)
TOKENS = 6


def lab(family: str = "llama") -> Lab:
    return Lab(speaking(family, bench_tokenizer()), bench_tokenizer())


def trials(where: Lab, count: int) -> list[Trial]:
    task = where.task(CELL)
    return [task.trial(index) for index in range(count)]


def tried(*names: str, **settings: Any) -> list[TriedSetting]:
    return [(METHODS.get(name), METHODS.get(name).settings.model_validate(settings)) for name in names]


def generated(where: Lab, trial: Trial, tokens: int = TOKENS) -> list[int]:
    generate: Any = where.model.generate
    ids = torch.tensor([trial.ids])
    made = generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, do_sample=False, eos_token_id=None)
    return [int(token) for token in made[0, len(trial.ids) :]]


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3_text", "mamba"])
def test_a_scene_goes_on_as_one_of_longer_prompts(family: str) -> None:
    where = lab(family)
    scene = Scene(where, trials(where, 3))
    longer = scene.extended([5, 6, 7]).extended([8, 9, 10])
    fresh = Scene(where, longer.trials)
    assert [trial.ids[-2:] for trial in longer.trials] == [(5, 8), (6, 9), (7, 10)]
    assert all(trial.question.stop == longer.columns for trial in longer.trials)
    assert torch.allclose(longer.plain, fresh.plain, atol=1e-4)
    assert scene.columns == longer.columns - 2 and torch.allclose(scene.plain, Scene(where, scene.trials).plain)


@pytest.mark.parametrize("family", ["llama", "gemma3_text", "lfm2"])
def test_unguarded_is_what_the_model_generates(family: str) -> None:
    where = lab(family)
    scene = Scene(where, trials(where, 3))
    [answers] = whole_answers(scene, tried("unguarded"), TOKENS, ())
    assert answers == [generated(where, trial) for trial in scene.trials]


@pytest.mark.parametrize("name", ["cad_span", "pasta", "head_values", "keyword_emphasis"])
def test_each_token_is_what_the_method_writes_to_the_prompt_with_what_it_wrote_before(name: str) -> None:
    where = lab()
    heads = None
    if name == "head_values":
        from guardbind_bench.methods.head_lists import HeadSearch
        from guardbind_bench.methods.head_search import find_heads

        found = find_heads(where, HeadSearch(k=8, trials=8))
        heads = found.model_copy(update={"lists": found.lists | {"retrieval": found.lists["attending"]}})
    scene = Scene(where, trials(where, 2), heads)
    pairs = tried("unguarded", name)
    [_, answers] = whole_answers(scene, pairs, TOKENS, ())
    assert not isinstance(answers, GuardbindError)
    method, settings = pairs[1]
    for place, trial in enumerate(scene.trials):
        told_of = trial
        for token in answers[place]:
            alone = Scene(where, [told_of], heads)
            scores = method.scores(alone, settings)[0]
            # Of two that are as likely either may be written.
            assert float(scores[token]) >= float(scores.max()) - 1e-3
            told_of = alone.extended([token]).trials[0]


def test_the_guard_answers_by_itself() -> None:
    where = lab()
    scene = Scene(where, trials(where, 2))
    [answers] = whole_answers(scene, tried("auto_resolved"), TOKENS, ())
    guard = Guard(where.model, where.tokenizer, GuardConfig(policy="auto"))
    for place, trial in enumerate(scene.trials):
        bindings, target = told(trial, "bindings")
        ids = torch.tensor([trial.ids])
        made = guard.generate(ids, bindings=[bindings], target=[target], max_new_tokens=TOKENS, do_sample=False)
        assert isinstance(answers, list)
        assert answers[place] == made.sequences[0, len(trial.ids) :].tolist()


def test_an_answer_ends_at_a_stop_whatever_others_write() -> None:
    where = lab()
    scene = Scene(where, trials(where, 3))
    whole = [generated(where, trial) for trial in scene.trials]
    stop = whole[0][2]
    [answers] = whole_answers(scene, tried("unguarded"), TOKENS, {stop})
    assert answers == [row[: row.index(stop)] if stop in row else row for row in whole]


class Failing:
    """A method that cannot go on behind its first token."""

    name = "failing"
    settings = MethodSettings

    def scores(self, scene: Scene, settings: MethodSettings) -> Tensor:
        if scene.columns > self.first:
            raise ConfigError("no further.")
        return scene.plain

    def __init__(self, first: int) -> None:
        self.first = first


def test_a_method_that_cannot_go_on_is_refused_and_no_other_one() -> None:
    where = lab()
    scene = Scene(where, trials(where, 2))
    failing: Any = Failing(scene.columns)
    alone = whole_answers(scene, tried("unguarded"), TOKENS, ())
    refused, answers = whole_answers(scene, [(failing, MethodSettings()), *tried("unguarded")], TOKENS, ())
    assert isinstance(refused, ConfigError) and answers == alone[0]
