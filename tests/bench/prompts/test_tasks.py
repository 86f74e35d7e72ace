"""The binding tasks: exact prompts, places, what is drawn, and the frame of plain text or of a chat."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from itertools import product
from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from conftest import CHAT_TEMPLATE
from hypothesis import example, given, settings
from hypothesis import strategies as st
from paths import ROOT
from transformers import PreTrainedTokenizerFast

from guardbind.errors import ConfigError, UnknownNameError
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.prompts.pool import encode
from guardbind_bench.prompts.tasks.binding import BindingTask
from guardbind_bench.prompts.tasks.competing_vars import CompetingVars
from guardbind_bench.prompts.tasks.decoy_injection import DecoyInjection
from guardbind_bench.prompts.tasks.primacy_recency import PrimacyRecency
from guardbind_bench.registry import FILLERS, TASKS

BINDING = (CompetingVars, DecoyInjection, PrimacyRecency)
FORMS = [
    PromptForm.model_validate({"style": style, "layout": layout})
    for style, layout in product(("bracket", "eq"), ("S", "C"))
]
DECOYS = {"decoy_density", "decoy_heavy", "decoy_matched", "other_decoy"}

# What stands around the values `<n>` and the blocks of filler `~`.
TEXTS = {
    ("competing_vars", "bracket", "S"): "KEY1=[<0> ]\n~KEY2=[<1> ]\n~\nQuestion: What is KEY1?\nKEY1=[",
    ("competing_vars", "bracket", "C"): "KEY1=[<0>]\n~\nKEY2=[<1>]\n~\nQuestion: What is KEY1?\nKEY1=[",
    ("competing_vars", "eq", "S"): "KEY1 =<0>~\nKEY2 =<1>~\nQuestion: What is KEY1?\nKEY1 =",
    ("decoy_injection", "bracket", "S"): "KEY=[<0> ]\n~\nQuestion: What is KEY?\nKEY=[",
    ("decoy_injection", "bracket", "C"): "KEY=[<0>]\n~\nQuestion: What is KEY?\nKEY=[",
    ("decoy_injection", "eq", "S"): "KEY =<0>~\nQuestion: What is KEY?\nKEY =",
    ("primacy_recency", "bracket", "S"): (
        "KEY=[<0> ]\n~KEY=[<1> ]\n~KEY=[<2> ]\n~\nQuestion: What was the FIRST value of KEY?\nKEY=["
    ),
    ("primacy_recency", "bracket", "C"): (
        "KEY=[<0>]\n~\nKEY=[<1>]\n~\nKEY=[<2>]\n~\nQuestion: What was the FIRST value of KEY?\nKEY=["
    ),
    ("primacy_recency", "eq", "S"): (
        "KEY =<0>~\nKEY =<1>~\nKEY =<2>~\nQuestion: What was the FIRST value of KEY?\nKEY ="
    ),
}
TEXTS |= {(task, "eq", "C"): text for (task, style, _), text in list(TEXTS.items()) if style == "eq"}


@cache
def chat_tokenizer() -> PreTrainedTokenizerFast:
    bare = bench_tokenizer()
    return PreTrainedTokenizerFast(
        tokenizer_object=bare.backend_tokenizer,
        bos_token=bare.bos_token,
        eos_token=bare.eos_token,
        chat_template=CHAT_TEMPLATE,
    )


@cache
def made(task: type[BindingTask], filler: str, k: int, form: PromptForm, seed: int = 0) -> BindingTask:
    return task(chat_tokenizer(), filler=filler, k=k, seed=seed, form=form)


def text_of(ids: tuple[int, ...]) -> str:
    return str(chat_tokenizer().decode(list(ids), clean_up_tokenization_spaces=False))


@pytest.mark.parametrize(("task", "style", "layout"), TEXTS)
@pytest.mark.parametrize("k", [0, 5])
def test_the_fixed_prompts_are_the_papers(task: str, style: Any, layout: Any, k: int) -> None:
    form = PromptForm(style=style, layout=layout, asked="fixed")
    built = TASKS.get(task)(chat_tokenizer(), filler="repeat", k=k, seed=0, form=form)
    for index in range(3):
        trial = built.trial(index)
        text = TEXTS[task, style, layout].replace("~", " the" * k)
        for i, bound in enumerate(trial.bound):
            text = text.replace(f"<{i}>", f" {bound.value.word}")
        assert text_of(trial.ids) == chat_tokenizer().bos_token + text


# A block with a single decoy, which a random token once hit.
@example(TASKS.get("decoy_injection"), "decoy_density", PromptForm(), "random", "plain", 24, 1169)
@settings(max_examples=150)
@given(
    st.sampled_from(BINDING),
    st.sampled_from(FILLERS.names()),
    st.sampled_from(FORMS),
    st.sampled_from(["random", "fixed"]),
    st.sampled_from(["plain", "chat"]),
    st.sampled_from([0, 1, 24, 150]),
    st.integers(0, 10**6),
)
def test_everything_stands_where_the_trial_says(
    task: type[BindingTask], filler: str, form: PromptForm, asked: Any, template: Any, k: int, index: int
) -> None:
    form = form.model_copy(update={"asked": asked, "template": template})
    built = made(task, filler, k, form)
    trial = built.trial(index)
    positions = {bound.position for bound in trial.bound}
    for bound in trial.bound:
        assert trial.ids[bound.position] == bound.value.token
        assert bound.position in bound.statement
        assert text_of(trial.ids[bound.statement.start : bound.position]).strip().startswith(bound.key)
    for here, there in zip(trial.bound, (*trial.bound[1:], None), strict=True):
        assert (there.statement.start if there else trial.question.start) - here.statement.stop == k
    assert trial.question.stop == len(trial.ids)
    assert text_of(trial.ids[trial.question.start :]).startswith("\nQuestion: ")
    assert text_of(trial.ids).endswith(f"\n{trial.target.key}{'=[' if form.style == 'bracket' else ' ='}")
    assert trial.distance == len(trial.ids[trial.target.position + 1 :]) >= k
    assert trial.ids.count(chat_tokenizer().bos_token_id) == (1 if template == "plain" else 2)
    assert len({bound.value for bound in trial.bound} | {trial.target.value, trial.competitor}) == max(
        2, len(trial.bound)
    )
    scattered = {token for i, token in enumerate(trial.ids) if i not in positions} & built.pool.aliases
    if filler == "other_decoy":
        assert scattered.isdisjoint({bound.value.token for bound in trial.bound} | {trial.competitor.token})
        assert len(scattered) <= 1
    elif filler in DECOYS:
        assert scattered <= {trial.competitor.token, *[trial.target.value.token][: filler == "decoy_matched"]}
    else:
        assert not scattered
    assert bool(scattered) == (filler in DECOYS and k >= (22 if filler == "decoy_density" else 2)) or k == 1


@pytest.mark.parametrize("task", BINDING)
def test_a_trial_binds_and_asks_the_same_in_every_form_filler_and_size(task: type[BindingTask]) -> None:
    drawn = set()
    for filler, form, template, k in product(FILLERS, FORMS, ("plain", "chat"), (0, 40)):
        if (filler, k) != ("natural", 40) and form != FORMS[0]:
            continue
        built = made(task, filler, k, form.model_copy(update={"template": template}))
        drawn.add(
            tuple((t.asked, t.competitor, *(b.value for b in t.bound)) for t in (built.trial(i) for i in range(6)))
        )
    assert len(drawn) == 1
    fixed = made(task, "natural", 40, PromptForm(asked="fixed"))
    assert [[b.value for b in fixed.trial(i).bound] for i in range(6)] == [list(row[2:]) for row in drawn.pop()]


def test_filler_is_the_same_in_every_form() -> None:
    for index in range(3):
        blocks = set()
        for form in FORMS:
            trial = made(CompetingVars, "random", 20, form).trial(index)
            blocks.add(
                tuple(trial.ids[bound.statement.stop : bound.statement.stop + 20] for bound in trial.bound),
            )
        assert len(blocks) == 1


@pytest.mark.parametrize(
    ("task", "asked", "pairs"),
    [
        (CompetingVars, "random", {(0, 1), (1, 0)}),
        (CompetingVars, "fixed", {(0, 1)}),
        (PrimacyRecency, "random", {(0, 2), (2, 0)}),
        (PrimacyRecency, "fixed", {(0, 2)}),
        (DecoyInjection, "random", {(0, None)}),
        (DecoyInjection, "fixed", {(0, None)}),
    ],
)
def test_what_is_asked_and_what_competes(task: type[BindingTask], asked: Any, pairs: set[Any]) -> None:
    built = made(task, "natural", 4, PromptForm(asked=asked))
    seen = set()
    for trial in map(built.trial, range(30)):
        place = {bound.value: i for i, bound in enumerate(trial.bound)}
        seen.add((trial.asked, place.get(trial.competitor)))
    assert seen == pairs
    assert len({trial.target.value for trial in map(built.trial, range(200))}) > 0.9 * len(built.pool)


def test_the_question_names_what_is_asked() -> None:
    for trial in map(made(PrimacyRecency, "natural", 4, PromptForm()).trial, range(12)):
        which = {0: "FIRST", 2: "LAST"}[trial.asked]
        assert f"What was the {which} value of KEY?" in text_of(trial.ids)


def test_names_that_a_checkpoint_restates() -> None:
    assert CompetingVars.restated == (("KEY1", 0), ("KEY2", 1))
    assert PrimacyRecency.restated == (("FIRST(KEY)", 0), ("LAST(KEY)", 2))
    assert DecoyInjection.restated == (("KEY", 0),)


@pytest.mark.parametrize(("filler", "layout", "same"), [("random", "S", 1), ("random", "C", 3), ("natural", "S", 3)])
def test_layout_s_repeats_one_block_of_the_papers_fillers(filler: str, layout: Any, same: int) -> None:
    trial = made(PrimacyRecency, filler, 40, PromptForm(layout=layout)).trial(0)
    blocks = {trial.ids[bound.statement.stop : bound.statement.stop + 40] for bound in trial.bound}
    assert len(blocks) == same


def test_the_competitor_of_decoy_injection_is_shown_by_decoys_alone() -> None:
    for filler, shown in (("natural", False), ("decoy_heavy", True), ("other_decoy", False)):
        for trial in map(made(DecoyInjection, filler, 60, PromptForm()).trial, range(5)):
            assert (trial.competitor.token in trial.ids) == shown


def test_a_chat_is_the_users_turn_and_the_start_of_an_answer() -> None:
    plain = made(CompetingVars, "natural", 20, PromptForm()).trial(3)
    chat = made(CompetingVars, "natural", 20, PromptForm(template="chat")).trial(3)
    asked = plain.target.key
    body = text_of(plain.ids).removeprefix("<|start|>").removesuffix(f"\n{asked}=[")
    assert text_of(chat.ids) == f"<|start|>user\n{body}<|end|>\n<|start|>assistant\n{asked}=["
    opening = encode(chat_tokenizer(), f"{asked}=[")
    assert list(chat.ids[-len(opening) :]) == opening
    assert chat.bound[0].position - plain.bound[0].position == len(encode(chat_tokenizer(), "<|start|>user\n")) - 1


def test_a_chat_template_that_dates_its_prompts_gives_the_same_ones_every_day() -> None:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bench_tokenizer().backend_tokenizer,
        chat_template="{{ strftime_now('%d %b %Y') }} {{ messages[0]['content'] | trim }}!",
    )
    trial = CompetingVars(tokenizer, k=4, form=PromptForm(template="chat")).trial(0)
    assert str(tokenizer.decode(list(trial.ids))).startswith("26 Jul 2024 KEY1=[")


def test_what_cannot_be_asked_in_a_chat_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no chat template; template 'plain' is accepted\. Use an instruction-tuned"):
        CompetingVars(bench_tokenizer(), form=PromptForm(template="chat"))
    bare = bench_tokenizer().backend_tokenizer
    for template, times in (("nothing", 0), ("{{ messages[0]['content'] }}" * 2, 2)):
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=bare, chat_template=template)
        with pytest.raises(ConfigError, match=f"user's text {times} times; templates that show it once are accepted"):
            CompetingVars(tokenizer, form=PromptForm(template="chat"))


@pytest.mark.parametrize("name", TASKS.names())
def test_a_model_without_a_template_gets_a_question_and_the_beginning_of_an_answer(name: str) -> None:
    task = TASKS.get(name)(bench_tokenizer(), k=40, filler="natural", seed=0)
    for index in range(4):
        trial = task.trial(index)
        asks = text_of(trial.ids[trial.question.start :])
        question, _, begun = asks.strip("\n").rpartition("\n")
        assert question.startswith("Question: ") and begun.rstrip()[-1] in "[=:", asks
        assert not re.search(r"^(?:user|assistant)\b", text_of(trial.ids), re.MULTILINE)


def test_a_prompt_without_bos_starts_with_its_text() -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bench_tokenizer().backend_tokenizer)
    trial = CompetingVars(tokenizer, k=4).trial(0)
    assert trial.bound[0].statement.start == 0
    assert str(tokenizer.decode(list(trial.ids))).startswith("KEY1=[")


def test_an_arm_is_a_name_or_a_name_and_a_number() -> None:
    with pytest.raises(ConfigError, match=r"the arm is 'oracle:x'; 'baseline', NAME and NAME:NUMBER are accepted"):
        CompetingVars(chat_tokenizer(), form=PromptForm(arm="oracle:x"))
    with pytest.raises(UnknownNameError, match="there is no arm 'orcale'"):
        CompetingVars(chat_tokenizer(), form=PromptForm(arm="orcale:8"))


_HELPERS = (str(ROOT / "tests"), str(ROOT / "tests" / "support"))
_PROMPTS = """
import hashlib, json, sys
sys.path[:0] = sys.argv[1:]
from test_tasks import chat_tokenizer
from guardbind_bench.registry import TASKS
fillers = {name: "natural" if name.startswith(("notes", "straw")) else "decoy_matched" for name in TASKS}
tasks = {name: TASKS.get(name)(chat_tokenizer(), filler=filler, k=40, seed=3) for name, filler in fillers.items()}
print(json.dumps({name: [repr(task.trial(i)) for i in range(3)] for name, task in tasks.items()}))
"""


def test_another_process_makes_the_same_trials() -> None:
    salt = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = {**os.environ, "PYTHONHASHSEED": salt}
    command = [sys.executable, "-c", _PROMPTS, os.path.dirname(__file__), *_HELPERS]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    there = json.loads(run.stdout.splitlines()[-1])
    assert set(there) == set(TASKS)
    for name in TASKS:
        filler = "natural" if name.startswith(("notes", "straw")) else "decoy_matched"
        task = TASKS.get(name)(chat_tokenizer(), filler=filler, k=40, seed=3)
        here = [repr(task.trial(index)) for index in range(3)]
        assert [text.replace(" ", "") for text in there[name]] == [text.replace(" ", "") for text in here]


def test_prompts_in_the_tokens_of_a_real_model(demo_model: Any) -> None:
    _, tokenizer = demo_model
    for task, form, template in product(BINDING, FORMS, ("plain", "chat")):
        built = task(tokenizer, filler="natural", k=24, form=form.model_copy(update={"template": template}))
        trial = built.trial(0)
        assert all(trial.ids[bound.position] == bound.value.token for bound in trial.bound)
        prompt = str(tokenizer.decode(trial.ids, clean_up_tokenization_spaces=False))
        answer = trial.target.key + ("=[" if form.style == "bracket" else " =")
        assert prompt.endswith(f"\n{answer}")
        # What the model would write is the token that the prompt shows.
        assert encode(tokenizer, f"{answer} {trial.target.value.word}")[-1] == trial.target.value.token
        assert (prompt.count("<|im_start|>") == 3) == (template == "chat")
