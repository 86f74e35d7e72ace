"""Parts of a model, found without knowing its family; windows checked against what the layers really see."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from families import FAMILIES, LAYERS, MODERN, CausalLM, Family, Wrapped, build, layers_of
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM

import guardbind.model.architecture as architecture
from guardbind.errors import UnknownArchitectureError
from guardbind.model.architecture import (
    attention_windows,
    context_length,
    find_head,
    find_layers,
    is_recurrent,
    layer_kinds,
)


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return FAMILIES[request.param]


@pytest.fixture
def model(family: Family) -> CausalLM:
    return build(family)


@torch.no_grad()
def reach(model: CausalLM, layer: nn.Module, tokens: int = 12) -> int:
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


def test_head_is_the_output_embedding(model: CausalLM) -> None:
    assert find_head(model) is model.get_output_embeddings()


def test_layers_are_found_in_order(model: CausalLM, family: Family) -> None:
    expected = layers_of(model, family)
    assert find_layers(model) == expected
    assert find_layers(model, family.layers) == expected
    assert len(layer_kinds(model)) == len(expected)


def test_layers_and_head_are_found_under_a_wrapper(model: CausalLM, family: Family) -> None:
    wrapped = Wrapped(model)
    expected = layers_of(model, family)
    assert find_layers(wrapped) == expected
    assert find_layers(wrapped, family.layers) == expected
    assert find_head(wrapped) is find_head(model)


def test_context_length(model: CausalLM, family: Family) -> None:
    assert context_length(model) == family.context


def test_windows_are_those_of_the_configuration(model: CausalLM, family: Family) -> None:
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


def test_recurrent_state_is_told(model: CausalLM, family: Family) -> None:
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
