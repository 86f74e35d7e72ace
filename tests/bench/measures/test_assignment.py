"""The measure `assignment`: its scores against plain forwards, its margin against every assignment, its experiment."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from bench_memory import SameRecords, frame_of
from bench_tiny import speaking_lab
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from guardbind_bench.experiments.assignment.experiment import EXPERIMENT
from guardbind_bench.experiments.experiment import Settings, plan, summarise
from guardbind_bench.measures.answers_prompt import render
from guardbind_bench.measures.assignment import MEASURE, assignment_margin, owner_scores, rivals_of
from guardbind_bench.measures.targets import leads_on
from guardbind_bench.prompts.harm.building import ChosenTask, built

OPTIONS: dict[str, JsonValue] = {"wordings": "dev", "most_records": 3, "languages": ["en"]}


@settings(deadline=None)
@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(st.lists(st.integers(-50, 0), min_size=n, max_size=n), min_size=n, max_size=n)
    ),
    st.data(),
)
def test_the_margin_is_the_one_of_all_assignments(rows: list[list[int]], data: Any) -> None:
    scores = np.array(rows, dtype=np.float64)
    asked = data.draw(st.integers(0, len(rows) - 1))
    column, margin = assignment_margin(scores, asked)
    best: dict[int, float] = {}
    for order in itertools.permutations(range(len(rows))):
        total = float(sum(scores[owner, value] for owner, value in enumerate(order)))
        best[order[asked]] = max(total, best.get(order[asked], -np.inf))
    others = max(total for value, total in best.items() if value != column)
    assert best[column] == max(best.values())
    assert margin == pytest.approx(best[column] - others)


def test_scores_are_those_of_plain_forwards() -> None:
    lab = speaking_lab()
    task = ChosenTask(built("cards", k=0, seed=5, wordings="dev"), 3, ("en",))
    trial = next(t for t in map(task.trial, range(20)) if rivals_of(t) and t.begun)
    alike = rivals_of(trial)
    scores = owner_scores(lab, trial, alike)
    asked = alike.index(trial.facts[trial.asked or 0])
    prompt = list(render(trial, lab.tokenizer, begun=True).ids)
    for column, fact in enumerate(alike):
        value = lab.tokenizer.encode(leads_on(trial.begun) + fact.value, add_special_tokens=False)
        with torch.inference_mode():
            logits = lab.model(input_ids=torch.tensor([prompt + value])).logits[0].float()
        logprobs = logits[len(prompt) - 1 : -1].log_softmax(-1).gather(-1, torch.tensor(value)[:, None])
        assert scores[asked, column] == pytest.approx(float(logprobs.sum()), abs=1e-3)
    for row in range(len(alike)):
        if row != asked:
            assert not np.allclose(scores[row], scores[asked])


def test_the_experiment_counts_what_is_such_a_question() -> None:
    asked = Settings(tasks=("cards",), ks=(0,), trials=4, seed=5, options=OPTIONS | {"sure": 0.0})
    (request,) = plan(EXPERIMENT, asked)
    records = MEASURE.prepare(speaking_lab(), request.cell).run(range(4))
    frame = frame_of(records)
    (row,) = summarise(EXPERIMENT, SameRecords(records), asked, lambda _: None)
    known = frame[frame["rivals"].notna()]
    assert row.values["own_choice"].n == row.values["joint_sure"].n == len(known) > 0
    assert row.values["joint_sure"].value == 1.0
    assert row.values["sure_wrong"].value == pytest.approx(1 - (row.values["joint_choice"].value or 0))
