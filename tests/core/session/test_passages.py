"""Answers of the demo model where its caller declared a passage and not what it says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind import Evidence, Guard, GuardConfig

Demo = tuple[PreTrainedModel, PreTrainedTokenizerBase]
LOG = """[{"job": "job-83", "status": "refunded"}, {"job": "job-92", "status": "suspended"}]
The janitor found a lost glove.
[{"job": "job-83", "status": "suspended"}]

What was job-83's status at first? Answer in JSON as {"status": "..."}."""


def answered(demo: Demo, text: str, passage: str, begun: str, **settings: Any) -> tuple[str, Any]:
    model, tokenizer = demo
    chat: Any = tokenizer.apply_chat_template(
        [{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True
    )
    prompt = chat + begun
    start = prompt.index(passage)
    ids = torch.tensor([tokenizer(prompt, add_special_tokens=False)["input_ids"]])
    output = Guard(model, tokenizer, GuardConfig.model_validate(settings)).generate(
        ids,
        attention_mask=torch.ones_like(ids),
        bindings=[[Evidence("it", span=(start, start + len(passage)))]],
        target=["it"],
        max_new_tokens=28,
        do_sample=False,
    )
    return str(tokenizer.decode(output.sequences[0, ids.shape[1] :], skip_special_tokens=True)), output.report


MAIL = """Keiko wrote on Monday. Her backup e-mail is falcon13@toucan.example.org.
Bob's backup e-mail is otter21@lynx.example.net.
The janitor found a lost glove.

What is Keiko's backup e-mail? Answer in a full sentence."""


@pytest.mark.parametrize("begun", ["", "Sure, here it is:"])
def test_a_field_that_comes_later_in_the_answer_is_judged_and_repaired(demo_model: Demo, begun: str) -> None:
    unguarded, observed = answered(demo_model, LOG, "refunded", begun, policy="observe")
    slots = [slot for slot in observed.slots if slot.kind == "passage"]
    assert "refunded" not in unguarded and slots[0].final_verdict == "binding_failure"
    text, report = answered(demo_model, LOG, "refunded", begun, policy="auto")
    slots = [slot for slot in report.slots if slot.kind == "passage"]
    assert '"status": "refunded"' in text and slots[0].final_verdict == "repaired"


def test_a_sentence_that_asks_again_is_a_slot(demo_model: Demo) -> None:
    passage = "falcon13@toucan.example.org"
    text, report = answered(demo_model, MAIL, passage, "", policy="auto")
    assert f"backup e-mail is {passage}" in text
    assert report.slots[0].kind == "passage" and report.slots[0].final_verdict == "repaired"


def test_a_value_that_ends_otherwise_is_not_ok(demo_model: Demo) -> None:
    """Each of its tokens rests on the passage, but for the last."""
    text, report = answered(demo_model, MAIL, "falcon13@toucan.example.org", "The answer is", policy="observe")
    assert "falcon13@toucan.example.net" in text
    assert {slot.verdict for slot in report.slots if slot.kind == "passage"} == {"ok"}
    assert not any(slot.passed for slot in report.slots)


def test_without_the_rule_it_is_no_slot(demo_model: Demo) -> None:
    rules = ("line_end", "field", "cell", "key_phrase", "automatic")
    _, report = answered(demo_model, LOG, "refunded", "", slots=rules)
    assert not report.slots
