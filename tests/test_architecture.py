"""Parts of a model, found without knowing its family; windows checked against what the layers really see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

import guardbind.hooks.architecture as architecture
from guardbind.errors import UnknownArchitectureError
from guardbind.hooks.architecture import (
    attention_windows,
    context_length,
    find_head,
    find_layers,
    is_recurrent,
    layer_kinds,
)

LAYERS = 3
MODERN = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
GPT = {"vocab_size": 97, "n_embd": 32, "n_layer": LAYERS, "n_head": 4, "n_positions": 64}
OPT = {"vocab_size": 97, "hidden_size": 32, "word_embed_proj_dim": 32, "ffn_dim": 64, "num_hidden_layers": LAYERS}
OPT |= {"num_attention_heads": 4, "max_position_embeddings": 64}
FALCON_H1 = {"head_dim": 8, "mamba_d_ssm": 32, "mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 8}
MAMBA = {"vocab_size": 97, "hidden_size": 32, "state_size": 8, "num_hidden_layers": LAYERS}
GPT_NEO: dict[str, Any] = {
    "vocab_size": 97,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_layers": LAYERS,
    "num_heads": 4,
}
GPT_NEO |= {"attention_types": [[["local", "global", "local"], 1]], "window_size": 4, "max_position_embeddings": 64}
MIXED = ["sliding_attention", "full_attention", "sliding_attention"]


@dataclass(frozen=True)
class Family:
    """A tiny configuration, and what is to be found in the model that it makes."""

    model_type: str
    config: dict[str, Any]
    layers: str = "model.layers"
    windows: tuple[int | None, ...] = (None,) * LAYERS
    recurrent: bool = False
    context: int | None = 64


modern = partial(Family, config=MODERN)
FAMILIES = {
    "llama": modern("llama"),
    "qwen2": modern("qwen2"),
    "qwen2_sliding": Family(
        "qwen2",
        MODERN | {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
        windows=(None, 4, 4),
    ),
    "qwen3": Family("qwen3", MODERN | {"head_dim": 8}),
    "mistral": Family("mistral", MODERN | {"sliding_window": 4}, windows=(4, 4, 4)),
    "mistral_full": Family("mistral", MODERN | {"sliding_window": None}),
    "gemma2": Family(
        "gemma2", MODERN | {"head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 4}, windows=(4, None, 4)
    ),
    "gemma3_text": Family(
        "gemma3_text",
        MODERN | {"head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 5, "layer_types": MIXED},
        windows=(5, None, 5),
    ),
    "phi3": Family("phi3", MODERN | {"sliding_window": 6}, windows=(6, 6, 6)),
    "gpt2": Family("gpt2", GPT, layers="transformer.h"),
    "gpt_neo": Family("gpt_neo", GPT_NEO, layers="transformer.h", windows=(4, None, 4)),
    "gpt_neox": modern("gpt_neox", layers="gpt_neox.layers"),
    "opt": Family("opt", OPT, layers="model.decoder.layers"),
    "falcon_h1": Family("falcon_h1", MODERN | FALCON_H1, recurrent=True),
    "lfm2": Family("lfm2", MODERN | {"layer_types": ["conv", "full_attention", "conv"]}, recurrent=True),
    "mamba": Family("mamba", MAMBA, layers="backbone.layers", recurrent=True, context=None),
    "granite": modern("granite"),
    "cohere": modern("cohere"),
    "cohere2": Family("cohere2", MODERN | {"sliding_window": 4, "layer_types": MIXED}, windows=(4, None, 4)),
    "olmo2": modern("olmo2"),
    "stablelm": modern("stablelm"),
}


def build(family: Family, **config: Any) -> PreTrainedModel:
    torch.manual_seed(0)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(family.model_type, **family.config | config)
    )
    model.eval()
    return model


def layers_of(model: PreTrainedModel, family: Family) -> list[nn.Module]:
    return list(model.get_submodule(family.layers).children())


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return FAMILIES[request.param]


@pytest.fixture
def model(family: Family) -> PreTrainedModel:
    return build(family)


class Wrapped(nn.Module):
    """Hides a model the way peft does: every attribute that the wrapper lacks is the inner model's."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("inner"), name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.inner(*args, **kwargs)


@torch.no_grad()
def reach(model: PreTrainedModel, layer: nn.Module, tokens: int = 12) -> int:
    """How many positions of a layer's output change when its input changes at the first position."""
    outputs: list[torch.Tensor] = []
    shift = torch.zeros(1, tokens, 1)

    def before(_module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (args[0] + shift * torch.arange(1.0, 1.0 + args[0].shape[-1]), *args[1:])

    def after(_module: nn.Module, _args: Any, output: Any) -> None:
        outputs.append(output[0] if isinstance(output, tuple) else output)

    hooks = [layer.register_forward_pre_hook(before), layer.register_forward_hook(after)]
    for size in (0.0, 1.0):
        shift[0, 0, 0] = size
        model(torch.arange(tokens)[None] + 3, use_cache=False)
    for hook in hooks:
        hook.remove()
    changed = (outputs[0] - outputs[1]).abs().amax(-1)[0] > 1e-6
    return int(changed.nonzero().max()) + 1


def test_exports_are_sorted_and_exist() -> None:
    assert architecture.__all__ == sorted(architecture.__all__)
    assert all(hasattr(architecture, name) for name in architecture.__all__)


def test_head_is_the_output_embedding(model: PreTrainedModel) -> None:
    assert find_head(model) is model.get_output_embeddings()


def test_layers_are_found_in_order(model: PreTrainedModel, family: Family) -> None:
    expected = layers_of(model, family)
    assert find_layers(model) == expected
    assert find_layers(model, family.layers) == expected
    assert len(layer_kinds(model)) == len(expected)


def test_layers_and_head_are_found_under_a_wrapper(model: PreTrainedModel, family: Family) -> None:
    wrapped = Wrapped(model)
    expected = layers_of(model, family)
    assert find_layers(wrapped) == expected
    assert find_layers(wrapped, family.layers) == expected
    assert find_head(wrapped) is find_head(model)


def test_context_length(model: PreTrainedModel, family: Family) -> None:
    assert context_length(model) == family.context


def test_windows_are_those_of_the_configuration(model: PreTrainedModel, family: Family) -> None:
    assert attention_windows(model) == family.windows


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if not family.recurrent])
def test_windows_are_what_each_layer_sees(name: str) -> None:
    model = build(FAMILIES[name])
    for layer, window in zip(find_layers(model), attention_windows(model), strict=True):
        assert reach(model, layer) == (12 if window is None else window)


def test_a_chunk_counts_as_a_window() -> None:
    kinds = ["chunked_attention", "full_attention", "chunked_attention"]
    small = {"intermediate_size_mlp": 64, "num_local_experts": 2, "head_dim": 8, "attention_chunk_size": 4}
    model = build(Family("llama4_text", MODERN | small | {"layer_types": kinds}))
    assert layer_kinds(model) == tuple(kinds)
    assert attention_windows(model) == (4, None, 4)


def test_recurrent_state_is_told(model: PreTrainedModel, family: Family) -> None:
    assert is_recurrent(model) is family.recurrent


def test_a_composite_model_is_read_through_its_text_configuration() -> None:
    vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": LAYERS, "num_attention_heads": 2}
    config = AutoConfig.for_model(
        "gemma3",
        text_config={**FAMILIES["gemma3_text"].config, "model_type": "gemma3_text"},
        vision_config={**vision, "image_size": 28, "patch_size": 14, "model_type": "siglip_vision_model"},
    )
    model = AutoModelForCausalLM.from_config(config)
    layers = find_layers(model)
    assert len(layers) == LAYERS
    assert all("Siglip" not in type(layer).__name__ for layer in layers)
    assert attention_windows(model) == (5, None, 5)
    assert context_length(model) == 64


def test_two_lists_of_layers_are_refused_and_a_path_settles_it() -> None:
    model = build(FAMILIES["llama"])
    model.model.spare = nn.ModuleList(nn.Linear(1, 1) for _ in range(LAYERS))
    with pytest.raises(UnknownArchitectureError, match=r"2 module lists of its 3 layers \(layers, spare\).*path="):
        find_layers(model)
    assert find_layers(model, "model.layers") == list(model.model.layers)


@pytest.mark.parametrize("path", ["model.nothing", "model.norm", "layer"])
def test_a_path_that_names_no_list_is_refused(path: str) -> None:
    with pytest.raises(UnknownArchitectureError, match=f"path='{path}' names 0 module lists"):
        find_layers(build(FAMILIES["llama"]), path)


def test_a_model_without_a_head_is_refused() -> None:
    with pytest.raises(UnknownArchitectureError, match=r"get_output_embeddings\(\) gives NoneType"):
        find_head(build(FAMILIES["llama"]).model)


def test_a_module_without_a_configuration_is_refused() -> None:
    for ask in (find_layers, context_length, attention_windows, layer_kinds, is_recurrent):
        with pytest.raises(UnknownArchitectureError, match=r"Linear.config is NoneType"):
            ask(nn.Linear(1, 1))


def test_an_exact_path_wins_over_one_that_ends_the_same() -> None:
    model = build(FAMILIES["llama"])
    model.draft = nn.ModuleDict({"model": nn.ModuleDict({"layers": nn.ModuleList([nn.Linear(1, 1)])})})
    assert find_layers(model, "model.layers") == layers_of(model, FAMILIES["llama"])
