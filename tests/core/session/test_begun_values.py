"""Prompts that stop inside a value that is known, answered by the demo model."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind import Binding, Guard, GuardConfig

RECEIPTS = """Here is what I have.

Riverbend Bazaar
Customer number: RCPT-14412
Return date: June 10, 2022
Discount: GBP 382.48

In the meantime, the committee argued about the price of chairs.

Juniper Home
Customer number: RCPT-14480
Return date: 2022-11-22
Discount: £101.77

Answer with the full number only. What is the customer number on the Riverbend Bazaar receipt?"""
BEGUN = "The answer is RCPT-144"
NUMBERS = [Binding("Riverbend Bazaar", "RCPT-14412"), Binding("Juniper Home", "RCPT-14480")]
Demo = tuple[PreTrainedModel, PreTrainedTokenizerBase]


@cache
def ids_of(tokenizer: PreTrainedTokenizerBase, begun: str) -> tuple[int, ...]:
    chat: Any = tokenizer.apply_chat_template(
        [{"role": "user", "content": RECEIPTS}], tokenize=False, add_generation_prompt=True
    )
    return tuple(tokenizer(chat + begun, add_special_tokens=False)["input_ids"])


def answered(demo: Demo, policy: str, *, target: str | None, begun: str = BEGUN, **settings: Any) -> tuple[str, Any]:
    model, tokenizer = demo
    guard = Guard(model, tokenizer, GuardConfig.model_validate({"policy": policy, **settings}))
    ids = torch.tensor([ids_of(tokenizer, begun)])
    output = guard.generate(ids, bindings=[NUMBERS], target=[target], max_new_tokens=40, do_sample=False)
    text = tokenizer.decode(output.sequences[0, ids.shape[1] :], skip_special_tokens=True)
    return str(text), output.report


def test_unguarded_the_wrong_one_is_gone_on_with_and_it_is_said_so(demo_model: Demo) -> None:
    text, report = answered(demo_model, "observe", target="Riverbend Bazaar")
    assert text.startswith("80")
    slot = report.slots[0]
    assert (slot.step, slot.verdict, slot.target) == (0, "binding_failure", 0) and not report.interventions


@pytest.mark.parametrize("target", ["Riverbend Bazaar", None])
def test_the_asked_one_is_gone_on_with(demo_model: Demo, target: str | None) -> None:
    text, report = answered(demo_model, "auto", target=target)
    assert text.startswith("12") and not text[2:3].isalnum()
    assert report.slots[0].final_verdict == "repaired"


@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        ("contrast", {}),
        ("veto", {}),
        ("attend", {}),
        ("checkpoint", {}),
        ("checkpoint", {"checkpoint": {"placement": "slot"}}),
        ("checkpoint", {"checkpoint": {"placement": "slot", "visible": True}}),
    ],
)
def test_whatever_is_tried_one_of_the_two_is_written(demo_model: Demo, policy: str, settings: dict[str, Any]) -> None:
    text, report = answered(demo_model, policy, target="Riverbend Bazaar", **settings)
    last = text.rpartition("RCPT-144")[2]
    assert last.startswith(("12", "80")) and not last[2:3].isalnum()
    if report.slots[0].final_verdict == "repaired":
        assert last.startswith("12")


def test_a_right_one_is_left_alone(demo_model: Demo) -> None:
    text, report = answered(demo_model, "auto", target="Juniper Home")
    assert text.startswith("80") and report.slots[0].verdict == "ok" and not report.interventions


def test_rows_with_and_without_a_begun_value_are_answered_side_by_side(demo_model: Demo) -> None:
    model, tokenizer = demo_model
    rows = [ids_of(tokenizer, begun) for begun in (BEGUN, "The answer is")]
    longest = max(map(len, rows))
    pad = tokenizer.eos_token_id
    ids = torch.tensor([[pad] * (longest - len(row)) + list(row) for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    guard = Guard(model, tokenizer, GuardConfig())
    output = guard.generate(
        ids,
        attention_mask=mask,
        bindings=[NUMBERS, NUMBERS],
        target=["Riverbend Bazaar"] * 2,
        max_new_tokens=12,
        do_sample=False,
    )
    alone = [
        answered(demo_model, "auto", target="Riverbend Bazaar", begun=begun)[0] for begun in (BEGUN, "The answer is")
    ]
    texts = tokenizer.batch_decode(output.sequences[:, longest:], skip_special_tokens=True)
    assert [text.strip() for text in texts] == [text.strip() for text in alone]
