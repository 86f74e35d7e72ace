"""Verdicts, slots, batches, handles and caches of a guard."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from asking import ALPHA, BETA, BINDINGS, DECOY, STATED, Ask, verdicts
from conftest import TinyLlama
from families import CausalLM, copier, speaking
from torch import Tensor, nn
from transformers import DynamicCache, LogitsProcessor, PreTrainedTokenizerBase

import guardbind.generation.call as call_module
import guardbind.guard as guard_module
from guardbind import Binding, BindingFailureError, Guard, GuardbindError, GuardConfig, Target


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


class TestVerdicts:
    def test_the_right_value_for_the_right_reason(self, ask: Ask) -> None:
        output = ask(ask.first, ALPHA)
        (slot,) = output.report.slots
        assert output.text == ["17]\n"]
        assert output.report.ok
        assert (slot.verdict, slot.action, slot.kind, slot.resolved_by) == ("ok", "none", "line_end", "slot_prefix")
        assert slot.target == slot.rests_on == 0
        assert slot.evidence_bits is not None
        assert slot.evidence_bits > 10
        assert slot.gate_gap is not None
        assert slot.gate_gap > 0
        assert slot.value_gap is not None
        assert slot.value_gap > 0

    def test_another_value_of_the_context(self, ask: Ask) -> None:
        output = ask(ask.first, BETA, GuardConfig(policy="observe"))
        (slot,) = output.report.slots
        assert output.text == [ask.free(ask.first, BETA)] == ["17]\n"]
        assert (slot.verdict, slot.final_verdict, slot.action) == ("binding_failure", "binding_failure", "none")
        assert (slot.target, slot.rests_on) == (1, 0)
        assert slot.max_probability > 0.5
        assert slot.evidence_bits is not None
        assert slot.evidence_bits < 1
        assert slot.gate_gap is not None
        assert slot.gate_gap > 0
        assert slot.value_gap is not None
        assert slot.value_gap < 0
        assert not output.report.ok

    def test_no_value_at_all(self, ask: Ask) -> None:
        (slot,) = ask(ask.last, DECOY, GuardConfig(policy="observe")).report.slots
        assert slot.verdict == "gate_failure"
        assert slot.gate_gap is not None
        assert slot.gate_gap < 0

    def test_the_right_value_from_somewhere_else(self, ask: Ask) -> None:
        (slot,) = ask(ask.first, "\nx=[17]" + ALPHA).report.slots
        assert (slot.verdict, slot.action) == ("unsupported", "none")
        assert slot.gate_gap is not None
        assert slot.gate_gap > 0

    def test_a_value_that_is_not_in_the_prompt(self, ask: Ask) -> None:
        absent = [*BINDINGS, Binding("gamma", "63")]
        (slot,) = ask(ask.first, BETA, bindings=absent, target="gamma").report.slots
        assert (slot.verdict, slot.action, slot.budget) == ("absent", "none", None)

    @pytest.mark.parametrize("what", ["leave", "abstain", "raise"])
    def test_a_target_that_cannot_be_told(self, what: Any, ask: Ask) -> None:
        config = GuardConfig(on_unresolved=what)
        prompt = STATED + "who=["
        if what == "raise":
            with pytest.raises(BindingFailureError, match=r"target is unresolved.*Declare target"):
                ask(ask.first, prompt, config)
            return
        output = ask(ask.first, prompt, config)
        assert set(verdicts(output.report)) == {"unresolved"}
        assert output.text == ([""] if what == "abstain" else [ask.free(ask.first, prompt)])

    def test_a_declared_target_goes_before_what_the_text_says(self, ask: Ask) -> None:
        (slot,) = ask(ask.first, BETA, target="alpha").report.slots
        assert (slot.verdict, slot.target, slot.resolved_by) == ("ok", 0, "declared")

    def test_a_reassigned_key(self, ask: Ask) -> None:
        history = [Binding("beta", "17"), Binding("beta", "42")]
        prompt = "\nbeta=[17]\nbeta=[42]\nbeta=["
        for target, text in (("beta", "42]\n"), (Target("beta", "first"), "17]\n"), (Target("beta", "last"), "42]\n")):
            assert ask(ask.first, prompt, bindings=history, target=target).text == [text]


class TestSlots:
    named = STATED + "beta"

    def test_where_the_model_starts_a_candidate(self, ask: Ask) -> None:
        output = ask(ask.first, self.named, GuardConfig(slots=("automatic",)), new=6)
        (slot,) = output.report.slots
        assert ask.free(ask.first, self.named, 6) == "=[17]\n"
        assert output.text == ["=[42]\n"]
        assert (slot.kind, slot.step, slot.target, slot.resolved_by) == ("automatic", 2, 1, "slot_prefix")

    def test_a_coincidence_is_no_slot(self, ask: Ask) -> None:
        prompt = "\ncount(17)" + STATED + "count"
        output = ask(ask.first, prompt, GuardConfig(slots=("automatic",)), new=4)
        assert output.text == ["(17)"]
        assert output.report.slots == ()

    def test_where_a_pattern_ends(self, ask: Ask) -> None:
        output = ask(ask.first, self.named, GuardConfig(slots=(), patterns=(r"=\[",)), new=6)
        (slot,) = output.report.slots
        assert output.text == ["=[42]\n"]
        assert (slot.kind, slot.step) == ("pattern", 2)
        assert ask(ask.first, self.named, GuardConfig(slots=(), patterns=(r"=\[x",)), new=6).report.slots == ()

    def test_at_the_end_of_any_prompt(self, ask: Ask) -> None:
        prompt = STATED + "beta=[\n"
        assert ask(ask.first, prompt, GuardConfig(slots=("line_end",)), new=1).report.slots == ()
        (slot,) = ask(ask.first, prompt, GuardConfig(slots=("prompt_end",)), new=1).report.slots
        assert slot.kind == "prompt_end"

    def test_nowhere(self, ask: Ask) -> None:
        output = ask(ask.first, BETA, GuardConfig(slots=()))
        assert output.text == ["17]\n"]
        assert output.report.slots == ()
        assert output.report.ok

    def test_several_in_one_answer(self, ask: Ask) -> None:
        prompt = "(alpha=[17];beta=[42]\nalpha"
        output = ask(ask.first, prompt, GuardConfig(slots=("automatic",)), new=12)
        assert ask.free(ask.first, prompt, 12) == "=[17];beta=[17]"
        assert output.text == ["=[17];beta=[42]"]
        assert [(slot.target, slot.verdict, slot.final_verdict) for slot in output.report.slots] == [
            (0, "ok", "ok"),
            (1, "binding_failure", "repaired"),
        ]


class TestBatches:
    def test_rows_end_on_their_own(self, ask: Ask) -> None:
        """One row abstains, one goes on; what a row that has ended is filled with opens no slot."""
        output = ask(ask.first, [BETA, ALPHA], GuardConfig(policy="abstain"), bindings=[BINDINGS] * 2, new=12)
        assert output.text == ["", ask(ask.first, ALPHA, GuardConfig(policy="abstain"), new=12).text[0]]
        assert [slot.step for slot in output.report.row(0)] == [0]
        assert len(output.report.row(1)) > 1

    def test_a_row_that_a_stop_string_ends_opens_no_more_slots(self, ask: Ask) -> None:
        prompts = [ALPHA, STATED + "alpha"]
        how: dict[str, Any] = {"bindings": [BINDINGS] * 2, "new": 13, "stop_strings": ["]"], "tokenizer": ask.tokenizer}
        output = ask(ask.first, prompts, GuardConfig(policy="observe"), **how)
        assert output.text == ["17]", "=[17]"]
        assert all(slot.step <= 3 for slot in output.report.row(0))

    def test_several_sequences_of_one_row(self, ask: Ask) -> None:
        how: dict[str, Any] = {"do_sample": True, "top_k": 1, "num_return_sequences": 2}
        targets = ["beta", None]
        output = ask(ask.first, [STATED + "x=[", ALPHA], bindings=[BINDINGS] * 2, target=targets, **how)
        assert output.text == ["42]\n", "42]\n", "17]\n", "17]\n"]
        assert [output.report.row(row)[0].target for row in range(4)] == [1, 1, 0, 0]

    def test_each_row_has_its_own_source_and_bindings(self, ask: Ask) -> None:
        bindings = [[Binding("y", "42", span=(0, 9))], [Binding("alpha", "17"), Binding("beta", "42")]]
        output = ask(ask.first, [BETA, BETA], bindings=bindings, target=["y", None], source=["beta=[42]", None])
        assert output.text == ["42]\n", "42]\n"]

    def test_rows_that_are_shorter_than_the_tail(self, ask: Ask, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
        model = speaking("llama", tiny_tokenizer, seed=2)
        config = GuardConfig(policy="observe", tail_tokens=12)
        prompts, bindings = ["a=7\na=", STATED * 2 + "beta=["], [[Binding("a", "7")], BINDINGS]
        batch = ask(model, prompts, config, bindings=bindings, new=1)
        for row in range(2):
            (alone,), (slot,) = (
                ask(model, prompts[row], config, bindings=bindings[row], new=1).report.slots,
                batch.report.row(row),
            )
            assert slot.bits_by_binding == pytest.approx(alone.bits_by_binding, abs=1e-4)


class TestHandle:
    def test_it_guards_every_call_and_keeps_each_report(self, ask: Ask) -> None:
        guard = Guard(ask.first, ask.tokenizer)
        with guard.attached(BINDINGS) as handle:
            with pytest.raises(GuardbindError, match=r"no guarded call has finished"):
                _ = handle.report
            for prompt in (BETA, ALPHA, BETA):
                ask.first.generate(**ask.inputs(prompt), max_new_tokens=4, do_sample=False)
            handle.generate(**ask.inputs(ALPHA), max_new_tokens=4, do_sample=False)
        assert [report.slots[0].target for report in handle.reports] == [1, 0, 1, 0]
        assert handle.report is handle.reports[-1]
        assert ask.free(ask.first, BETA) == "17]\n"

    def test_one_stands_at_a_time(self, ask: Ask) -> None:
        guard = Guard(ask.first, ask.tokenizer)
        with guard.attached(BINDINGS):
            for again in (guard, Guard(ask.first, ask.tokenizer)):
                with pytest.raises(GuardbindError, match=r"attached to this model already.*Detach it first"):
                    again.attach(BINDINGS)
            with Guard(ask.last, ask.tokenizer).attached(BINDINGS):
                assert "generate" in vars(ask.last)
        assert "generate" not in vars(ask.first)

    def test_detaching_twice_is_fine_and_gives_back_what_was_there(self, ask: Ask, tiny_llama: TinyLlama) -> None:
        model = tiny_llama()
        original = model.generate
        calls = []

        def own(*args: Any, **kwargs: Any) -> Any:
            calls.append(1)
            return original(*args, **kwargs)

        model.generate = own
        handle = Guard(model, ask.tokenizer).attach(BINDINGS)
        model.generate(**ask.inputs(BETA), max_new_tokens=1)
        handle.detach()
        handle.detach()
        assert model.generate is own
        assert calls == [1]

    def test_the_callers_own_things_are_as_they_were(self, ask: Ask) -> None:
        class Banning(LogitsProcessor):
            def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
                scores[:, ask.tokenizer.encode("1")[0]] = -torch.inf
                return scores

        processors, inputs = [Banning()], ask.inputs(BETA)
        given = {name: value.clone() for name, value in inputs.items()}
        config = ask.first.generation_config.to_dict()
        guard = Guard(ask.first, ask.tokenizer, GuardConfig(policy="observe"))
        output = guard.generate(
            **inputs, bindings=BINDINGS, logits_processor=processors, max_new_tokens=2, do_sample=False
        )
        assert output.report.slots[0].token == ask.tokenizer.encode("4")[0]
        assert len(processors) == 1
        assert all(torch.equal(inputs[name], value) for name, value in given.items())
        assert ask.first.generation_config.to_dict() == config

    def test_a_guard_can_be_used_again(self, ask: Ask) -> None:
        guard = Guard(ask.first, ask.tokenizer, GuardConfig(max_interventions=1))
        texts = {
            guard.generate(**ask.inputs(BETA), bindings=BINDINGS, max_new_tokens=4, do_sample=False).text[0]
            for _ in range(3)
        }
        assert texts == {"42]\n"}

    def test_a_model_under_an_adapter_wrapper(self, ask: Ask) -> None:
        class Adapter(nn.Module):
            """As peft wraps a model."""

            def __init__(self, inner: CausalLM) -> None:
                super().__init__()
                self.inner = inner

            def get_base_model(self) -> CausalLM:
                return self.inner

            def generate(self, *args: Any, **kwargs: Any) -> Any:
                return self.inner.generate(*args, **kwargs)

        wrapped = Adapter(ask.first)
        assert ask(wrapped, BETA).text == ["42]\n"]
        assert "generate" not in vars(wrapped)


class TestCaches:
    @pytest.mark.parametrize("cache", ["none", "full", "static"])
    def test_any_cache_of_the_callers(self, cache: str, ask: Ask) -> None:
        def how() -> dict[str, Any]:
            if cache == "full":
                return {"past_key_values": DynamicCache()}
            return {"use_cache": False} if cache == "none" else {"cache_implementation": cache}

        for prompt, text in ((BETA, "42]\n"), (ALPHA, "17]\n")):
            assert ask(ask.first, prompt, **how()).text == [text]
        restated = ask(copier(ask.tokenizer, "last"), DECOY, GuardConfig(policy="checkpoint"), **how())
        assert restated.text == ["42]\n"]

    def test_a_prompt_that_is_read_in_chunks(self, ask: Ask) -> None:
        assert ask(ask.first, BETA, prefill_chunk_size=8).text == ["42]\n"]

    def test_padding_that_no_mask_tells_of(self, ask: Ask) -> None:
        inputs = ask.inputs([BETA, "\n\n" + ALPHA])
        guard = Guard(ask.first, ask.tokenizer)
        how: dict[str, Any] = {"bindings": [BINDINGS] * 2, "max_new_tokens": 4, "do_sample": False}
        output = guard.generate(inputs["input_ids"], **how)
        assert output.text == guard.generate(**inputs, **how).text == ["42]\n", "17]\n"]

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_low_precision_is_judged_too(self, dtype: torch.dtype, ask: Ask, tiny_llama: TinyLlama) -> None:
        model = tiny_llama().to(dtype)
        output = ask(model, BETA, GuardConfig(policy="observe"))
        assert "unresolved" not in verdicts(output.report)
        assert output.report.slots[0].budget is not None


def test_exports_are_sorted_and_exist() -> None:
    assert guard_module.__all__ == sorted(guard_module.__all__)
    assert all(hasattr(guard_module, name) for name in guard_module.__all__)


@pytest.mark.parametrize("attached", [False, True])
def test_a_call_is_checked_once(attached: bool, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def counted(name: str) -> None:
        checked = getattr(call_module, name)

        def check(*given: Any) -> Any:
            seen.append(name)
            return checked(*given)

        monkeypatch.setattr(call_module, name, check)

    names = ("named", "held_back", "refuse_unguardable", "prompt_ids")
    for name in names:
        counted(name)
    guard, arguments = Guard(ask.first, ask.tokenizer), {**ask.inputs(ALPHA), "max_new_tokens": 2}
    if attached:
        with guard.attached(BINDINGS):
            ask.first.generate(**arguments)
    else:
        guard.generate(**arguments, bindings=BINDINGS)
    assert sorted(seen) == sorted(names)
