"""The measures `targets` and `harm` on tiny models, and with faults planted in what they judge."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from bench_tiny import bench_tokenizer
from click.testing import CliRunner
from families import copier
from toy_texts import KEYS, ToyTexts, trial_of

from guardbind.cli import main
from guardbind.evidence import Located
from guardbind.report.transcript import Transcript
from guardbind_bench.measures.aiming import Aim
from guardbind_bench.measures.answers import TextAnswer
from guardbind_bench.measures.answers_end import ValueEnd
from guardbind_bench.measures.harm import MEASURE as HARM
from guardbind_bench.measures.harm import HarmRecord, certified
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.spending import Spending
from guardbind_bench.measures.targets import MEASURE as TARGETS
from guardbind_bench.measures.targets import TargetRecord, judged
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.harm.building import ChosenTask, built
from guardbind_bench.prompts.text_trial import TextTrial
from guardbind_bench.registry import TEXT_TASKS
from guardbind_bench.running.folder import RunFolder

PAIRS = [("amber", "river"), ("birch", "stone"), ("cedar", "forest")]


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(TEXT_TASKS._entries, "toy_texts", ToyTexts)
    yield


def lab() -> Lab:
    """A model that answers with the last value, whatever is asked."""
    return Lab(copier(bench_tokenizer(), "last"), bench_tokenizer())


def aim(value: str | None, *aliases: str) -> Aim:
    target = None if value is None else cast(Located, SimpleNamespace(value=value, surfaces=(value, *aliases)))
    return Aim(True, "automatic", target, "sentence", 1.0, "", "sentence")


def test_a_target_is_judged_by_its_value() -> None:
    trial = trial_of(PAIRS, "What is birch?", 1)
    assert [judged(trial, aim(value)) for value in ("stone", "Stone.", "river", None)] == [
        "right",
        "right",
        "wrong",
        "unresolved",
    ]
    assert judged(replace(trial, answer=("12.50", "$12.50")), aim("12.5", "$12.50")) == "right"
    assert judged(replace(trial, fine=("forest",)), aim("forest")) == "right"
    # Nothing is right in a twin.
    assert judged(trial_of(PAIRS, "What is dune?", None), aim("stone")) == "wrong"


def test_targets_are_measured_without_a_model() -> None:
    without = Lab(cast(Any, None), bench_tokenizer())
    found = TARGETS.prepare(without, BenchCell(measure="targets", task="cards", k=0)).run([0, 1])
    assert all(isinstance(record, TargetRecord) and record.failed is None for record in found)
    seen = {(r.index, r.answerable, r.place) for r in found if isinstance(r, TargetRecord)}
    assert len(found) == len(seen) == 8
    toys = TARGETS.prepare(without, BenchCell(measure="targets", task="toy_texts", k=0)).run(range(3))
    # No answer is begun for these, so that the question alone is asked.
    assert {(r.place, r.outcome) for r in toys if isinstance(r, TargetRecord) and r.answerable} == {("end", "right")}


def answer(text: str, *verdicts: str) -> TextAnswer:
    """An answer of which each token has a slot with a verdict."""
    tokenizer = deepcopy(bench_tokenizer())
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    transcript = Transcript.from_ids(tokenizer, 0, tokenizer("Answer:")["input_ids"], ids, ())
    slots: Any = tuple(SimpleNamespace(step=i, final_verdict=v) for i in range(len(ids)) for v in verdicts)
    return TextAnswer(transcript, len(ids), Spending(0, 0, 0.0), slots)


def test_a_wrong_value_is_certified_where_a_slot_on_it_says_so() -> None:
    trial = trial_of(PAIRS, "What is birch?", 1)
    assert certified(trial, answer("It is river", "ok")) == ("river",)
    assert certified(trial, answer("It is river", "repaired")) == ("river",)
    assert certified(trial, answer("It is river", "binding_failure")) == ()
    assert certified(trial, answer("It is stone", "ok")) == ()
    assert certified(replace(trial, fine=("river",)), answer("It is river", "ok")) == ()
    assert certified(trial_of(PAIRS, "What is dune?", None), answer("It is stone", "ok")) == ("stone",)


def test_answers_are_measured_unguarded_and_with_each_resolver() -> None:
    cell = BenchCell(measure="harm", task="toy_texts", k=0, options={"max_new_tokens": 3, "policy": "veto"})
    found = HARM.prepare(lab(), cell).run(range(3))
    stages: dict[Any, list[Any]] = {}
    for record in found:
        assert isinstance(record, HarmRecord) and record.failed is None
        stages.setdefault((record.arm, record.answerable), []).append(record.stage)
    assert set(stages) == {(arm, twin) for arm in ("none", "words") for twin in (True, False)}
    assert stages["none", True] == ["2B", "2B", "right"]
    assert stages["words", True] == ["right"] * 3


class BegunTexts(ToyTexts):
    """Toy texts of which each answer is begun."""

    def trial(self, index: int, *, answerable: bool = True, renaming: int = 0) -> TextTrial:
        begun = f"The value of {KEYS[index % 3]}:"
        return replace(super().trial(index, answerable=answerable, renaming=renaming), begun=begun)


def test_an_answer_that_is_begun_goes_on_with_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TEXT_TASKS._entries, "toy_texts", BegunTexts)
    options: dict[str, Any] = {"max_new_tokens": 12, "policy": "veto", "begun": True}
    tokenizer = deepcopy(bench_tokenizer())
    # In front of an answer that is begun there is no `Answer:`, behind which the model would copy what was begun.
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"
    told = BenchCell(measure="harm", task="toy_texts", k=0, options=options)
    found = HARM.prepare(Lab(copier(tokenizer, "last"), tokenizer), told).run(range(3))
    seen = [r for r in found if isinstance(r, HarmRecord) and r.answerable and r.failed is None]
    assert [r.stage for r in seen if r.arm == "none"] == ["2B", "2B", "right"]
    assert [r.stage for r in seen if r.arm == "words"] == ["right"] * 3
    assert not any("The value of" in r.text for r in seen if r.text)


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("", False),
        ("It might be", False),
        ("stone", False),
        ("stone.", False),
        ("stone. Then", True),
        ("river\n", True),
        ("amber is the key", False),
    ],
)
def test_an_answer_ends_behind_its_value(text: str, ended: bool) -> None:
    trial, tokenizer = trial_of(PAIRS, "What is birch?", 1), bench_tokenizer()
    prompt = tokenizer("Answer:")["input_ids"]
    ids = torch.tensor([[*prompt, *tokenizer(text, add_special_tokens=False)["input_ids"]]], dtype=torch.long)
    assert ValueEnd(trial, tokenizer, len(prompt))(ids, None).tolist() == [ended]


def test_small_trials_are_chosen_and_numbered_anew() -> None:
    task = ChosenTask(built("sections", k=0, seed=4), most_records=2, languages=("en",))
    chosen = [task.trial(i) for i in (3, 0, 1, 2)]
    assert [trial.index for trial in chosen] == [3, 0, 1, 2]
    assert all(trial.records == 2 and trial.language == "en" for trial in chosen)
    assert task.trial(3) == chosen[0] and task.trial(3, answerable=False).asked is None


def test_the_command_counts_with_a_tokenizer_alone_and_goes_on(tmp_path: Path) -> None:
    bench_tokenizer().save_pretrained(tmp_path / "tokenizer")
    asked = ["bench", "targets", "--model", str(tmp_path / "tokenizer"), "--tasks", "cards", "--out"]
    out = str(tmp_path / "run")
    first = CliRunner().invoke(main, [*asked, out, "--n", "1", "--json"])
    assert first.exit_code == 0, first.output
    again = CliRunner().invoke(main, [*asked, out, "--n", "2", "--show", "1"])
    assert again.exit_code == 0 and "Targets at the end of the prompt" in again.stdout
    [row] = [r for r in RunFolder.read(tmp_path / "run").summaries()[0].rows if r.keys.get("place") == "begun"]
    assert row.values["slot_found"].n == 2 and RunFolder.read(tmp_path / "run").validate() == []
    held = CliRunner().invoke(main, [*asked, out, "--set", "held", "--show", "1"])
    assert held.exit_code == 2 and "held back" in held.stderr
