"""A token that rests on a value that no binding holds is named, and left, but for what the caller tells."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Ask
from transformers import PreTrainedTokenizerBase

from guardbind import Binding, GuardConfig

# The model prefers the first value in brackets, which no binding holds.
UNREAD = "\nthe old one was [93] once\nalpha=[17]\nbeta=[42]\n"
BOUND = [Binding("alpha", "17"), Binding("beta", "42")]


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


def slot_of(ask: Ask, prompt: str, config: GuardConfig | None = None, **how: Any) -> Any:
    return ask(ask.first, prompt, config, bindings=BOUND, **how).report.slots[0]


def test_the_value_is_named_with_its_place(ask: Ask) -> None:
    prompt = UNREAD + "the value is=["
    output = ask(ask.first, prompt, bindings=BOUND)
    slot = output.report.slots[0]
    assert output.text[0].startswith("93")
    assert slot.unbound_value is not None
    assert (slot.verdict, slot.action, slot.unbound_value.value) == ("unresolved", "none", "93")
    assert prompt[slice(*slot.unbound_value.span)] == "93"
    assert "93" in prompt[slice(*slot.unbound_value.statement)]
    assert slot.unbound_value.bits >= GuardConfig().min_evidence_bits
    assert "no binding holds" in slot.reason
    cleared = slot.without_text().unbound_value
    assert cleared is not None
    assert cleared.value is None


@pytest.mark.parametrize("target", [None, "beta"])
def test_what_the_caller_tells_stays_trusted(ask: Ask, target: str | None) -> None:
    """His key stands right before the slot, or he declares the target."""
    slot = slot_of(ask, UNREAD + "beta=[", GuardConfig(policy="observe"), target=target)
    assert slot.resolved_by == ("slot_prefix" if target is None else "declared")
    assert (slot.verdict, slot.unbound_value.value) == ("gate_failure", "93")


def test_one_replica_more_and_no_forward(ask: Ask) -> None:
    with_it = slot_of(ask, UNREAD + "the value is=[")
    without = slot_of(ask, UNREAD.replace("93", "17") + "the value is=[")
    assert without.unbound_value is None
    assert with_it.null_forwards == without.null_forwards == 1


@pytest.mark.parametrize("null", ["redact", "delete", "mask_prefill"])
def test_without_masked_columns_it_says_nothing(ask: Ask, null: str) -> None:
    slot = slot_of(ask, UNREAD + "the value is=[", GuardConfig(null=null))
    assert slot.unbound_value is None


def test_rows_of_a_batch_are_as_alone(ask: Ask) -> None:
    prompts = [UNREAD + "the value is=[", "\nalpha=[17]\nbeta=[42]\nbeta=["]
    together = ask(ask.first, prompts, bindings=[BOUND, BOUND]).report.slots
    first = next(slot for slot in together if slot.row == 0)
    alone = slot_of(ask, prompts[0])
    assert first.unbound_value is not None
    assert first.unbound_value.span == alone.unbound_value.span
    assert first.unbound_value.bits == pytest.approx(alone.unbound_value.bits, abs=0.01)
    assert all(slot.unbound_value is None for slot in together if slot.row == 1)
