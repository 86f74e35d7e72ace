"""A guard bears what else is done to its model: copies, files, other wrappers, interrupts, offloading, conversion."""

from __future__ import annotations

import copy
import gc
import io
import pickle
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from accelerate import cpu_offload, disk_offload, dispatch_model
from asking import BETA, BINDINGS, Ask, hooks
from conftest import TinyLlama
from families import CausalLM, copier
from transformers import PreTrainedTokenizerBase

from guardbind import Guard, GuardbindError, GuardConfig
from guardbind.generation.front import Front

NEW: dict[str, Any] = {"max_new_tokens": 4, "do_sample": False}


@pytest.fixture(scope="module")
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


@pytest.fixture
def model(ask: Ask) -> CausalLM:
    # A new one: what others had the shared one record cannot be pickled.
    return copier.__wrapped__(ask.tokenizer, "first")


def saved(model: CausalLM) -> Any:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


COPIES: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "torch.save": saved,
}


class TestCopies:
    @pytest.mark.parametrize("how", COPIES)
    def test_a_copy_is_whole_unguarded_and_its_own(self, how: str, ask: Ask, model: CausalLM) -> None:
        inputs, free = ask.inputs(BETA), ask.free(model, BETA)
        with Guard(model, ask.tokenizer).attached(BINDINGS) as handle:
            copied = COPIES[how](model)
            assert ask.free(copied, BETA) == free
            assert handle.reports == ()
            with torch.no_grad():
                for parameter in copied.parameters():
                    parameter.zero_()
            written = copied.generate(**inputs, **NEW)[0, inputs["input_ids"].shape[1] :]
            assert len(set(written.tolist())) == 1  # with weights of its own
            assert ask.free(model, BETA) == "42]\n"
            assert ask.free(COPIES[how](copied), BETA) == ask.free(copied, BETA)
        assert len(handle.reports) == 1
        with Guard(copied, ask.tokenizer).attached(BINDINGS) as second:
            copied.generate(**inputs, **NEW)
        assert second.report is not handle.report

    @pytest.mark.parametrize("how", COPIES)
    def test_a_copy_that_is_made_while_a_call_runs_has_idle_hooks(self, how: str, ask: Ask, model: CausalLM) -> None:
        copies: list[Any] = []

        class Copying:
            def put(self, _value: Any) -> None:
                if not copies:
                    copies.append(COPIES[how](model))

            def end(self) -> None: ...

        guard = Guard(model, ask.tokenizer, GuardConfig(lens_layers="all"))
        output = guard.generate(**ask.inputs(BETA), bindings=BINDINGS, streamer=Copying(), **NEW)
        assert output.text == ["42]\n"]
        (copied,) = copies
        assert hooks(copied) == 2 + len(model.transformer.h)
        assert ask.free(copied, BETA) == "17]\n"
        assert Guard(copied, ask.tokenizer).generate(**ask.inputs(BETA), bindings=BINDINGS, **NEW).text == ["42]\n"]

    def test_a_file_needs_no_guardbind(self, ask: Ask, tiny_llama: TinyLlama) -> None:
        model = tiny_llama()
        with Guard(model, ask.tokenizer).attached(BINDINGS):
            assert b"guardbind" not in pickle.dumps(model)


class Wrapper:
    """Wraps `generate` as other libraries do, and counts."""

    def __init__(self, model: CausalLM) -> None:
        self.model, self.calls = model, 0
        self.before = vars(model).get("generate")
        inner = model.generate

        def generate(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            return inner(*args, **kwargs)

        model.generate = generate

    def undo(self) -> None:
        if self.before is None:
            del self.model.generate
        else:
            self.model.generate = self.before


class TestWrappers:
    def test_one_that_came_before_is_called_and_is_back_afterwards(self, ask: Ask, model: CausalLM) -> None:
        wrapper = Wrapper(model)
        theirs = model.generate
        with Guard(model, ask.tokenizer).attached(BINDINGS) as handle:
            assert ask.free(model, BETA) == "42]\n"
            assert ask.free(copy.deepcopy(model), BETA) == "17]\n"
        assert (wrapper.calls, len(handle.reports)) == (2, 1)
        assert model.generate is theirs

    def test_one_that_came_later_stays_when_the_guard_goes(self, ask: Ask, model: CausalLM) -> None:
        handle = Guard(model, ask.tokenizer).attach(BINDINGS)
        wrapper = Wrapper(model)
        assert ask.free(model, BETA) == "42]\n"
        handle.detach()
        assert ask.free(model, BETA) == "17]\n"
        assert (wrapper.calls, len(handle.reports)) == (2, 1)
        wrapper.undo()  # which puts back what it had found: a guard that has gone
        assert ask.free(model, BETA) == "17]\n"
        with Guard(model, ask.tokenizer).attached(BINDINGS) as again:
            assert ask.free(model, BETA) == "42]\n"
        assert (len(handle.reports), len(again.reports)) == (1, 1)
        assert "generate" not in vars(model)

    def test_one_that_goes_first_takes_the_guard_along(self, ask: Ask, model: CausalLM) -> None:
        wrapper = Wrapper(model)
        handle = Guard(model, ask.tokenizer).attach(BINDINGS)
        wrapper.undo()
        assert ask.free(model, BETA) == "17]\n"
        handle.detach()
        assert "generate" not in vars(model)

    def test_a_second_guard_is_refused_though_a_wrapper_hides_the_first(self, ask: Ask, model: CausalLM) -> None:
        with Guard(model, ask.tokenizer).attached(BINDINGS):
            wrapper = Wrapper(model)
            with pytest.raises(GuardbindError, match="attached to this model already"):
                Guard(model, ask.tokenizer).attach(BINDINGS)
            wrapper.undo()
        assert "generate" not in vars(model)

    def test_a_guarded_call_goes_through_them(self, ask: Ask, model: CausalLM) -> None:
        wrapper = Wrapper(model)
        output = Guard(model, ask.tokenizer).generate(**ask.inputs(BETA), bindings=BINDINGS, **NEW)
        assert (output.text, wrapper.calls) == (["42]\n"], 1)

    def test_a_class_that_is_patched_later_is_called(self, ask: Ask, tiny_llama: TinyLlama) -> None:
        model = tiny_llama()
        kind = type(model)
        calls: list[int] = []

        def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.append(1)
            return kind.generate(self, *args, **kwargs)

        class Patched(kind):  # type: ignore[misc, valid-type]
            pass

        model.__class__ = Patched
        with Guard(model, ask.tokenizer, GuardConfig(policy="observe")).attached(BINDINGS) as handle:
            Patched.generate = counted
            model.generate(**ask.inputs(BETA), **NEW)
        assert (calls, len(handle.reports)) == ([1], 1)


class TestHandlesThatAreDropped:
    def test_an_interrupt_before_the_block_leaves_nothing(
        self, ask: Ask, model: CausalLM, caplog: pytest.LogCaptureFixture
    ) -> None:
        def begin(guard: Guard) -> None:
            _made = guard.attached(BINDINGS)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt) as caught:
            begin(Guard(model, ask.tokenizer))
        del caught
        gc.collect()
        assert "generate" not in vars(model)
        assert "handle of an attached guard was dropped" in caplog.text

    def test_an_interrupt_while_it_takes_its_place_leaves_nothing(
        self, ask: Ask, model: CausalLM, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stand = Front.stand

        def interrupted(front: Front) -> None:
            stand(front)
            raise KeyboardInterrupt

        monkeypatch.setattr(Front, "stand", interrupted)
        with pytest.raises(KeyboardInterrupt) as caught:
            Guard(model, ask.tokenizer).attach(BINDINGS)
        del caught
        gc.collect()
        assert "generate" not in vars(model)

    def test_what_was_kept_of_it_calls_the_model_plainly(self, ask: Ask, model: CausalLM) -> None:
        handle = Guard(model, ask.tokenizer).attach(BINDINGS)
        generate = handle.generate
        del handle
        gc.collect()
        inputs = ask.inputs(BETA)
        assert str(ask.tokenizer.decode(generate(**inputs, **NEW)[0])).endswith("17]\n")

    def test_it_is_gone_without_the_collector(self, ask: Ask, model: CausalLM) -> None:
        handle = Guard(model, ask.tokenizer).attach(BINDINGS)
        model.generate(**ask.inputs(BETA), **NEW)
        gc.disable()
        try:
            del handle
            assert "generate" not in vars(model)
        finally:
            gc.enable()


PLACES = {"model.embed_tokens": "cpu", "model.layers.0": "cpu", "model.layers.1": "disk", "model.norm": "cpu"}
PLACES |= {"model.rotary_emb": "cpu", "lm_head": "disk"}
CPU = torch.device("cpu")
OFFLOADED: dict[str, Callable[[CausalLM, str], Any]] = {
    "cpu_offload": lambda model, _folder: cpu_offload(model, execution_device=CPU),
    "disk_offload": lambda model, folder: disk_offload(model, folder, execution_device=CPU),
    "device_map": lambda model, folder: dispatch_model(
        model, PLACES, main_device="cpu", offload_dir=folder, force_hooks=True
    ),
}


class TestPlaces:
    """Random weights: compared are the readings, which need every forward of the guard's own."""

    CONFIGS = (GuardConfig(policy="observe", lens_layers="all"), GuardConfig(policy="observe", null="mask_prefill"))

    def read(self, model: CausalLM, ask: Ask, config: GuardConfig) -> list[Any]:
        report = Guard(model, ask.tokenizer, config).generate(**ask.inputs(BETA), bindings=BINDINGS, **NEW).report
        assert report.slots
        return [(slot.verdict, slot.bits_by_binding, slot.lens, slot.null_cost) for slot in report.slots]

    @pytest.mark.parametrize("how", OFFLOADED)
    def test_an_offloaded_model_is_read_as_one_that_is_not(self, how: str, ask: Ask, tiny_llama: TinyLlama) -> None:
        for config in self.CONFIGS:
            with tempfile.TemporaryDirectory() as folder:
                model = tiny_llama()
                OFFLOADED[how](model, folder)
                assert any(parameter.is_meta for parameter in model.parameters())
                assert self.read(model, ask, config) == self.read(tiny_llama(), ask, config)

    def test_a_model_that_is_converted_between_calls(self, ask: Ask, tiny_llama: TinyLlama) -> None:
        model, config = tiny_llama(), self.CONFIGS[0]
        guard = Guard(model, ask.tokenizer, config)
        seen = []
        for dtype in (torch.float32, torch.bfloat16, torch.float64):
            model.to(dtype)
            output = guard.generate(**ask.inputs(BETA), bindings=BINDINGS, **NEW)
            slot = output.report.slots[0]
            assert all(value is not None for value in (*slot.bits_by_binding, *slot.lens[1]))
            seen.append(slot)
        assert [slot.provenance and slot.provenance.dtype for slot in seen] == ["float32", "bfloat16", "float64"]
        assert seen[0].bits_by_binding[0] == pytest.approx(seen[2].bits_by_binding[0], abs=0.05)

    def test_int8_weights_of_torchao(self, ask: Ask, tiny_llama: TinyLlama) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torchao = pytest.importorskip("torchao.quantization")
        model, config = tiny_llama(), self.CONFIGS[1]
        torchao.quantize_(model, torchao.Int8WeightOnlyConfig())
        assert "Int8" in type(model.lm_head.weight).__name__ + type(model.model.layers[0].mlp.up_proj.weight).__name__
        (_, bits, _, _), (_, plain, _, _) = self.read(model, ask, config)[0], self.read(tiny_llama(), ask, config)[0]
        assert bits == pytest.approx(plain, abs=1.0)
