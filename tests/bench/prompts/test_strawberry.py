"""The counting tasks: a true trace, counts as numbers or codes, the note before the question."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from conftest import CHAT_TEMPLATE
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from guardbind.errors import ConfigError
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.prompts.fillers import WITHOUT_DECOYS
from guardbind_bench.prompts.pool import encode
from guardbind_bench.prompts.tasks.strawberry import COUNTED, Baseline, Factorized, counts
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.registry import FILLERS

TOKENIZER = PreTrainedTokenizerFast(
    tokenizer_object=bench_tokenizer().backend_tokenizer, bos_token="<|start|>", chat_template=CHAT_TEMPLATE
)


def text_of(ids: tuple[int, ...], tokenizer: PreTrainedTokenizerBase = TOKENIZER) -> str:
    return str(tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))


def said(trial: Trial, tokenizer: PreTrainedTokenizerBase = TOKENIZER) -> tuple[str, str, str, dict[str, str]]:
    """Return the word, the letter, the trace and the summary of a prompt, as a person would read them."""
    text = text_of(trial.ids, tokenizer)
    header = re.search(r'Task: count the letter "(\w)" in the word "(\w+)"\.\n.*\nTRACE:\n(.*)\n', text)
    assert header
    return header[2], header[1], header[3], dict(re.findall(r"^([A-Z_0-9]+)= (\w+)$", text, re.MULTILINE))


@given(st.sampled_from(COUNTED), st.sampled_from("abcdefghijklmnopqrstuvwxyz"), st.integers(1, 300))
def test_counts_are_what_counting_gives(word: str, letter: str, k: int) -> None:
    text = [word[i % len(word)] for i in range(k)]
    expected = {
        "WORD": Counter(word)[letter],
        "TRACE_TOTAL": Counter(text)[letter],
        "SUFFIX": Counter(text[-20:])[letter],
    }
    assert counts(word, letter, k) == expected


@pytest.mark.parametrize(("k", "expected"), [(10, (3, 3, 3)), (20, (3, 6, 6)), (30, (3, 9, 6)), (2048, (3, 614, 6))])
def test_counts_of_the_papers_word(k: int, expected: tuple[int, int, int]) -> None:
    assert tuple(counts("strawberry", "r", k).values()) == expected


@pytest.mark.parametrize("task", [Baseline, Factorized])
@pytest.mark.parametrize("template", ["plain", "chat"])
@pytest.mark.parametrize(("k", "filler"), [(9, "natural"), (16, "random"), (48, "natural"), (130, "repeat")])
def test_a_prompt_says_the_truth_and_shows_where(task: type[Baseline], template: Any, k: int, filler: str) -> None:
    built = task(TOKENIZER, filler=filler, k=k, form=PromptForm.model_validate({"template": template}))
    for trial in map(built.trial, range(12)):
        word, letter, trace, summary = said(trial)
        running, steps = 0, []
        for i in range(k):
            running += word[i % len(word)] == letter
            steps.append(f"{word[i % len(word)]}:{running}")
        assert trace == " ".join(steps)
        true = counts(word, letter, k)
        coded = any("CODE" in key for key in summary)
        values = {bound.key: bound.value.word for bound in trial.bound}
        window = f"SUFFIX_{min(20, k)}"
        numbers = {"WORD": true["WORD"], "TRACE_TOTAL": true["TRACE_TOTAL"], window: true["SUFFIX"]}
        if coded:
            assert values == summary
            assert set(summary) == {f"{key}_CODE" for key in numbers}
            code = {number: values[f"{key}_CODE"] for key, number in numbers.items()}
            assert len(set(code.values())) == len(code)
            assert all(values[f"{key}_CODE"] == code[number] for key, number in numbers.items())
        else:
            assert values == {key: str(number) for key, number in numbers.items()}
            assert summary == {key: value for key, value in values.items() if key != "WORD"}
        for bound in trial.bound:
            assert bound.position in bound.statement
            assert trial.ids[bound.position] in bound.value.aliases
            stated = text_of(trial.ids[bound.statement.start : bound.position + 1])
            if bound.key == "WORD":
                assert stated == " ".join(steps[: len(word)])
            else:
                assert stated == f"\n{bound.key}= {bound.value.word}"
        assert trial.target.key.startswith("WORD")
        assert trial.competitor == next(b.value for b in trial.bound if b.key.startswith("TRACE_TOTAL"))
        assert trial.competitor != trial.target.value
        assert set(trial.candidates) == {bound.value for bound in trial.bound}
        assert len(trial.candidates) == len(set(trial.candidates)) >= 2
        assert trial.question.stop == len(trial.ids)
        question = text_of(trial.ids[trial.question.start :])
        assert question.startswith(f"\nQuestion: how often does {letter} occur in the {len(word)}-letter word {word} ")
        assert question.rstrip(" ").endswith("\nANSWER_CODE=" if coded else "\nANSWER:")
        assert ("assistant\nANSWER" in question) == (template == "chat")


def test_codes_stand_nowhere_but_in_the_summary() -> None:
    task = Factorized(TOKENIZER, filler="random", k=60)
    for trial in map(task.trial, range(10)):
        shown = Counter(token for token in trial.ids if token in task.pool.aliases)
        assert set(shown) == {value.token for value in trial.candidates}
        assert sum(shown.values()) == 3


@pytest.mark.parametrize("k", [16, 60])
def test_the_note_stands_between_filler_and_question_and_is_all_that_differs(k: int) -> None:
    for index in range(5):
        plain, noted = (task(TOKENIZER, k=k).trial(index) for task in (Baseline, Factorized))
        at, added = plain.question.start, len(noted.ids) - len(plain.ids)
        assert noted.ids == plain.ids[:at] + noted.ids[at : at + added] + plain.ids[at:]
        note = text_of(noted.ids[at : at + added])
        assert note.startswith("\nMeaning of the names: WORD")
        assert note.endswith(f"Answer with {noted.target.key}.\n")
        assert noted.question.start == at + added


@pytest.mark.parametrize("k", [16, 60])
def test_words_and_letters_vary_and_trials_of_a_cell_are_alike(k: int) -> None:
    trials = [Baseline(TOKENIZER, k=k).trial(index) for index in range(60)]
    assert len({said(trial)[:2] for trial in trials}) > 20
    truths = Counter(counts(*said(trial)[:2], k)["WORD"] for trial in trials)
    assert set(truths) == {1, 2, 3, 4}
    assert max(truths.values()) < 30
    assert len({any("CODE" in bound.key for bound in trial.bound) for trial in trials}) == 1
    assert len({tuple(bound.key for bound in trial.bound) for trial in trials}) > 1


def test_the_same_words_in_every_size_where_they_fit() -> None:
    drawn = [
        [said(Baseline(TOKENIZER, filler=f, k=k).trial(i))[:2] for i in range(10)]
        for k, f in [(60, "natural"), (60, "repeat"), (200, "natural")]
    ]
    assert drawn[0] == drawn[1] == drawn[2]


def test_filler_is_a_quarter_of_the_trace_and_at_most_32_tokens() -> None:
    for k, size in ((17, 4), (60, 15), (200, 32)):
        trial = Baseline(TOKENIZER, filler="repeat", k=k).trial(0)
        assert text_of(trial.ids).count(" the the the") > 0
        before = trial.ids[: trial.question.start]
        filler = encode(TOKENIZER, " the")[0]
        assert [token == filler for token in before[-size - 1 :]] == [False, *[True] * size]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"form": PromptForm(style="eq")}, "strawberry_baseline does not come with style 'eq'; 'bracket' is accepted"),
        ({"form": PromptForm(layout="C")}, "layout 'C'; 'S' is accepted"),
        ({"form": PromptForm(arm="oracle:8")}, "arm 'oracle:8'; 'baseline' is accepted"),
        ({"k": -1}, "k is -1"),
        ({"k": 4}, "k is 4; the trace of strawberry_baseline has to run through a word and further: 8 characters"),
    ],
)
def test_what_it_does_not_come_in_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Baseline(TOKENIZER, **settings)


def test_filler_with_decoys_is_refused() -> None:
    for filler in set(FILLERS) - set(WITHOUT_DECOYS):
        with pytest.raises(ConfigError, match=f"filler '{filler}'"):
            Factorized(TOKENIZER, filler=filler)


def test_the_smallest_size_that_the_message_names_is_accepted() -> None:
    trial = Baseline(TOKENIZER, k=8).trial(0)
    assert trial.competitor != trial.target.value


def test_values_of_a_real_model_are_the_tokens_that_it_would_write(demo_model: Any) -> None:
    _, tokenizer = demo_model
    for k, template in ((16, "plain"), (16, "chat"), (60, "plain"), (60, "chat")):
        task = Factorized(tokenizer, k=k, form=PromptForm.model_validate({"template": template}))
        trial = task.trial(1)
        ending = text_of(trial.ids[-12:], tokenizer).rsplit("\n", 1)[1]
        for value in trial.candidates:
            written = f"{ending.rstrip(' ')} {value.word}"
            assert encode(tokenizer, written) == [*encode(tokenizer, ending), value.token]
        *_, summary = said(trial, tokenizer)
        assert trial.competitor.word == next(word for key, word in summary.items() if key.startswith("TRACE_TOTAL"))
