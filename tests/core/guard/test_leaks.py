"""What a guard has seen is let go of: models, caches and tensors are freed after detach."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from conftest import TinyLlama
from families import CausalLM
from transformers import PreTrainedTokenizerBase

from guardbind import AttendConfig, Binding, BindingFailureError, CheckpointConfig, Guard, GuardConfig
from guardbind.policies import Slot

PROMPT = "alpha = 17\nbeta = 42\nbeta = ["
BINDINGS = [Binding("alpha", "17"), Binding("beta", "42")]
CONFIGS = {
    "default": GuardConfig(min_evidence_bits=0.01),
    "checkpoint": GuardConfig(policy="checkpoint", checkpoint=CheckpointConfig(placement="slot")),
    "attend": GuardConfig(policy="attend", min_evidence_bits=0.01),
    "attend in a layer": GuardConfig(policy="attend", attend=AttendConfig(layers=(1,))),
    "envelope": GuardConfig(envelope=("mask_prefill", "redact"), lens_layers="all"),
}


@pytest.fixture(autouse=True)
def no_cycles_by_chance() -> Iterator[None]:
    """Collect before each test, and have the collector look at what the test makes alone, which is little."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def inputs(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    return dict(tokenizer(PROMPT, return_tensors="pt"))


def tensors() -> list[torch.Tensor]:
    gc.collect()
    return [thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor)]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_model_is_freed_with_its_guard(
    config: GuardConfig, tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = tiny_llama()
    guard = Guard(model, tiny_tokenizer, config)
    output = guard.generate(**inputs(tiny_tokenizer), bindings=BINDINGS, max_new_tokens=6, do_sample=False)
    gone = [weakref.ref(thing) for thing in (model, guard, model.lm_head)]
    del model, guard
    gc.collect()
    assert [reference() for reference in gone] == [None] * len(gone)
    assert output.report.slots


def test_a_model_is_freed_though_the_guard_was_never_detached(
    tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = tiny_llama()
    handle = Guard(model, tiny_tokenizer).attach(BINDINGS)
    model.generate(**inputs(tiny_tokenizer), max_new_tokens=3)
    assert handle.report.slots
    gone = weakref.ref(model)
    del model, handle
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_calls_leave_no_tensor_behind(
    config: GuardConfig, tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model, given = tiny_llama(), inputs(tiny_tokenizer)
    guard = Guard(model, tiny_tokenizer, config)
    guard.attach(BINDINGS).detach()
    before = len(tensors())
    with guard.attached(BINDINGS) as handle:
        for _ in range(3):
            model.generate(**given, max_new_tokens=6, do_sample=False)
            assert len(tensors()) <= before
    assert len(handle.reports) == 3


def test_a_cache_is_freed_when_the_call_returns(tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    model = tiny_llama()
    guard = Guard(model, tiny_tokenizer, GuardConfig(lens_layers="all"))
    seen: list[weakref.ref[Any]] = []

    def note(_module: Any, _inputs: Any, output: Any) -> None:
        seen.extend(weakref.ref(thing) for thing in (output.past_key_values, output.logits) if thing is not None)

    handle = guard.attach(BINDINGS)
    hook = model.register_forward_hook(note)
    model.generate(**inputs(tiny_tokenizer), max_new_tokens=6)
    hook.remove()
    gc.collect()
    assert len(seen) >= 12
    assert [reference() for reference in seen if reference() is not None] == []
    handle.detach()


def test_an_exception_holds_on_to_nothing_once_it_is_gone(
    tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = tiny_llama()
    slots: list[weakref.ref[Any]] = []

    def stop(slot: Slot) -> str:
        slots.append(weakref.ref(slot.logits))
        return "raise"

    guard = Guard(model, tiny_tokenizer, GuardConfig(policy=stop, min_evidence_bits=50.0))
    with pytest.raises(BindingFailureError):
        guard.generate(**inputs(tiny_tokenizer), bindings=BINDINGS, max_new_tokens=6)
    gone = weakref.ref(model)
    del model, guard
    gc.collect()
    assert gone() is None
    assert [slot() for slot in slots] == [None]


def test_kept_readouts_hold_no_model(tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    model: CausalLM = tiny_llama()
    guard = Guard(model, tiny_tokenizer, GuardConfig(policy="observe", keep_readouts=True))
    output = guard.generate(**inputs(tiny_tokenizer), bindings=BINDINGS, max_new_tokens=3)
    gone = weakref.ref(model)
    del model, guard
    gc.collect()
    assert gone() is None
    for readout in output.report.readouts:
        assert readout.logits.shape == (len(tiny_tokenizer),)
        assert readout.residual.shape == (32,)
        assert set(readout.nulls) == {0, 1}
