"""Models that other libraries hold: a transformers pipeline, peft's adapters, TRL's value head and trainers."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from asking import BETA, BINDINGS, DECOY, Ask, hooks, text_pipeline
from conftest import TinyLlama
from families import CausalLM, copier
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from guardbind import Guard, GuardConfig, UnsupportedGenerationError
from guardbind.events import SlotRecord
from guardbind.guard import Handle

GREEDY: dict[str, Any] = {"do_sample": False, "max_new_tokens": 4}
OBSERVE = GuardConfig(policy="observe")
LORA: dict[str, Any] = {"task_type": "CAUSAL_LM", "r": 4, "target_modules": ["q_proj", "v_proj", "down_proj"]}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


def flat(slot: SlotRecord) -> list[float]:
    """Return everything measured at a slot as numbers."""
    assert slot.budget is not None
    measured = [slot.gate_gap, slot.value_gap, slot.margin, *slot.bits_by_binding, slot.budget.p1, slot.budget.p0]
    lens = [score for scores in slot.lens.values() for score in scores]
    return [float("nan") if number is None else number for number in measured + lens]


def same_slots(one: Handle, other: Handle) -> None:
    """Assert that the last calls of two guards saw the same."""
    ours, theirs = one.report.slots, other.report.slots
    assert len(ours) == len(theirs) > 0
    for left, right in zip(ours, theirs, strict=True):
        assert (left.step, left.verdict, left.token, left.final_token) == (
            right.step,
            right.verdict,
            right.token,
            right.final_token,
        )
        assert flat(left) == pytest.approx(flat(right), abs=1e-3, nan_ok=True)


class TestAdapters:
    @pytest.fixture
    def peft(self) -> Any:
        return pytest.importorskip("peft")

    @pytest.fixture
    def inputs(self, tiny_tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
        prompts = ["alpha = 17\nbeta = 42\nbeta = [", "Now:\nalpha = 17\nbeta = 42\nalpha = ["]
        return dict(tiny_tokenizer(prompts, return_tensors="pt", padding=True))

    @staticmethod
    def adapted(peft: Any, base: CausalLM, *names: str) -> Any:
        """Put a LoRA adapter of random weights on a model for each name; the first is active."""
        first, *others = names or ("default",)
        model = peft.get_peft_model(base, peft.LoraConfig(**LORA), adapter_name=first)
        for name in others:
            model.add_adapter(name, peft.LoraConfig(**LORA))
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_" in name:
                    parameter.normal_(0, 0.3, generator=generator)
        return model.eval()

    @staticmethod
    def attached(
        model: Any, tokenizer: PreTrainedTokenizerBase, config: GuardConfig = OBSERVE, rows: int = 2
    ) -> Handle:
        return Guard(model, tokenizer, config).attached([BINDINGS] * rows)

    def test_a_guard_that_observes_changes_nothing(
        self, peft: Any, inputs: dict[str, Any], tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        model = self.adapted(peft, tiny_llama())
        free = model.generate(**inputs, do_sample=False, max_new_tokens=8)
        with model.disable_adapter():
            assert not torch.equal(free, model.generate(**inputs, do_sample=False, max_new_tokens=8))
        with self.attached(model, tiny_tokenizer) as handle:
            assert torch.equal(model.generate(**inputs, do_sample=False, max_new_tokens=8), free)
        assert [slot.budget is not None for slot in handle.report.slots[:2]] == [True, True]
        assert torch.equal(model.generate(**inputs, do_sample=False, max_new_tokens=8), free)
        assert "generate" not in vars(model)
        assert hooks(model) == 0

    @pytest.mark.parametrize("null", ["mask", "mask_rows", "mask_prefill", "redact"])
    def test_it_reads_what_it_reads_of_the_merged_model(
        self,
        null: str,
        peft: Any,
        inputs: dict[str, Any],
        tiny_llama: TinyLlama,
        tiny_tokenizer: PreTrainedTokenizerBase,
    ) -> None:
        model = self.adapted(peft, tiny_llama())
        merged = copy.deepcopy(model).merge_and_unload()
        config = GuardConfig(policy="contrast", null=null, lens_layers="all", min_evidence_bits=0.01)
        with (
            self.attached(model, tiny_tokenizer, config) as handle,
            self.attached(merged, tiny_tokenizer, config) as reference,
        ):
            written = [one.generate(**inputs, **GREEDY) for one in (model, merged)]
        assert torch.equal(*written)
        same_slots(handle, reference)

    def test_without_the_adapter_it_reads_the_base_model(
        self, peft: Any, inputs: dict[str, Any], tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        model, base = self.adapted(peft, tiny_llama()), tiny_llama()
        with (
            self.attached(model, tiny_tokenizer) as handle,
            self.attached(base, tiny_tokenizer) as reference,
        ):
            model.generate(**inputs, **GREEDY)
            base.generate(**inputs, **GREEDY)
            with model.disable_adapter():
                model.generate(**inputs, **GREEDY)
        same_slots(handle, reference)
        adapted, plain = handle.reports
        assert flat(adapted.slots[0]) != pytest.approx(flat(plain.slots[0]), abs=1e-3, nan_ok=True)

    def test_the_active_adapter_is_the_one_that_is_read(
        self, peft: Any, inputs: dict[str, Any], tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        model = self.adapted(peft, tiny_llama(), "one", "two")
        with self.attached(model, tiny_tokenizer) as handle:
            for name in ("two", "one"):
                model.set_adapter(name)
                model.generate(**inputs, **GREEDY)
                merged = copy.deepcopy(model).merge_and_unload(adapter_names=[name])
                with self.attached(merged, tiny_tokenizer) as reference:
                    merged.generate(**inputs, **GREEDY)
                same_slots(handle, reference)

    def test_a_failure_is_repaired(self, peft: Any, ask: Ask) -> None:
        # An adapter that is new changes nothing yet, so the model fails as it does without.
        config = peft.LoraConfig(task_type="CAUSAL_LM", target_modules=["c_attn"], fan_in_fan_out=True)
        first, last = (peft.get_peft_model(copy.deepcopy(m), config).eval() for m in (ask.first, ask.last))
        assert ask.free(first, BETA) == "17]\n"
        assert ask(first, BETA).text == ["42]\n"]
        restated = ask(last, DECOY, GuardConfig(policy="checkpoint"))
        assert restated.text == ["42]\n"]
        assert [record.action for record in restated.report.interventions if record.kept] == ["checkpoint"]

    def test_in_a_pipeline(self, peft: Any, ask: Ask) -> None:
        config = peft.LoraConfig(task_type="CAUSAL_LM", target_modules=["c_attn"], fan_in_fan_out=True)
        model = peft.get_peft_model(copy.deepcopy(ask.first), config).eval()
        pipe = text_pipeline(model, ask.tokenizer)
        with Guard(pipe.model, ask.tokenizer).attached(BINDINGS) as handle:
            assert pipe(BETA, return_full_text=False, **GREEDY) == [{"generated_text": "42]\n"}]
        assert handle.report.slots[0].final_verdict == "repaired"

    @pytest.mark.parametrize("kind", ["PromptTuningConfig", "PrefixTuningConfig", "PromptEncoderConfig"])
    def test_virtual_tokens_are_refused(
        self,
        kind: str,
        peft: Any,
        inputs: dict[str, Any],
        tiny_llama: TinyLlama,
        tiny_tokenizer: PreTrainedTokenizerBase,
    ) -> None:
        config = getattr(peft, kind)(task_type="CAUSAL_LM", num_virtual_tokens=3)
        model = peft.get_peft_model(tiny_llama(), config).eval()
        with pytest.raises(UnsupportedGenerationError, match=r"'default' puts virtual tokens.*get_base_model"):
            Guard(model, tiny_tokenizer)
        base = tiny_llama()
        with (
            self.attached(model.get_base_model(), tiny_tokenizer) as handle,
            self.attached(base, tiny_tokenizer) as reference,
        ):
            model.get_base_model().generate(**inputs, **GREEDY)
            base.generate(**inputs, **GREEDY)
        same_slots(handle, reference)

    def test_an_adapter_of_some_tokens_is_refused(
        self, peft: Any, tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        config = peft.LoraConfig(**LORA, alora_invocation_tokens=[5, 6])
        model = peft.get_peft_model(tiny_llama(), config).eval()
        with pytest.raises(UnsupportedGenerationError, match=r"activated LoRA.*unload"):
            Guard(model, tiny_tokenizer)
        Guard(model.unload(), tiny_tokenizer)

    def test_an_adapter_for_each_row_is_refused(
        self, peft: Any, inputs: dict[str, Any], tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        model = self.adapted(peft, tiny_llama(), "one", "two")
        with (
            self.attached(model, tiny_tokenizer),
            pytest.raises(UnsupportedGenerationError, match=r"adapter_names.*set_adapter"),
        ):
            model.generate(**inputs, adapter_names=["one", "two"], **GREEDY)


class WithValueHead(nn.Module):
    """Puts a value head beside a model the way TRL does: `generate` is handed on, `forward` returns no logits."""

    def __init__(self, pretrained_model: nn.Module, hidden: int) -> None:
        super().__init__()
        self.pretrained_model: CausalLM = pretrained_model
        self.config = pretrained_model.config
        self.v_head = nn.Linear(hidden, 1)

    def forward(self, input_ids: Tensor, **kwargs: Any) -> tuple[Tensor, Tensor]:
        output = self.pretrained_model(input_ids, output_hidden_states=True, **kwargs)
        return output.logits, self.v_head(output.hidden_states[-1]).squeeze(-1)

    def generate(self, *args: Any, **kwargs: Any) -> Any:
        return self.pretrained_model.generate(*args, **kwargs)


class TestValueHeads:
    @pytest.fixture(params=["alike", "trl"])
    def model(self, request: pytest.FixtureRequest, ask: Ask) -> nn.Module:
        if request.param == "alike":
            return WithValueHead(ask.first, ask.first.config.hidden_size).eval()
        ppo = pytest.importorskip("trl.experimental.ppo")
        wrapped: nn.Module = ppo.AutoModelForCausalLMWithValueHead.from_pretrained(copy.deepcopy(ask.first)).eval()
        return wrapped

    def test_it_is_guarded(self, model: Any, ask: Ask) -> None:
        free = model.generate(**ask.inputs(BETA), **GREEDY)
        assert ask(model, BETA).text == ["42]\n"]
        with Guard(model, ask.tokenizer, OBSERVE).attached(BINDINGS) as handle:
            assert torch.equal(model.generate(**ask.inputs(BETA), **GREEDY), free)
            assert torch.equal(model.generate(ask.inputs(BETA)["input_ids"], **GREEDY), free)
        assert [report.slots[0].verdict for report in handle.reports] == ["binding_failure"] * 2
        assert "generate" not in vars(model)
        assert hooks(model) == 0

    def test_its_values_are_its_own(self, model: Any, ask: Ask) -> None:
        """The guard hooks the model inside, and hands out what the wrapper gives."""
        ids = ask.inputs(BETA)["input_ids"]
        with torch.no_grad(), Guard(model, ask.tokenizer).attached(BINDINGS):
            guarded = model(ids)
        with torch.no_grad():
            free = model(ids)
        assert torch.equal(guarded[-1], free[-1])

    def test_over_an_adapter(self, ask: Ask) -> None:
        peft = pytest.importorskip("peft")
        config = peft.LoraConfig(task_type="CAUSAL_LM", target_modules=["c_attn"], fan_in_fan_out=True)
        inner = peft.get_peft_model(copy.deepcopy(ask.first), config)
        assert ask(WithValueHead(inner, 8).eval(), BETA).text == ["42]\n"]

    def test_virtual_tokens_under_it_are_refused(self, ask: Ask) -> None:
        peft = pytest.importorskip("peft")
        config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
        inner = peft.get_peft_model(copy.deepcopy(ask.first), config)
        with pytest.raises(UnsupportedGenerationError, match="virtual tokens"):
            Guard(WithValueHead(inner, 8), ask.tokenizer)

    @pytest.mark.parametrize("value", ["a name", nn.Linear(2, 2)])
    def test_what_only_has_the_name_is_no_wrapper(self, value: Any, ask: Ask) -> None:
        model = copy.deepcopy(copier(ask.tokenizer))
        model.pretrained_model = value
        assert ask(model, BETA).text == ["42]\n"]


class TestTrainers:
    def test_the_samples_of_a_trainer_are_guarded(
        self, tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerBase, tmp_path: Path
    ) -> None:
        trl, datasets = pytest.importorskip("trl"), pytest.importorskip("datasets")
        model = tiny_llama()
        settings = trl.GRPOConfig(
            output_dir=str(tmp_path),
            per_device_train_batch_size=2,
            num_generations=2,
            max_completion_length=4,
            max_steps=2,
            use_cpu=True,
            bf16=False,
            report_to=[],
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
        )
        trainer = trl.GRPOTrainer(
            model,
            reward_funcs=lambda completions, **_: [float(len(text)) for text in completions],
            args=settings,
            train_dataset=datasets.Dataset.from_dict({"prompt": [BETA] * 2}),
            processing_class=tiny_tokenizer,
        )
        before = copy.deepcopy(model.state_dict())
        with Guard(trainer.model, tiny_tokenizer, OBSERVE).attached([BINDINGS] * 2) as handle:
            trainer.train()
        assert len(handle.reports) == 2
        assert all(report.row(row)[0].budget is not None for report in handle.reports for row in range(2))
        assert any(not torch.equal(before[name], value) for name, value in model.state_dict().items())
        assert "generate" not in vars(model)

    def test_a_model_unwrapped_for_generation(self, tiny_llama: TinyLlama, ask: Ask) -> None:
        utils, accelerate = pytest.importorskip("trl.models.utils"), pytest.importorskip("accelerate")
        model = tiny_llama()
        accelerator = accelerate.Accelerator(cpu=True)
        prepared = accelerator.prepare_model(model)
        with (
            Guard(model, ask.tokenizer, OBSERVE).attached(BINDINGS) as handle,
            utils.unwrap_model_for_generation(prepared, accelerator) as unwrapped,
        ):
            unwrapped.generate(**ask.inputs(BETA), **GREEDY)
        assert handle.report.slots[0].budget is not None
