"""A prompt that nearly fills the context: what an edit makes longer than that is not judged by it, and no error."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from families import speaking
from transformers import PreTrainedTokenizerBase

from guardbind import Binding, Guard, GuardConfig

CONTEXT = 192
FACTS = "alpha = 17\nbeta = 42\ngamma = 63\n"
BINDINGS = [Binding("alpha", "17"), Binding("beta", "42"), Binding("gamma", "63")]


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize(("null", "envelope"), [("redact", ()), ("mask", ("redact",))])
def test_slots_are_unresolved_and_the_answer_is_the_models_own(
    family: str, null: str, envelope: tuple[str, ...], tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = speaking(family, tiny_tokenizer, context=CONTEXT)
    facts, question, word = (tiny_tokenizer.encode(text, add_special_tokens=False) for text in (FACTS, "beta =", " a"))
    fill = (CONTEXT - 6 - len(facts) - len(question)) // len(word)
    ids = torch.tensor([facts + word * fill + question])
    how: dict[str, Any] = {"attention_mask": torch.ones_like(ids), "max_new_tokens": 5, "do_sample": False}
    guard = Guard(model, tiny_tokenizer, GuardConfig(null=null, envelope=envelope))
    output = guard.generate(ids, bindings=BINDINGS, target="beta", **how)
    assert torch.equal(output.sequences, model.generate(ids, **how))
    slots = output.report.slots
    assert slots
    assert all(slot.final_verdict == "unresolved" and slot.action == "none" for slot in slots)
    assert all(f"the context of {type(model).__name__} holds {CONTEXT}" in slot.reason for slot in slots)
    assert Guard(model, tiny_tokenizer).generate(ids, bindings=BINDINGS, target="beta", **how).report.slots
