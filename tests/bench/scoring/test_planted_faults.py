"""A fault in the guard's text rules shows in what the guard reports, and leaves the score as it is."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from bench_tiny import bench_tokenizer
from families import copier
from paths import ROOT

import guardbind.text.layout
import guardbind.text.words
from guardbind import Binding, Guard, GuardConfig
from guardbind_bench.measures.answers_prompt import render
from guardbind_bench.prompts.text_trial import Fact, TextTrial
from guardbind_bench.registry import TEXT_TASKS
from guardbind_bench.scoring.scoring import read_answer, values_in
from guardbind_bench.scoring.stating import stated_wrongly

SCORING = ROOT / "bench" / "guardbind_bench" / "scoring"
KEPT_OUT = ("guardbind.text", "guardbind.targets", "guardbind.extraction", "guardbind.slots")


def nothing(*_: Any, **__: Any) -> list[Any]:
    return []


def parts_of_words(text: str, surfaces: Iterable[str], *, any_case: bool = False) -> list[tuple[tuple[int, int], str]]:
    """What `occurrences` is not: it also finds what stands inside of words and numbers."""
    found = {
        (start, start + len(surface)): surface
        for surface in surfaces
        for start in range(len(text))
        if text.startswith(surface, start)
    }
    return sorted(found.items())


def plant(monkeypatch: pytest.MonkeyPatch, right: Callable[..., Any], wrong: Callable[..., Any]) -> int:
    """Put a faulty function wherever a module of the library holds the right one; return in how many it did."""
    holders = [
        (module, name)
        for module in list(sys.modules.values())
        if getattr(module, "__name__", "").partition(".")[0] in ("guardbind", "guardbind_bench")
        for name, held in vars(module).items()
        if held is right
    ]
    for module, name in holders:
        monkeypatch.setattr(module, name, wrong)
    return len(holders)


def badges() -> TextTrial:
    """Two people's numbers, one of which is a part of the other."""
    told = "Ann's badge number is 112.\nBob's badge number is 12.\n"
    asks = "What is Bob's badge number?"
    facts = (
        Fact("Ann's badge number", "Ann", "badge number", "112", ("112",), 0, (22, 25)),
        Fact("Bob's badge number", "Bob", "badge number", "12", ("12",), 0, (49, 51)),
    )
    return TextTrial(
        index=0,
        messages=({"role": "user", "content": told + asks},),
        facts=facts,
        asked=1,
        direction="key_value",
        answer=("12",),
        others=(("112",),),
        which="only",
        question=(len(told), len(told + asks)),
    )


ANSWERS = ("12", "112", "Bob's badge number is 12.", "Bob's badge number is 112.", "It is 1120, or 12.", "none", "12.5")


MOST_ANSWERS = 40  # of one trial: dates and amounts of a large one may be written in a thousand ways


def scores() -> list[Any]:
    trials = [badges(), *(TEXT_TASKS.get(name)(k=0, seed=0).trial(3) for name in TEXT_TASKS.names())]
    said = [(trial, answer) for trial in trials for answer in (*ANSWERS, *_answers(trial))]
    return [(read_answer(t, text), values_in(t, text), stated_wrongly(t, text)) for t, text in said]


def _answers(trial: TextTrial) -> list[str]:
    told = [f"{fact.owner or 'my'}'s {fact.attribute} is {form}." for fact in trial.facts for form in fact.forms]
    every = [*told, *trial.answer, *(form for forms in trial.others for form in forms)]
    return every[:: -(-len(every) // MOST_ANSWERS)]


def reported(guard: Guard) -> list[Any]:
    """What the guard says of the answer of a model that always copies the last value."""
    prompt = render(badges(), bench_tokenizer())
    found: list[Any] = []
    for bindings in (None, [Binding("B-1", "112"), Binding("B-2", "umber")]):
        ids = prompt.tensor(torch.device("cpu"))
        out = guard.generate(input_ids=ids, bindings=bindings, max_new_tokens=3, do_sample=False)
        [transcript] = out.report.transcripts
        found += [(item.key, item.value, [mention.chars for mention in item.mentions]) for item in transcript.items]
        found += [(slot.step, slot.target, slot.verdict, slot.resolved_by) for slot in out.report.slots]
    return found


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (guardbind.text.layout.occurrences, nothing),
        (guardbind.text.layout.occurrences, parts_of_words),
        (guardbind.text.words.words, nothing),
    ],
)
def test_a_fault_of_the_guard_is_seen_by_the_score(
    right: Callable[..., Any], wrong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = bench_tokenizer()
    guard = Guard(copier(tokenizer, "last", 256), tokenizer, GuardConfig(policy="observe", capture_text=True))
    scored, seen = scores(), reported(guard)
    assert [score.stage for score, *_ in scored[:4]] == ["right", "2B", "right", "2B"]
    assert plant(monkeypatch, right, wrong) >= 2
    assert scores() == scored
    assert reported(guard) != seen


def test_the_scorer_imports_none_of_the_guards_text_rules() -> None:
    for path in sorted(Path(SCORING).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        named += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert not [name for name in named if name.startswith(KEPT_OUT)], path.name
