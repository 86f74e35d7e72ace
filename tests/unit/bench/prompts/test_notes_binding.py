"""`notes_binding` and its twin: the message, the letters, the option Z."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from conftest import CHAT_TEMPLATE
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from guardbind.errors import CandidateError, ConfigError
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.prompts.fillers import WITHOUT_DECOYS
from guardbind_bench.prompts.pool import encode
from guardbind_bench.prompts.tasks.notes_binding import PLACES, NotesBinding, Unanswerable
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.registry import FILLERS

TOKENIZER = PreTrainedTokenizerFast(
    tokenizer_object=bench_tokenizer().backend_tokenizer, bos_token="<|start|>", chat_template=CHAT_TEMPLATE
)
MESSAGE = re.compile(
    r"Notes:\n(?P<notes>(?:\w+ left the [\w ]+ in the \w+\.\n)+)(?P<filler>.*?)"
    r"(?P<reminders>(?:\nReminder: \w+ left the [\w ]+ in the \w+\.)*)"
    r"\nQuestion: where did (?P<person>\w+) leave the (?P<object>[\w ]+)\?\n"
    r"(?P<options>(?:[A-D]\) \w+\n){4})Z\) cannot tell from the notes\nReply with one letter\.(?P<rest>.*)",
    re.DOTALL,
)


def text_of(ids: tuple[int, ...], tokenizer: PreTrainedTokenizerBase = TOKENIZER) -> str:
    return str(tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))


def read(trial: Trial, tokenizer: PreTrainedTokenizerBase = TOKENIZER) -> dict[str, Any]:
    """Read a prompt as a person would."""
    match = MESSAGE.search(text_of(trial.ids, tokenizer))
    assert match
    return {
        **match.groupdict(),
        "notes": dict(re.findall(r"(\w+) left the [\w ]+ in the (\w+)\.", match["notes"])),
        "options": {place: letter for letter, place in re.findall(r"([A-D])\) (\w+)", match["options"])},
    }


@pytest.mark.parametrize("filler", WITHOUT_DECOYS)
@pytest.mark.parametrize("k", [0, 30])
@pytest.mark.parametrize("template", ["plain", "chat"])
def test_the_value_of_a_note_is_the_letter_of_its_place(filler: str, k: int, template: Any) -> None:
    task = NotesBinding(TOKENIZER, filler=filler, k=k, form=PromptForm.model_validate({"template": template}))
    for trial in map(task.trial, range(4)):
        prompt = read(trial)
        assert list(prompt["notes"]) == [bound.key for bound in trial.bound]
        for bound in trial.bound:
            place = prompt["notes"][bound.key]
            assert prompt["options"][place] == bound.value.word
            stated = text_of(trial.ids[bound.statement.start : bound.statement.stop])
            assert re.fullmatch(rf"{bound.key} left the [\w ]+ in the {place}\.\n", stated)
            assert text_of(trial.ids[bound.statement.start : bound.position + 1]) == stated.removesuffix(".\n")
        assert trial.target.key == prompt["person"]
        assert trial.question.start - trial.bound[-1].statement.stop == k
        assert trial.question.stop == len(trial.ids)
        assert text_of(trial.ids[trial.question.start :]).startswith("\nQuestion: where did")
        assert prompt["rest"].strip() == ("Answer:" if template == "plain" else "<|end|>\n<|start|>assistant\nAnswer:")
        assert trial.distance > k
        assert [value.word for value in trial.candidates] == ["A", "B", "C", "D", "Z"]
        assert trial.abstain == trial.candidates[-1]
        assert trial.competitor in {bound.value for bound in trial.bound} - {trial.target.value}
        assert not any(place in prompt["filler"] for place in PLACES)


def test_letters_are_balanced_and_every_order_occurs() -> None:
    trials = [NotesBinding(TOKENIZER, k=0).trial(index) for index in range(120)]
    for start in range(0, 120, 4):
        assert {trial.target.value.word for trial in trials[start : start + 4]} == set("ABCD")
    assert set(Counter(trial.asked for trial in trials)) == {0, 1, 2, 3}
    assert len({tuple(bound.value.word for bound in trial.bound) for trial in trials}) > 20
    assert {NotesBinding(TOKENIZER, k=0, form=PromptForm(asked="fixed")).trial(i).asked for i in range(12)} == {0}


def test_the_same_items_under_every_filler_size_and_template() -> None:
    seen = set()
    for filler, k, template in [("natural", 0, "plain"), ("random", 20, "chat"), ("repeat", 5, "plain")]:
        task = NotesBinding(TOKENIZER, filler=filler, k=k, form=PromptForm.model_validate({"template": template}))
        trials = [task.trial(index) for index in range(6)]
        seen.add(str([(t.asked, [(b.key, b.value.word) for b in t.bound]) for t in trials]))
    assert len(seen) == 1


@pytest.mark.parametrize("template", ["plain", "chat"])
def test_the_twin_is_the_same_item_without_the_note_that_is_asked_for(template: Any) -> None:
    form = PromptForm(template=template)
    for index in range(8):
        item = NotesBinding(TOKENIZER, k=20, form=form).trial(index)
        twin = Unanswerable(TOKENIZER, k=20, form=form).trial(index)
        note = item.target.statement
        assert twin.ids == item.ids[: note.start] + item.ids[note.stop :]
        assert twin.target.key == item.target.key
        assert twin.target.value == twin.abstain
        assert twin.stage(twin.target.value.token) == "right"
        stated = twin.target.statement
        assert text_of(twin.ids[stated.start : stated.stop]) == "Z) cannot tell from the notes\n"
        assert text_of((twin.ids[twin.target.position],)) == "Z"
        kept = [bound for i, bound in enumerate(item.bound) if i != item.asked]
        assert [(b.key, b.value) for b in twin.bound[:-1]] == [(b.key, b.value) for b in kept]
        assert len(twin.ids) - twin.question.start == len(item.ids) - item.question.start
        assert twin.competitor == item.competitor


def test_reminders_stand_right_before_the_question() -> None:
    for arm, reminded in (("oracle", 1), ("raw_copy", 4)):
        for index in range(4):
            base = NotesBinding(TOKENIZER, k=20).trial(index)
            trial = NotesBinding(TOKENIZER, k=20, form=PromptForm(arm=arm)).trial(index)
            said = dict(re.findall(r"Reminder: (\w+) left the [\w ]+ in the (\w+)\.", read(trial)["reminders"]))
            notes = read(base)["notes"]
            assert said == {person: notes[person] for person in said}
            assert len(said) == reminded and trial.target.key in said
            assert trial.bound == base.bound
            assert trial.ids[: base.question.start] == base.ids[: base.question.start]
            assert trial.ids[trial.question.start :] == base.ids[base.question.start :]
    twin = Unanswerable(TOKENIZER, k=20, form=PromptForm(arm="raw_copy")).trial(0)
    assert read(twin)["reminders"].count("Reminder") == 3
    assert f"Reminder: {twin.target.key}" not in text_of(twin.ids)


@pytest.mark.parametrize(
    ("task", "form", "message"),
    [
        (NotesBinding, PromptForm(style="eq"), r"notes_binding does not come with style 'eq'; 'bracket' is accepted"),
        (NotesBinding, PromptForm(layout="C"), r"layout 'C'; 'S' is accepted"),
        (
            NotesBinding,
            PromptForm(arm="short:8"),
            r"arm 'short:8'; 'baseline' and 'oracle' and 'raw_copy' are accepted",
        ),
        (Unanswerable, PromptForm(arm="oracle"), r"arm 'oracle'; 'baseline' and 'raw_copy' are accepted"),
    ],
)
def test_a_form_that_it_does_not_come_in_is_refused(task: type[NotesBinding], form: PromptForm, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        task(TOKENIZER, form=form)


def test_other_settings_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for filler in set(FILLERS) - set(WITHOUT_DECOYS):
        with pytest.raises(ConfigError, match=f"filler '{filler}'; 'coherent' and 'natural'"):
            NotesBinding(TOKENIZER, filler=filler)
    with pytest.raises(ConfigError, match="k is -1"):
        NotesBinding(TOKENIZER, k=-1)
    monkeypatch.setattr("guardbind_bench.prompts.tasks.notes_binding.ABSTAIN", "none of them")
    with pytest.raises(CandidateError, match="letters A, B, C, D, none of them are not one token each"):
        NotesBinding(TOKENIZER)


def test_letters_of_a_real_model(demo_model: Any) -> None:
    _, tokenizer = demo_model
    for template in ("plain", "chat"):
        trial = NotesBinding(tokenizer, k=20, form=PromptForm.model_validate({"template": template})).trial(0)
        prompt = read(trial, tokenizer)
        assert prompt["options"][prompt["notes"][prompt["person"]]] == trial.target.value.word
        assert text_of(trial.ids, tokenizer).endswith("Answer:")
        for value in trial.candidates:
            assert encode(tokenizer, f"Answer: {value.word}") == [*encode(tokenizer, "Answer:"), value.token]
            assert {text_of((token,), tokenizer) for token in value.aliases} == {value.word, f" {value.word}"}
