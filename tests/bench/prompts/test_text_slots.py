"""Slots of text tasks: the prompt up to where values part, told apart by one token, and what is stated where."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from bench_tiny import bench_tokenizer

from guardbind.errors import ConfigError
from guardbind.evidence import Binding
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.measures.answers_prompt import render
from guardbind_bench.measures.comparison import told
from guardbind_bench.measures.lab import Lab
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.text_slots import TextSlots
from guardbind_bench.registry import EXPERIMENTS, MEASURES, TEXT_TASKS

TASKS = ("agent_log", "cards", "chat", "kv_uuid", "notes", "receipts", "records", "tool_records")


@cache
def slots(task: str) -> TextSlots:
    return TextSlots(TEXT_TASKS.get(task)(k=0, seed=4), bench_tokenizer())


@pytest.mark.parametrize("task", TASKS)
def test_the_asked_value_is_told_from_others_by_the_next_token(task: str) -> None:
    made = slots(task)
    for index in range(3):
        trial = made.trial(index)
        assert trial.index == index and trial == made.trial(index) and trial.stage(trial.target.value.token) == "right"
        assert len({value.token for value in trial.candidates}) >= 2 and trial.competitor in trial.candidates
        assert trial.stage(trial.competitor.token) == "2B"
        assert sum(value.token == trial.target.value.token for value in trial.candidates) == 1
        for bound in trial.bound:
            assert bound.value in trial.candidates and bound.statement == bound.value_tokens
            assert bound.statement.stop <= trial.question.start < trial.question.stop == len(trial.ids)


def test_what_is_forced_is_the_beginning_of_the_asked_value_as_the_prompt_states_it() -> None:
    made, tokenizer = slots("kv_uuid"), bench_tokenizer()
    for index in range(4):
        text, trial = made.task.trial(index), made.trial(index)
        assert text.asked is not None
        prompt = tokenizer.decode(list(render(text, tokenizer, begun=True).ids))
        # The space before a value, where there is one, is its first token's.
        forced = str(tokenizer.decode(list(trial.ids)))[len(prompt) :].lstrip()
        right = text.facts[text.asked].value
        stated = tokenizer.decode(list(trial.ids[trial.target.statement.start : trial.target.statement.stop]))
        assert right in stated and right == trial.target.value.word and right.startswith(forced)
        assert made.text(index).text.answer[0] == right and made.text(index).lead.lstrip() == forced
        rivals = [forms[0] for forms in text.others if forms[0].startswith(forced)]
        assert rivals and not any(other.startswith(right[: len(forced) + 8]) for other in rivals)


def test_what_a_guard_is_told_is_told_apart_by_its_name() -> None:
    seen = 0
    for task in TASKS:
        for index in range(6):
            bindings, _ = told(slots(task).trial(index), "bindings")
            values: dict[str, set[str]] = {}
            for item in bindings:
                assert isinstance(item, Binding)
                values.setdefault(item.key, set()).add(item.value)
            trial = slots(task).trial(index)
            assert {item.value for item in bindings if isinstance(item, Binding)} <= {v.word for v in trial.candidates}
            names = {bound.name for bound in trial.bound if bound.name is not None}
            seen += bool(names)
            # A key that is assigned again has several values.
            assert all(len(values[name]) == 1 for name in names)
    assert seen


class Owners:
    """Asks whose a value is, always."""

    name, version = "owners", 1

    def trial(self, index: int, **_given: Any) -> Any:
        whole = TEXT_TASKS.get("notes")(k=0, seed=0)
        return next(t for t in map(whole.trial, range(99)) if t.direction == "value_key")


def test_a_task_without_such_slots_is_refused() -> None:
    with pytest.raises(ConfigError, match="0 of 201 trials of 'owners'"):
        TextSlots(Owners(), bench_tokenizer()).trial(0)


def test_experiments_on_slots_run_a_text_task_once_whatever_the_fillers() -> None:
    for name in ("signals", "methods"):
        experiment = EXPERIMENTS.get(name)
        settings = Settings(
            tasks=("cards", "competing_vars"), fillers=("natural", "decoy_matched"), ks=(0, 8), trials=2
        )
        cells = [request.cell for request in experiment.plan(settings)]
        judged = [cell for cell in cells if cell.seed == 0 and "ability" not in cell.options]
        assert [(c.task, c.filler, c.k) for c in judged if c.task == "cards"] == [("cards", "none", k) for k in (0, 8)]
        assert len([c for c in judged if c.task == "competing_vars"]) == 4
        assert {c.filler for c in cells if c.task == "cards"} == {"none"}


NULLS = ("mask_prefill", "redact", "same_length", "delete", "no_evidence")


@pytest.mark.real_model
@pytest.mark.parametrize("task", ["cards"])
def test_signals_and_methods_are_read_on_texts(task: str, demo_model: Any) -> None:
    lab = Lab(*demo_model)
    named = [
        "evidence_bits",
        "own_evidence_bits",
        "p_true",
        "overshadowing_span",
        *(f"evidence_bits_{n}" for n in NULLS),
    ]
    cell = BenchCell(measure="signals", task=task, k=0, options={"signals": list(named)})
    for record in MEASURES.get("signals").prepare(lab, cell).run(range(1)):
        assert record.refused == [None] * len(named), record  # type: ignore[attr-defined]
    methods = ["cad_span", "coiecd", "candidate_only"]
    cell = BenchCell(measure="methods", task=task, k=0, options={"methods": list(methods)})
    found: list[Any] = list(MEASURES.get("methods").prepare(lab, cell).run(range(1)))
    assert {one.method for one in found} == {"unguarded", *methods} and all(one.refused is None for one in found)
    assert all(one.stage != "2A" for one in found if one.method == "candidate_only")
