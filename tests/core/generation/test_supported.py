"""What cannot be guarded whole is refused before anything runs, with what to do instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from conftest import TinyLlama
from families import MODERN, CausalLM, Family, build, speaking
from transformers import AutoModelForSeq2SeqLM, GenerationConfig, PreTrainedTokenizerBase, T5Config

import guardbind.generation.supported as refusals
from guardbind import (
    Binding,
    Guard,
    GuardConfig,
    HookBypassedError,
    NullUnavailableError,
    UnknownArchitectureError,
    UnsupportedGenerationError,
)
from guardbind.generation.settings import reshapes, setting

PROMPT = "alpha = 17\nbeta = 42\nbeta = ["
BINDINGS = [Binding("alpha", "17"), Binding("beta", "42")]


@pytest.fixture
def model(tiny_llama: TinyLlama) -> CausalLM:
    """A model of its own for each test: what is refused must leave it as it was."""
    return tiny_llama()


@pytest.fixture
def inputs(tiny_tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    return dict(tiny_tokenizer(PROMPT, return_tensors="pt"))


def loop(*_: Any, **__: Any) -> None:
    """Stand in for a decoding loop of the caller's own."""


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "beams": ({"num_beams": 2}, r"beam search \(num_beams=2\).*Set num_beams=1"),
    "beam groups": ({"num_beams": 2, "num_beam_groups": 2}, r"Set num_beams=1"),
    "prompt lookup": ({"prompt_lookup_num_tokens": 3}, r"assisted generation.*Leave out.*prompt_lookup_num_tokens"),
    "early exit": ({"assistant_early_exit": 1}, r"assisted generation.*assistant_early_exit"),
    "guidance": ({"guidance_scale": 1.5}, r"guidance \(guidance_scale=1.5\).*Leave out guidance_scale"),
    "paged cache": ({"cache_implementation": "paged"}, r"paged cache.*'static' cache"),
    "custom loop": ({"custom_generate": loop}, r"custom_generate.*Leave it out"),
    "dola": ({"dola_layers": "low"}, r"DoLa.*Leave out dola_layers"),
    "contrastive search": ({"penalty_alpha": 0.6, "top_k": 4}, r"contrastive search.*Leave out penalty_alpha"),
    "forced words": ({"force_words_ids": [[5]]}, r"constrained beam search"),
    "embeddings": ({"inputs_embeds": torch.zeros(1, 4, 32)}, r"inputs_embeds.*Give input_ids"),
}


def check(generate: Callable[..., Any], model: CausalLM, message: str, **arguments: Any) -> None:
    calls: list[int] = []
    counter = model.register_forward_pre_hook(lambda *_: calls.append(1))
    weights = {name: parameter.clone() for name, parameter in model.named_parameters()}
    with pytest.raises(UnsupportedGenerationError, match=message) as caught:
        generate(**arguments)
    assert caught.value.hint
    counter.remove()
    assert calls == []
    assert "generate" not in vars(model)
    assert all(torch.equal(parameter, weights[name]) for name, parameter in model.named_parameters())


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_as_an_argument(
    name: str, model: CausalLM, inputs: dict[str, Any], tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    arguments, message = REFUSED[name]
    guard = Guard(model, tiny_tokenizer)
    check(guard.generate, model, message, **inputs, bindings=BINDINGS, **arguments)


@pytest.mark.parametrize("name", ["beams", "prompt lookup", "guidance", "paged cache"])
@pytest.mark.parametrize("place", ["given", "positional", "model"])
def test_it_is_refused_wherever_it_is_set(
    name: str,
    place: str,
    model: CausalLM,
    inputs: dict[str, Any],
    tiny_tokenizer: PreTrainedTokenizerBase,
) -> None:
    settings, message = REFUSED[name]
    guard = Guard(model, tiny_tokenizer)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    config = GenerationConfig(max_new_tokens=2)
    for field, value in settings.items():
        setattr(model.generation_config if place == "model" else config, field, value)
    if place == "given":
        check(guard.generate, model, message, **inputs, bindings=BINDINGS, generation_config=config)
    elif place == "positional":
        check(
            lambda **more: guard.generate(ids, config, attention_mask=mask, **more), model, message, bindings=BINDINGS
        )
    else:
        check(guard.generate, model, message, **inputs, bindings=BINDINGS)
        check(guard.generate, model, message, **inputs, bindings=BINDINGS, generation_config=config)


def test_a_refused_call_leaves_the_guard_where_it_stands(
    model: CausalLM, inputs: dict[str, Any], tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    with Guard(model, tiny_tokenizer).attach(BINDINGS) as handle:
        with pytest.raises(UnsupportedGenerationError):
            model.generate(**inputs, num_beams=2)
        assert handle.reports == ()
        model.generate(**inputs, max_new_tokens=2)
    assert len(handle.report.slots) >= 1


def test_an_assistant_is_refused(
    model: CausalLM, inputs: dict[str, Any], tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    guard = Guard(model, tiny_tokenizer)
    assistant = build(Family("llama", MODERN), vocab_size=len(tiny_tokenizer))
    check(guard.generate, model, "Leave out assistant_model", **inputs, bindings=BINDINGS, assistant_model=assistant)


def test_a_compiled_decode_is_refused_until_it_is_switched_off(
    model: CausalLM, inputs: dict[str, Any], tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    from transformers.generation.configuration_utils import CompileConfig

    guard = Guard(model, tiny_tokenizer)
    asked = {**inputs, "bindings": BINDINGS, "compile_config": CompileConfig(), "max_new_tokens": 2}
    check(guard.generate, model, r"compiled decoding.*disable_compile=True", **asked)
    output = guard.generate(**asked, disable_compile=True)
    assert output.report.slots


def test_a_compiled_model_is_refused(model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    guard = Guard(model, tiny_tokenizer)
    with pytest.raises(UnsupportedGenerationError, match=r"torch.compile.*uncompiled"):
        Guard(cast(Any, torch.compile(model)), tiny_tokenizer)
    model.forward = torch.compile(model.forward)
    with pytest.raises(UnsupportedGenerationError, match=r"torch.compile.*uncompiled"):
        Guard(model, tiny_tokenizer)
    inputs = dict(tiny_tokenizer(PROMPT, return_tensors="pt"))
    with pytest.raises(UnsupportedGenerationError, match=r"torch.compile.*uncompiled"):
        guard.generate(**inputs, bindings=BINDINGS)
    del model.forward
    model.compile()
    with pytest.raises(UnsupportedGenerationError, match=r"torch.compile.*uncompiled"):
        Guard(model, tiny_tokenizer)


def test_an_encoder_decoder_is_refused(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    config = T5Config(vocab_size=60, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=2)
    model = AutoModelForSeq2SeqLM.from_config(config)
    with pytest.raises(UnsupportedGenerationError, match=r"encoder-decoder.*Use a decoder-only model"):
        Guard(model, tiny_tokenizer)


def test_a_model_without_a_head_is_refused(model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(UnknownArchitectureError, match="AutoModelForCausalLM"):
        Guard(model.model, tiny_tokenizer)


@pytest.mark.parametrize(
    ("given", "seen"),
    [({}, "NoneType"), ({"input_ids": [[1, 2]]}, "list"), ({"input_ids": torch.zeros(3, dtype=torch.long)}, r"\(3,\)")],
)
def test_a_call_without_a_prompt_of_ids_is_refused(
    given: dict[str, Any], seen: str, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    guard = Guard(model, tiny_tokenizer)
    check(guard.generate, model, rf"got .*{seen}.*Pass input_ids", bindings=BINDINGS, **given)


def test_the_prompt_may_be_given_by_place_or_by_either_name(
    model: CausalLM, inputs: dict[str, Any], tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    guard = Guard(model, tiny_tokenizer)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    how: dict[str, Any] = {"attention_mask": mask, "bindings": BINDINGS, "max_new_tokens": 3, "do_sample": False}
    first = guard.generate(ids, **how)
    for other in (guard.generate(inputs=ids, **how), guard.generate(input_ids=ids, inputs=None, **how)):
        assert torch.equal(other.sequences, first.sequences)
    with pytest.raises(TypeError, match="multiple values for keyword argument 'inputs'"):
        guard.generate(ids, inputs=ids, **how)


def test_a_model_that_runs_twice_between_two_tokens_is_noticed(
    model: CausalLM, inputs: dict[str, Any], tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    def peeking(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        model(ids)
        return scores

    guard = Guard(model, tiny_tokenizer, GuardConfig(slots=()))
    with pytest.raises(HookBypassedError, match="ran 2 times between two tokens"):
        guard.generate(**inputs, bindings=BINDINGS, max_new_tokens=4, logits_processor=[peeking])


def test_a_model_that_runs_without_its_hooks_is_noticed(
    model: CausalLM, inputs: dict[str, Any], tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    head = model.get_output_embeddings()

    class Bypass:
        """A processor that takes the hooks away after the first token, as compiled code does."""

        def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            head._forward_pre_hooks.clear()
            return scores

    guard = Guard(model, tiny_tokenizer, GuardConfig(slots=()))
    with pytest.raises(HookBypassedError, match="saw 0 rows"):
        guard.generate(**inputs, bindings=BINDINGS, max_new_tokens=4, logits_processor=[Bypass()])


def test_an_envelope_that_cannot_be_read_is_refused_before_anything_runs(
    tiny_tokenizer: PreTrainedTokenizerBase,
) -> None:
    model = speaking("falcon_h1", tiny_tokenizer)
    guard = Guard(model, tiny_tokenizer, GuardConfig(envelope=("redact", "mask")))
    with pytest.raises(NullUnavailableError, match=r"'mask' of the envelope.*recurrent state.*mask_prefill"):
        guard.attach(BINDINGS)
    assert "generate" not in vars(model)


class TestSetting:
    @pytest.fixture
    def model(self) -> CausalLM:
        model = build(Family("llama", MODERN))
        model.generation_config.top_k = 7
        return model

    def test_the_argument_goes_before_the_given_configuration_and_that_before_the_models(self, model: CausalLM) -> None:
        given = {"generation_config": GenerationConfig(top_k=5)}
        assert setting(model, {**given, "top_k": 3}, "top_k") == 3
        assert setting(model, given, "top_k") == 5
        assert setting(model, {}, "top_k") == 7

    def test_what_is_not_set_is_the_default(self, model: CausalLM) -> None:
        assert setting(model, {"generation_config": GenerationConfig()}, "top_k") == 7
        assert setting(model, {}, "num_beams") == GenerationConfig().num_beams
        assert setting(model, {}, "no_such_setting") is None


def test_exports_are_sorted_and_exist() -> None:
    assert refusals.__all__ == sorted(refusals.__all__)
    assert all(hasattr(refusals, name) for name in refusals.__all__)


def test_what_makes_another_token_the_likeliest_is_seen(model: CausalLM) -> None:
    assert not reshapes(model, {"repetition_penalty": 1.0, "logits_processor": [], "min_new_tokens": 3})
    assert reshapes(model, {"repetition_penalty": 1.3})
    assert reshapes(model, {"logits_processor": [loop]})
    assert reshapes(model, {"generation_config": GenerationConfig(no_repeat_ngram_size=2)})
