"""A sentence of the answer that says once more what is asked: a value behind it is no coincidence."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind import Binding, Guard, GuardConfig

EXPORT = """Export of the employees:

{
  "Jamal Dlamini": {"room": "C-369", "salary": "GBP 3,407"},
  "Ximena Laurent": {"room": "F-263", "salary": "GBP 6,370"},
  "Viktor Kowalczyk": {"room": "F-447", "salary": "GBP 1,324"}
}

What is the room of Jamal Dlamini? Answer in a full sentence."""
ROOMS = [Binding("Jamal Dlamini", "C-369"), Binding("Ximena Laurent", "F-263"), Binding("Viktor Kowalczyk", "F-447")]
SYSTEM = "You answer questions about what the user gives you. Be brief."


@pytest.mark.parametrize("policy", ["observe", "auto"])
def test_values_that_begin_alike_leave_each_other_no_evidence_and_are_judged(
    demo_model: tuple[PreTrainedModel, PreTrainedTokenizerBase], policy: str
) -> None:
    """Each of the two that begin with F makes it likely without the other, so that it rests on neither."""
    model, tokenizer = demo_model
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": EXPORT}]
    chat: Any = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    ids = torch.tensor([tokenizer(chat + "The answer is", add_special_tokens=False)["input_ids"]])
    output = Guard(model, tokenizer, GuardConfig(policy=policy)).generate(
        ids, attention_mask=torch.ones_like(ids), bindings=[ROOMS], max_new_tokens=24, do_sample=False
    )
    text = str(tokenizer.decode(output.sequences[0, ids.shape[1] :], skip_special_tokens=True))
    slot = next(slot for slot in output.report.slots if slot.kind == "automatic")
    assert slot.verdict == "binding_failure"
    if policy == "observe":
        assert "room is F-447" in text and not slot.passed
    else:
        assert "room is C-369" in text and slot.final_verdict == "repaired"
