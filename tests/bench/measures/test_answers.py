from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from bench_tiny import bench_tokenizer
from bench_toy import ORIGIN
from families import copier
from text_tasks import DRAFTED
from toy_texts import ToyTexts
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind import Guard, GuardConfig
from guardbind.errors import BindingError, ConfigError, ContextLengthError
from guardbind.report.transcript import Transcript
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.measures.answers import MEASURE, AnswerRecord
from guardbind_bench.measures.answers_extraction import extraction
from guardbind_bench.measures.answers_prompt import render
from guardbind_bench.measures.answers_slots import coverage
from guardbind_bench.measures.lab import Lab
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.text_trial import Fact, TextTrial
from guardbind_bench.registry import TEXT_TASKS
from guardbind_bench.running.folder import RunFolder
from guardbind_bench.running.runner import run
from guardbind_bench.running.summary import Summary
from guardbind_bench.scoring.scoring import values_in

TEMPLATE = (
    "{% for message in messages %}<|start|>{{ message['role'] }}\n{{ message['content'] | trim }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(TEXT_TASKS._entries, "toy_texts", ToyTexts)
    yield


def by_place(context: int = 192) -> Lab:
    """A model that answers with the last value, whatever is asked."""
    return Lab(copier(bench_tokenizer(), "last", context), bench_tokenizer())


def cell(**options: Any) -> BenchCell:
    return BenchCell(measure="answers", task="toy_texts", k=0, options={"max_new_tokens": 3, **options})


def measured(lab: Lab, indices: range = range(3), **options: Any) -> dict[tuple[str, bool], list[AnswerRecord]]:
    found: dict[tuple[str, bool], list[AnswerRecord]] = {}
    for record in MEASURE.prepare(lab, cell(**options)).run(indices):
        assert isinstance(record, AnswerRecord)
        found.setdefault((record.arm, record.answerable), []).append(record)
    return found


def test_a_model_that_answers_by_place_is_repaired() -> None:
    found = measured(by_place(), policies=["veto"])
    assert set(found) == {(arm, twin) for arm in ("none", "observe", "veto") for twin in (True, False)}
    assert [record.stage for record in found["none", True]] == ["2B", "2B", "right"]
    assert [record.stage for record in found["veto", True]] == ["right"] * 3
    assert [record.changed for record in found["veto", True]] == [True, True, False]
    for record in found["observe", True]:
        assert (record.covered, record.found, record.resolved, record.resolved_right) == (1, True, True, True)
    assert [record.verdicts[0] for record in found["observe", True]] == ["binding_failure", "binding_failure", "ok"]
    assert all(record.extra_forwards is not None and record.extra_forwards > 0 for record in found["veto", True])


def test_a_twin_has_no_right_value() -> None:
    found = measured(by_place(), policies=["veto"])
    for record in found["none", False]:
        assert (record.stage, record.exact, record.distance) == ("2B", False, None)
        assert len(record.written) == 1
    assert {record.resolved_right for record in found["observe", False]} == {None}


def test_watching_changes_nothing() -> None:
    found = measured(by_place())
    for answerable in (True, False):
        for free, seen in zip(found["none", answerable], found["observe", answerable], strict=True):
            same = ("text", "tokens", "stage", "written", "prompt_tokens", "facts", "bound", "bindings", "extra")
            assert [getattr(free, name) for name in same] == [getattr(seen, name) for name in same]
            assert not seen.changed and set(seen.actions) == {"none"}
            assert (free.extra_forwards, free.extra_tokens, free.covered) == (0, 0, None)


def test_the_answer_is_what_the_guard_writes_to_the_prompt_alone() -> None:
    lab = by_place()
    trial = ToyTexts().trial(0)
    inputs = dict(lab.tokenizer("Question: " + trial.messages[0]["content"] + "\nAnswer:", return_tensors="pt"))
    guard = Guard(lab.model, lab.tokenizer, GuardConfig(policy="veto"))
    output = guard.generate(**inputs, max_new_tokens=3, do_sample=False)
    [record] = measured(lab, range(1), policies=["veto"])["veto", True]
    assert record.text == output.text[0]
    assert record.prompt_tokens == inputs["input_ids"].shape[1]


def test_the_same_trials_give_the_same_records_in_any_batch() -> None:
    session = MEASURE.prepare(by_place(), cell(policies=["veto"]))

    def told(record: Any) -> AnswerRecord:
        kept: AnswerRecord = record.model_copy(update={"seconds": None})
        return kept

    together = [told(record) for record in session.run([0, 1])]
    assert together == [told(record) for index in (0, 1) for record in session.run([index])]


def test_another_renaming_has_other_values_in_the_same_places() -> None:
    first, other = (measured(by_place(), policies=[], renaming=renaming)["none", True] for renaming in (0, 1))
    assert [record.stage for record in first] == [record.stage for record in other]
    assert all(a.written != b.written for a, b in zip(first, other, strict=True))


def test_trials_of_another_direction_are_passed_over() -> None:
    found = measured(by_place(), policies=[], directions=["value_key"])
    assert [record.counts for record in found["none", True]] == [False, True, False]
    assert [record.index for record in found["observe", True]] == [1]
    assert all(record.text is None for record in found["none", True] if not record.counts)


def test_a_trial_that_cannot_be_answered_costs_no_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    session = MEASURE.prepare(by_place(), cell(policies=["veto"]))
    generate = Guard.generate

    def breaks(self: Guard, *args: Any, **kwargs: Any) -> Any:
        if self.config.policy == "veto":
            raise BindingError("the prompt is strange.")
        return generate(self, *args, **kwargs)

    monkeypatch.setattr(Guard, "generate", breaks)
    records = [record for record in session.run([0]) if isinstance(record, AnswerRecord)]
    assert {(record.arm, record.failed) for record in records} == {
        ("none", None),
        ("observe", None),
        ("veto", "the prompt is strange."),
    }


def test_a_prompt_that_is_too_long_fails_alone_and_the_first_refuses_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = by_place(context=96)
    session = MEASURE.prepare(lab, cell())
    plain = ToyTexts.trial

    def longer(self: ToyTexts, index: int, *, answerable: bool = True, renaming: int = 0) -> TextTrial:
        trial = plain(self, index, answerable=answerable, renaming=renaming)
        padding = {"role": "user", "content": "the river " * 100}
        return replace(trial, messages=(*trial.messages[:-1], trial.messages[-1], padding)) if index == 1 else trial

    monkeypatch.setattr(ToyTexts, "trial", longer)
    records = session.run([0, 1])
    assert {record.index for record in records if record.failed} == {1}
    assert all("context holds 96" in record.failed for record in records if record.failed)
    with pytest.raises(ContextLengthError, match="context holds 40"):
        MEASURE.prepare(by_place(context=40), cell())


@pytest.mark.parametrize("options", [{"policies": ["vetoo"]}, {"arms": ["veto"]}, {"max_new_tokens": 0}])
def test_options_that_do_not_fit_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        MEASURE.prepare(by_place(), cell(**options))


def test_facts_are_found_in_a_chat(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    trial = ToyTexts().trial(1)
    chat = (
        {"role": "user", "content": "  river and stone\n"},
        {"role": "assistant", "content": "Noted."},
        *trial.messages,
    )
    facts = tuple(replace(fact, message=2) for fact in trial.facts)
    prompt = render(replace(trial, messages=chat, facts=facts), tiny_tokenizer)
    assert prompt.text.text.endswith("<|start|>assistant\n")
    assert [prompt.text.text[slice(*span)] for span in prompt.facts if span] == [fact.value for fact in facts]
    behind = prompt.distance(1)
    assert behind is not None and prompt.distance(None) is None
    read = str(tiny_tokenizer.decode(list(prompt.ids[: len(prompt.ids) - behind])))
    assert read.endswith(facts[1].value)


def test_what_a_template_does_to_a_message_is_said(
    tiny_tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = ToyTexts().trial(0)
    monkeypatch.setattr(tiny_tokenizer, "chat_template", TEMPLATE)
    padded = ({"role": "user", "content": "  " + trial.messages[0]["content"]},)
    moved = tuple(replace(fact, span=(fact.span[0] + 2, fact.span[1] + 2)) for fact in trial.facts)
    prompt = render(replace(trial, messages=padded, facts=moved), tiny_tokenizer)
    assert [prompt.text.text[slice(*span)] for span in prompt.facts if span] == [fact.value for fact in trial.facts]
    monkeypatch.setattr(tiny_tokenizer, "chat_template", TEMPLATE.replace("| trim", "| upper"))
    assert render(trial, tiny_tokenizer).facts == (None,) * 3
    monkeypatch.setattr(tiny_tokenizer, "chat_template", "{{ raise_exception('only system') }}")
    with pytest.raises(ConfigError, match="does not take messages of user: only system"):
        render(trial, tiny_tokenizer)


@pytest.mark.parametrize("name", DRAFTED)
def test_a_model_without_a_template_is_asked_as_question_and_answer(name: str) -> None:
    task = TEXT_TASKS.get(name)(k=20, seed=0) if name != "toy_texts" else ToyTexts()
    for index in range(30):
        for answerable in (True, False):
            trial = task.trial(index, answerable=answerable)
            prompt = render(trial, bench_tokenizer())
            assert prompt.asked_by == "question"
            question = trial.messages[-1]["content"][trial.question[0] :]
            *context, asked = prompt.text.text.removeprefix("<|start|>").rpartition("Question: ")
            assert asked == f"{question}\nAnswer:"
            said = [message["content"] for message in trial.messages[:-1]]
            said.append(trial.messages[-1]["content"][: trial.question[0]].rstrip())
            assert context[0].rstrip() == "\n\n".join(filter(None, said))
            read = [None if span is None else prompt.text.text[slice(*span)] for span in prompt.facts]
            assert read == [fact.value for fact in trial.facts]


def test_a_record_says_how_the_model_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = by_place()
    assert {record.asked_by for record in measured(lab)["none", True]} == {"question"}
    monkeypatch.setattr(lab.tokenizer, "chat_template", TEMPLATE)
    assert {record.asked_by for record in measured(lab)["none", True]} == {"chat"}


def people() -> TextTrial:
    content = "Alice's badge number is 4417. Bob's badge number is 8213. The daily limit is 1250.\nWhat is Bob's badge?"
    facts = (
        Fact("Alice's badge number", "Alice", "badge number", "4417", ("4417",), 0, (24, 28)),
        Fact("Bob's badge number", "Bob", "badge number", "8213", ("8213",), 0, (52, 56)),
        Fact("daily limit", None, "daily limit", "1250", ("1250", "1,250"), 0, (77, 81)),
    )
    return TextTrial(
        index=0,
        messages=({"role": "user", "content": content},),
        facts=facts,
        asked=1,
        direction="key_value",
        answer=("8213",),
        others=(("4417",),),
        which="only",
        question=(83, len(content)),
    )


def test_what_is_extracted_is_set_beside_the_facts(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    trial = people()
    assert [trial.messages[0]["content"][slice(*fact.span)] for fact in trial.facts] == [
        fact.value for fact in trial.facts
    ]
    prompt = render(trial, tiny_tokenizer)
    every = extraction(prompt, trial.facts)
    assert (every.facts, every.bound, every.extra) == (3, 3, 0)
    # The same bindings beside facts that differ in owner, attribute, value or place.
    for change in (
        {"owner": "Carol"},
        {"attribute": "phone"},
        {"attribute": "number"},
        {"attribute": "visitor badge number"},
        {"value": "4418", "forms": ("4418",)},
    ):
        found = extraction(prompt, (replace(trial.facts[0], **change), *trial.facts[1:]))
        assert (found.bound, found.extra) == (2, 1)
    generic = extraction(prompt, (replace(trial.facts[0], attribute="Badges"), *trial.facts[1:]))
    assert (generic.bound, generic.extra) == (3, 0)
    moved = replace(prompt, facts=(prompt.facts[1], *prompt.facts[1:]))
    assert extraction(moved, trial.facts).bound == 2


@dataclass
class Seen:
    """As much of a slot's record as is looked at."""

    step: int
    target: int | None
    resolved_by: str = "query"


@dataclass
class Item:
    """As much of what a target stands for as is looked at."""

    value: str
    aliases: tuple[str, ...] = ()


def test_slots_are_laid_beside_values(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    trial = people()
    prompt = render(trial, tiny_tokenizer)
    ids = tiny_tokenizer("It is 8213 or 4417.", add_special_tokens=False)["input_ids"]
    transcript = Transcript.from_ids(tiny_tokenizer, 0, prompt.ids, ids, ())
    answer = transcript.text[transcript.prompt_end :]
    values = values_in(trial, answer)
    steps = {i: transcript.text[slice(*span)] for i, span in enumerate(transcript.tokens)}
    # One token per digit, the space before it among the letters.
    eight, seven = (next(i for i, text in steps.items() if digit in text) for digit in "87")
    items: Any = [Item("4417"), Item("8213", ("#8213",))]

    def laid(*slots: Seen, right: tuple[str, ...] = ("8213",)) -> tuple[Any, ...]:
        found = coverage(transcript, values, cast(Any, slots), items, right)
        return found.covered, found.found, found.resolved, found.resolved_right

    assert laid() == (0, False, None, None)
    assert laid(Seen(0, 1)) == (0, False, None, None)
    assert laid(Seen(seven, 1)) == (1, False, None, None)
    assert laid(Seen(eight, None)) == (1, True, False, None)
    assert laid(Seen(eight, 1), Seen(seven, None)) == (2, True, True, True)
    assert laid(Seen(eight, 0)) == (1, True, True, False)
    # The first token of a value may tell nothing, and only a later one has a target.
    assert laid(Seen(eight, None), Seen(eight + 2, 1)) == (1, True, True, True)
    assert laid(Seen(eight, 0), right=()) == (1, True, True, None)
    assert coverage(transcript, [], cast(Any, [Seen(eight, 0)]), items, ()).found is None


def test_a_run_that_was_stopped_goes_on_and_is_whole(tmp_path: Path) -> None:
    def start(trials: int) -> Summary:
        options: dict[str, Any] = {"policies": ["veto"], "max_new_tokens": 3}
        settings = Settings(tasks=("toy_texts",), ks=(0,), trials=trials, options=options)
        given: dict[str, Any] = {"origin": ORIGIN, "out": tmp_path, "command": "c"}
        [summary] = run({"applications": settings}, lab=by_place(), **given)
        return summary

    first, second = start(2), start(3)
    assert [condition.measured for summary in (first, second) for condition in summary.conditions] == [2, 3]
    assert RunFolder.read(tmp_path).validate() == []
    [after] = [
        r
        for r in second.rows
        if r.table == "applications_answers" and r.keys["arm"] == "veto" and r.keys["direction"] == "both"
    ]
    assert after.values["accuracy"].value == 1


def test_free_answers_of_a_real_model(demo_model: tuple[PreTrainedModel, PreTrainedTokenizerBase]) -> None:
    lab = Lab(*demo_model)
    real = BenchCell(measure="answers", task="records", k=0, options={"policies": [], "max_new_tokens": 8})
    session = MEASURE.prepare(lab, real)
    records = [record for record in session.run([0, 3]) if isinstance(record, AnswerRecord)]
    assert [record.failed for record in records] == [None] * 8
    for answerable in (True, False):
        part = [record for record in records if record.answerable == answerable]
        free, seen = ([record for record in part if record.arm == arm] for arm in ("none", "observe"))
        assert [record.text for record in free] == [record.text for record in seen]
        assert all(record.bound == record.facts for record in free)
        assert all(record.distance is not None or not answerable for record in free)
