"""Spans keep their meaning through chat templates, left padding and batches, on the demo model."""

from __future__ import annotations

from typing import Any

import pytest
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind import Binding, BindingError, Evidence, Guard, GuardConfig
from guardbind.evidence import locate
from guardbind.text.decoded import PromptText

pytestmark = pytest.mark.real_model

NOTES = "Mara left the spare key in the cellar.\nJonas left the spare key in the attic."
QUESTION = "Where did Jonas leave the spare key? Answer with one word."
DemoModel = tuple[PreTrainedModel, PreTrainedTokenizerBase]


def chat(tokenizer: PreTrainedTokenizerBase, content: str) -> str:
    messages = [{"role": "user", "content": content}]
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def test_a_span_in_the_callers_text_is_found_behind_the_chat_template(demo_model: DemoModel) -> None:
    _, tokenizer = demo_model
    source = f"{NOTES}\n{QUESTION}"
    start = source.index("attic")
    ids = tokenizer(chat(tokenizer, source), add_special_tokens=False)["input_ids"]
    prompt = PromptText.from_ids(tokenizer, ids)
    table = locate([Binding("Jonas", "attic", span=(start, start + 5))], prompt, source=source)
    (mention,) = table.items[0].mentions
    assert prompt.text[slice(*mention.value_chars)] == "attic"
    assert "attic" in tokenizer.decode([ids[i] for i in mention.value_tokens])


def test_a_source_that_is_not_in_the_prompt_is_refused(demo_model: DemoModel) -> None:
    model, tokenizer = demo_model
    inputs = tokenizer(chat(tokenizer, QUESTION), add_special_tokens=False, return_tensors="pt")
    guard = Guard(model, tokenizer)
    with pytest.raises(BindingError, match="source"):
        guard.generate(
            **inputs, bindings=[Binding("Jonas", "attic", span=(0, 5))], source="another text", max_new_tokens=1
        )


def test_a_chat_batch_reads_what_single_prompts_read(demo_model: DemoModel) -> None:
    model, tokenizer = demo_model
    guard = Guard(model, tokenizer, GuardConfig(policy="observe", slots=("prompt_end",)))
    short = chat(tokenizer, f"{NOTES}\n{QUESTION}") + "It is in the"
    long = chat(tokenizer, f"The house was quiet, and nobody was in.\n{NOTES}\n{QUESTION}") + "It is in the"
    bindings = [Binding("Mara", "cellar"), Binding("Jonas", "attic")]
    settings: dict[str, Any] = {"max_new_tokens": 2, "do_sample": False}

    def bits(texts: list[str]) -> list[tuple[float | None, ...]]:
        inputs = tokenizer(texts, add_special_tokens=False, padding=True, return_tensors="pt")
        lists = [bindings] * len(texts)
        output = guard.generate(**inputs, bindings=lists, target=["Jonas"] * len(texts), **settings)
        return [output.report.row(i)[0].bits_by_binding for i in range(len(texts))]

    together = bits([short, long])
    for row, alone in zip(together, (bits([short])[0], bits([long])[0]), strict=True):
        assert row == pytest.approx(alone, abs=0.05)
        assert row[1] is not None and row[1] > 1.0


def test_evidence_given_as_a_passage_needs_no_value(demo_model: DemoModel) -> None:
    model, tokenizer = demo_model
    prompt = "KEY1=[ apple ]\nThe boats lay at the pier.\nKEY2=[ pear ]\nThe road was long.\nWhat is KEY1?\nKEY1=["
    inputs = tokenizer(prompt, return_tensors="pt")
    evidence = Evidence("note", text="KEY1=[ apple ]")
    output = Guard(model, tokenizer).generate(
        **inputs, bindings=[evidence], target="note", max_new_tokens=1, do_sample=False
    )
    slot = output.report.slots[0]
    assert slot.final_verdict == "ok"
    assert output.text == [" apple"]
    assert slot.candidates == ()
