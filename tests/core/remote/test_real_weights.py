"""The guard from outside beside the local one, on real weights: the same answers, ranges that hold the exact bits."""

from __future__ import annotations

from typing import Any

from guardbind import ApiGuard, ApiGuardConfig, Guard, GuardConfig
from guardbind.backends.local import LocalBackend

BADGES = {"Anna": "4821", "Boris": "9370", "Carla": "5504"}
STATED = " ".join(f"{name}'s badge number is {badge}." for name, badge in BADGES.items())
NEW = 12


SHOPS = "Summit Gear, 3 May\nTotal: $52.10\n\nRiver Books, 4 May\nTotal: $17.00\n\nCorner Cafe, 9 May\nTotal: $9.80\n\n"


def test_the_question_is_read_by_requests_where_words_leave_it_open(demo_model: Any) -> None:
    """The date in a heading says whose total is meant; both guards see it in how likely the question is."""
    model, tokenizer = demo_model
    prompt = f"{SHOPS}Question: How much was the total of 4 May?\nAnswer: The total was"
    backend = LocalBackend(model, tokenizer, top=20)
    found = {}
    for resolver in ("words", "both"):
        config = ApiGuardConfig(policy="observe", resolver=resolver)
        found[resolver] = ApiGuard(backend, config).generate(prompt, max_new_tokens=7)
    words, both = (output.report.slots[0] for output in found.values())
    assert (words.resolved_by, words.target, words.question_record) == ("unresolved", None, ())
    local = Guard(model, tokenizer, GuardConfig(policy="observe", resolver="both")).generate(
        **tokenizer(prompt, return_tensors="pt"), max_new_tokens=7, do_sample=False
    )
    told = local.report.slots[0]
    assert (both.resolved_by, both.target, both.question_record) == (
        told.resolved_by,
        told.target,
        told.question_record,
    )
    assert both.resolved_by == "reading" and both.question_lead is not None and both.question_lead > 2
    assert found["both"].spent.requests >= found["words"].spent.requests + 4  # the question, and three records gone


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
