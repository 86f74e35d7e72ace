"""The guard from outside beside the local one, on real weights: the same answers, ranges that hold the exact bits."""

from __future__ import annotations

from typing import Any

from guardbind import ApiGuard, ApiGuardConfig, Guard, GuardConfig
from guardbind.backends.local import LocalBackend

BADGES = {"Anna": "4821", "Boris": "9370", "Carla": "5504"}
STATED = " ".join(f"{name}'s badge number is {badge}." for name, badge in BADGES.items())
NEW = 12


def test_both_guards_answer_alike_and_a_sieve_holds_what_all_tokens_say(demo_model: Any) -> None:
    model, tokenizer = demo_model
    name = "Carla"
    messages = [{"role": "user", "content": f"{STATED} What is {name}'s badge number?"}]
    inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")
    local = Guard(model, tokenizer, GuardConfig(null="redact", resolver="words", max_nulls=4)).generate(
        **inputs, max_new_tokens=NEW, do_sample=False
    )
    exact = ApiGuard(LocalBackend(model, tokenizer)).generate(messages, max_new_tokens=NEW)
    sieve = ApiGuard(LocalBackend(model, tokenizer, top=20), ApiGuardConfig()).generate(messages, max_new_tokens=NEW)
    assert BADGES[name] in exact.text
    assert exact.text == local.text[0]
    assert [slot.final_verdict for slot in exact.report.slots] == [slot.final_verdict for slot in local.report.slots]
    assert [slot.verdict for slot in exact.report.slots] == [slot.verdict for slot in local.report.slots]
    slot, seen = exact.report.slots[0], sieve.report.slots[0]
    assert slot.token == local.report.slots[0].token == seen.token
    assert slot.evidence_bits is not None and seen.ranges is not None and seen.ranges.evidence_bits is not None
    low, high = seen.ranges.evidence_bits
    assert low is None or low <= slot.evidence_bits + 0.05
    assert high is None or high >= slot.evidence_bits - 0.05
    assert seen.verdict in (slot.verdict, "unresolved")
