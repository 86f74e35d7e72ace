"""The lens against the model's own logits, and what it must not touch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from accelerate import cpu_offload
from accelerate.hooks import remove_hook_from_submodules
from families import FAMILIES, LAYERS, CausalLM, Family, Wrapped, build, layers_of
from torch import nn

from guardbind.errors import ConfigError, UnknownArchitectureError
from guardbind.model import lens as lens_module
from guardbind.model.lens import Lens

IDS = torch.tensor([[5, 9, 17, 3, 60, 61, 62], [8, 8, 30, 41, 7, 96, 2]])
LAST = LAYERS - 1
# What a family does between its last layer and its logits: overrides of the configuration, scale, soft-cap.
AFTER_HEAD: dict[str, tuple[str, dict[str, Any], float, float | None]] = {
    "nothing": ("llama", {}, 1.0, None),
    "bias": ("gpt2", {}, 1.0, None),
    "division": ("granite", {"logits_scaling": 7.0}, 1 / 7, None),
    "multiplication": ("cohere", {"logit_scale": 0.3}, 0.3, None),
    "multiplier": ("falcon_h1", {"lm_head_multiplier": 0.04}, 0.04, None),
    "cap": ("gemma2", {"final_logit_softcapping": 30.0}, 1.0, 30.0),
    "low cap": ("gemma3_text", {"final_logit_softcapping": 2.0}, 1.0, 2.0),
}


def run(model: nn.Module, **inputs: Any) -> Any:
    with torch.no_grad():
        return model(input_ids=IDS, use_cache=False, **inputs)


def hooks_on(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return FAMILIES[request.param]


@pytest.fixture
def model(family: Family) -> CausalLM:
    return build(family)


@pytest.fixture
def llama() -> CausalLM:
    return build(FAMILIES["llama"])


def test_exports_are_sorted_and_exist() -> None:
    assert lens_module.__all__ == sorted(lens_module.__all__)
    assert all(hasattr(lens_module, name) for name in lens_module.__all__)


def test_lens_at_the_last_layer_is_the_model(model: CausalLM) -> None:
    lens = Lens.bind(model)
    with lens.attach():
        raw = run(model).logits[:, -1]
    assert sorted(lens.residuals) == list(range(LAYERS))
    torch.testing.assert_close(lens.logits(lens.residuals[LAST]), raw, rtol=1e-4, atol=1e-6)


def test_residuals_are_the_hidden_states_of_the_model(model: CausalLM) -> None:
    lens = Lens.bind(model)
    with lens.attach():
        states = [state[:, -1] for state in run(model, output_hidden_states=True).hidden_states]
    # The last one is normed; families differ in whether the first is the embedding.
    found = [[torch.equal(state, lens.residuals[layer]) for state in states].index(True) for layer in range(LAST)]
    assert found == list(range(found[0], found[0] + LAST))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("case", AFTER_HEAD)
def test_what_follows_the_head_is_measured(case: str, dtype: torch.dtype) -> None:
    name, config, scale, cap = AFTER_HEAD[case]
    model = build(FAMILIES[name], **config)
    nn.Module.to(model, dtype)
    rounding = 1e-4 if dtype == torch.float32 else 1e-2
    lens = Lens.bind(model, [LAST])
    assert lens.output_scale == pytest.approx(scale, rel=rounding)
    assert lens.softcap == (None if cap is None else pytest.approx(cap, rel=rounding))
    assert lens.input_scale == pytest.approx(1.0, rel=rounding)
    with lens.attach():
        raw = run(model).logits[:, -1]
    logits = lens.logits(lens.residuals[LAST])
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, raw.float(), rtol=rounding, atol=rounding * raw.abs().max().item())


def test_a_scale_and_a_cap_together_are_measured(llama: CausalLM) -> None:
    def scale_and_cap(_module: nn.Module, _args: Any, output: Any) -> None:
        output.logits = torch.tanh(output.logits * 0.2 / 12.0) * 12.0

    llama.register_forward_hook(scale_and_cap)
    lens = Lens.bind(llama)
    assert lens.output_scale == pytest.approx(0.2, rel=1e-5)
    assert lens.softcap == pytest.approx(12.0, rel=1e-5)
    with lens.attach():
        raw = run(llama).logits[:, -1]
    torch.testing.assert_close(lens.logits(lens.residuals[LAST]), raw, rtol=1e-4, atol=1e-6)


def test_a_scale_before_the_head_is_measured(llama: CausalLM) -> None:
    llama.get_output_embeddings().register_forward_pre_hook(lambda _module, args: (args[0] * 0.25,))
    lens = Lens.bind(llama)
    assert lens.input_scale == pytest.approx(0.25)
    with lens.attach():
        raw = run(llama).logits[:, -1]
    torch.testing.assert_close(lens.logits(lens.residuals[LAST]), raw, rtol=1e-4, atol=1e-6)


def test_a_model_without_a_final_norm_has_a_lens() -> None:
    model = build(FAMILIES["opt"], do_layer_norm_before=False)
    lens = Lens.bind(model)
    assert lens.norm is None
    with lens.attach():
        raw = run(model).logits[:, -1]
    torch.testing.assert_close(lens.logits(lens.residuals[LAST]), raw, rtol=1e-4, atol=1e-6)


def test_any_leading_shape_and_dtype_is_read_as_its_rows(llama: CausalLM) -> None:
    lens = Lens.bind(llama)
    rows = torch.randn(6, 32, dtype=torch.float64)
    logits = lens.logits(rows)
    assert logits.shape == (6, 97)
    assert logits.dtype == torch.float32
    torch.testing.assert_close(lens.logits(rows.view(2, 1, 3, 32)), logits.view(2, 1, 3, 97))
    torch.testing.assert_close(lens.logits(rows[4]), logits[4])


def test_left_padding_does_not_reach_the_last_position(llama: CausalLM) -> None:
    lens = Lens.bind(llama)
    with lens.attach(), torch.no_grad():
        llama(input_ids=IDS[:1], use_cache=False)
        alone = lens.residuals[LAST]
        padded = torch.cat([torch.zeros(1, 3, dtype=torch.long), IDS[:1]], dim=1)
        mask = (torch.arange(padded.shape[1]) >= 3).long()[None]
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        llama(input_ids=padded, attention_mask=mask, position_ids=positions, use_cache=False)
    torch.testing.assert_close(lens.residuals[LAST], alone, rtol=1e-4, atol=1e-6)


def test_only_the_chosen_layers_are_read(llama: CausalLM) -> None:
    lens = Lens.bind(llama, [2, 0, 2])
    assert list(lens.layers) == [0, 2]
    with lens.attach():
        assert hooks_on(llama) == 2
        run(llama)
    assert sorted(lens.residuals) == [0, 2]


@pytest.mark.parametrize("layer", [-1, LAYERS])
def test_a_layer_outside_the_model_is_refused(llama: CausalLM, layer: int) -> None:
    with pytest.raises(ConfigError, match=f"layer {layer} is outside the model; it has layers 0 to 2"):
        Lens.bind(llama, [0, layer])


def test_a_path_leads_to_the_layers(llama: CausalLM) -> None:
    llama.model.spare = nn.ModuleList(nn.Linear(1, 1) for _ in range(LAYERS))
    with pytest.raises(UnknownArchitectureError, match="2 module lists"):
        Lens.bind(llama)
    lens = Lens.bind(llama, path="model.layers")
    assert list(lens.layers.values()) == layers_of(llama, FAMILIES["llama"])


def test_a_wrapped_model_has_the_lens_of_the_model(llama: CausalLM) -> None:
    lens, wrapped = Lens.bind(llama), Lens.bind(Wrapped(llama))
    assert wrapped.layers == lens.layers
    assert wrapped.norm is lens.norm


def test_an_offloaded_model_has_a_lens(llama: CausalLM) -> None:
    expected = run(llama).logits[:, -1]
    cpu_offload(llama, execution_device=torch.device("cpu"))
    assert next(llama.parameters()).is_meta
    try:
        lens = Lens.bind(llama)
        with lens.attach():
            run(llama)
        logits = lens.logits(lens.residuals[LAST])
    finally:
        remove_hook_from_submodules(llama)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-6)


def test_a_residual_is_a_copy(llama: CausalLM) -> None:
    lens = Lens.bind(llama, [0])
    with lens.attach():
        run(llama)
        expected = lens.residuals[0].clone()
        layers_of(llama, FAMILIES["llama"])[1].register_forward_pre_hook(lambda _module, args: (args[0].zero_(),))
        run(llama)
    assert torch.equal(lens.residuals[0], expected)


def test_the_model_is_as_it_was(model: CausalLM) -> None:
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    plain = run(model).logits
    model.train()
    lens = Lens.bind(model)
    assert all(module.training for module in model.modules())
    model.eval()
    assert hooks_on(model) == 0
    with lens.attach():
        assert torch.equal(run(model).logits, plain)
    assert hooks_on(model) == 0
    assert torch.equal(run(model).logits, plain)
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not lens.residuals[0].requires_grad


def test_a_lens_reading_fires_no_hook(llama: CausalLM) -> None:
    lens = Lens.bind(llama)
    fired: list[str] = []
    for module in (llama.get_output_embeddings(), llama.model.norm):
        module.register_forward_pre_hook(lambda module, _args: fired.append(type(module).__name__))
    lens.logits(torch.randn(2, 32))
    assert fired == []
    run(llama)
    assert len(fired) == 2


def test_remove_takes_only_its_own_hooks(llama: CausalLM) -> None:
    lens = Lens.bind(llama, [0])
    first, second = lens.attach(), lens.attach()
    first.remove()
    first.remove()
    assert hooks_on(llama) == 1
    run(llama)
    assert lens.residuals[0].shape == (2, 32)
    second.remove()
    assert hooks_on(llama) == 0


def raising(*_args: Any, **_kwargs: Any) -> Any:
    raise RuntimeError("no memory")


def test_no_hook_is_left_when_the_probe_fails(model: CausalLM, family: Family) -> None:
    layers_of(model, family)[1].forward = raising
    with pytest.raises(UnknownArchitectureError, match="RuntimeError: no memory"):
        Lens.bind(model)
    assert hooks_on(model) == 0


def test_no_hook_is_left_when_the_model_fails(llama: CausalLM) -> None:
    lens = Lens.bind(llama)
    llama.model.norm.forward = raising
    with pytest.raises(RuntimeError, match="no memory"), lens.attach():
        run(llama)
    assert hooks_on(llama) == 0


def _odd_logits(model: CausalLM) -> None:
    def log_softmax(_module: nn.Module, _args: Any, output: Any) -> None:
        output.logits = output.logits.log_softmax(-1)

    model.register_forward_hook(log_softmax)


def _cut_logits(model: CausalLM) -> None:
    def cut(_module: nn.Module, _args: Any, output: Any) -> None:
        output.logits = output.logits[..., :90]

    model.register_forward_hook(cut)


def _no_logits(model: CausalLM) -> None:
    model.get_output_embeddings().weight.data.zero_()


def _shift_before_norm(model: CausalLM) -> None:
    model.model.norm.register_forward_pre_hook(lambda _module, args: (args[0] + 1,))


def _shift_after_norm(model: CausalLM) -> None:
    model.model.norm.register_forward_hook(lambda _module, _args, output: output + torch.arange(32) * 0.1)


def _skip_layer(model: CausalLM) -> None:
    last = model.model.layers[LAST]
    last.__class__ = type("Skipped", (type(last),), {"__call__": lambda _self, hidden, **_: hidden})


@pytest.mark.parametrize(
    ("spoil", "seen"),
    [
        (_odd_logits, r"into logits \(1, 8, 97\) by an unknown function"),
        (_cut_logits, r"output \(1, 8, 97\) into logits \(1, 8, 90\)"),
        (_no_logits, "by an unknown function"),
        (_shift_before_norm, "no single module of LlamaForCausalLM leads .* output: none"),
        (_shift_after_norm, "the lens at the last layer of LlamaForCausalLM is off its logits by up to"),
        (_skip_layer, "did not run in a forward pass"),
    ],
)
def test_a_model_that_the_lens_does_not_reproduce_is_refused(llama: CausalLM, spoil: Any, seen: str) -> None:
    spoil(llama)
    before = hooks_on(llama)
    with pytest.raises(UnknownArchitectureError, match=seen) as caught:
        Lens.bind(llama)
    assert "Run without a lens" in str(caught.value.hint)
    assert hooks_on(llama) == before
