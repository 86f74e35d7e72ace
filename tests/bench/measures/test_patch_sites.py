from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from families import FAMILIES, GPT, LAYERS, MODERN, CausalLM, Family, build
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from guardbind.errors import HookBypassedError, NullUnavailableError, UnknownArchitectureError
from guardbind.model.sites import COMPONENTS, Patch, PatchSites, Site
from guardbind_bench.measures.patch_runs import margins, run

# Heads whose size is not hidden / heads, windows that are shorter than the prompts, and a mixture of experts.
PATCHED = {
    "llama": FAMILIES["llama"],
    "gemma2": Family("gemma2", MODERN | {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 4}),
    "gemma3_text": FAMILIES["gemma3_text"],
    "qwen3": Family("qwen3", MODERN | {"head_dim": 16}),
    "mistral": FAMILIES["mistral"],
    "phi3": FAMILIES["phi3"],
    "gpt2": FAMILIES["gpt2"],
    "gpt_neo": FAMILIES["gpt_neo"],
    "gpt_neox": FAMILIES["gpt_neox"],
    "opt": FAMILIES["opt"],
    "cohere2": FAMILIES["cohere2"],
    "olmo2": FAMILIES["olmo2"],
    "mixtral": Family("mixtral", MODERN | {"num_local_experts": 4}),
    "gptj": Family("gptj", GPT | {"rotary_dim": 4}),
    "falcon": Family("falcon", MODERN),
}
PROMPTS = [[5, 9, 23, 7, 61, 40, 12, 33, 8, 17], [5, 9, 23, 7, 44, 71, 28, 90, 8, 17]]
TOKENS = len(PROMPTS[0])
TARGET, COMPETITOR = 11, 30


@cache
def tiny(name: str) -> CausalLM:
    """A model with weights so large that every site counts; tests leave it as it is."""
    model = build(PATCHED[name])
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.2, generator=generator)
    return model


@torch.no_grad()
def logits_of(model: CausalLM, rows: list[list[int]]) -> Tensor:
    out: Any = model(input_ids=torch.tensor(rows), use_cache=False)
    logits: Tensor = out.logits[:, -1].float()
    return logits


def difference(logits: Tensor) -> list[float]:
    out: list[float] = (logits[:, TARGET] - logits[:, COMPETITOR]).tolist()
    return out


@pytest.mark.parametrize("name", PATCHED)
def test_heads_have_their_true_size(name: str) -> None:
    sites = PatchSites.find(tiny(name))
    assert (sites.layers, sites.heads) == (LAYERS, 4)
    assert sites.head_size == PATCHED[name].config.get("head_dim", 8)


@pytest.mark.parametrize("name", ["llama", "gemma2", "qwen3", "gpt2", "gpt_neox", "opt"])
def test_a_head_without_output_is_a_head_without_weights(name: str) -> None:
    model = build(PATCHED[name])
    model.load_state_dict(tiny(name).state_dict())
    sites = PatchSites.find(model)
    site = Site(1, "attn", 2)
    everywhere = tuple(range(-TOKENS, 0))
    with sites.patched([Patch(site, everywhere, torch.zeros(TOKENS, sites.head_size))]):
        patched = logits_of(model, PROMPTS[:1])
    weight: Any = sites.projections[1].weight
    with torch.no_grad():
        own = slice(2 * sites.head_size, 3 * sites.head_size)
        if hasattr(sites.projections[1], "in_features"):
            weight[:, own] = 0
        else:
            weight[own] = 0
    torch.testing.assert_close(patched, logits_of(model, PROMPTS[:1]))
    assert not torch.allclose(patched, logits_of(tiny(name), PROMPTS[:1]))


@pytest.mark.parametrize("name", PATCHED)
def test_each_row_gets_its_own_patch(name: str) -> None:
    model = tiny(name)
    sites = PatchSites.find(model)
    plain = logits_of(model, PROMPTS[:1])
    with sites.captured(1, range(TOKENS)) as activations:
        logits_of(model, PROMPTS[:1])
    assert set(activations) == {(layer, part) for layer in range(LAYERS) for part in COMPONENTS}
    places = tuple(range(-TOKENS, 0))
    same = Patch(Site(2, "mlp"), places, activations[2, "mlp"][0])
    other = Patch(Site(2, "mlp"), (-1,), -2 * activations[2, "mlp"][0, -1:])
    with sites.patched([None, same, other]):
        patched = logits_of(model, PROMPTS[:1] * 3)
    # A block of dense weights rounds differently for one row and for three.
    torch.testing.assert_close(patched[:2], plain.expand(2, -1), atol=1e-4, rtol=1e-4)
    assert not torch.allclose(patched[2], plain[0], atol=1e-2)
    torch.testing.assert_close(logits_of(model, PROMPTS[:1]), plain)


@pytest.mark.parametrize("places", [(TOKENS - 1,), (4, 6)])
@pytest.mark.parametrize("name", PATCHED)
def test_going_on_from_the_cache_is_the_whole_forward(name: str, places: tuple[int, ...]) -> None:
    model = tiny(name)
    sites = PatchSites.find(model)
    after = run(model, sites, PROMPTS, places)
    columns = tuple(place - TOKENS for place in places)
    where = [Site(layer, part) for layer in range(LAYERS) for part in COMPONENTS]
    where += [Site(layer, "attn", head) for layer in range(LAYERS) for head in range(sites.heads)]
    patches = [
        Patch(site, columns, after.activations[site.layer, site.component][0][:, sites.part(site)]) for site in where
    ]
    fast = margins(model, sites, after, 1, [None, *patches], TARGET, COMPETITOR)
    slow = difference(logits_of(model, PROMPTS[1:]))
    for patch in patches:
        with sites.patched([patch]):
            slow += difference(logits_of(model, PROMPTS[1:]))
    assert fast == pytest.approx(slow, abs=1e-3)
    assert len({round(value, 3) for value in slow}) > len(where) // 2


def test_many_patches_are_read_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny("llama")
    sites = PatchSites.find(model)
    after = run(model, sites, PROMPTS, [TOKENS - 1])
    zero = [Patch(Site(layer, "attn"), (-1,), torch.zeros(1, 32)) for layer in range(LAYERS)]
    at_once = margins(model, sites, after, 0, [None, *zero], TARGET, COMPETITOR)
    monkeypatch.setattr("guardbind_bench.measures.patch_runs._CACHED_TOKENS", TOKENS)
    assert margins(model, sites, after, 0, [None, *zero], TARGET, COMPETITOR) == pytest.approx(at_once, abs=1e-5)


def test_hooks_are_gone_after_an_error() -> None:
    model = tiny("llama")
    sites = PatchSites.find(model)
    plain = logits_of(model, PROMPTS)
    with pytest.raises(RuntimeError), sites.patched([Patch(Site(0, "mlp"), (-1,), torch.zeros(1, 5))]):
        logits_of(model, PROMPTS[:1])
    assert torch.equal(logits_of(model, PROMPTS), plain)


@pytest.mark.parametrize(
    ("family", "message"),
    [
        (FAMILIES["mamba"], "output projection"),
        (FAMILIES["lfm2"], "output projection"),
        # Its MLP adds the residual stream to its output.
        (Family("bloom", {"vocab_size": 97, "hidden_size": 32, "n_layer": LAYERS, "n_head": 4}), "MLP"),
    ],
)
def test_a_model_without_such_sites_is_refused(family: Family, message: str) -> None:
    with pytest.raises(UnknownArchitectureError, match=message):
        PatchSites.find(build(family))


def test_a_site_that_does_not_run_is_noticed() -> None:
    model = tiny("llama")
    sites = replace(PatchSites.find(model), mlps=(nn.Identity(),) * LAYERS)
    with (
        pytest.raises(HookBypassedError, match="3 of 6 sites did not run, the first of them mlp of layer 0"),
        sites.captured(1, [-1]),
    ):
        logits_of(model, PROMPTS[:1])


def test_heads_that_do_not_fill_the_projection_are_refused() -> None:
    model = build(FAMILIES["llama"])
    attention: Any = model.get_submodule("model.layers.0.self_attn")
    attention.head_dim = 7
    with pytest.raises(UnknownArchitectureError, match="4 heads of 7 dimensions do not fill the 32 inputs"):
        PatchSites.find(model)


def test_a_cache_that_cannot_be_shown_is_refused() -> None:
    model = build(FAMILIES["falcon_h1"])
    sites = PatchSites.find(model)
    after = run(tiny("llama"), PatchSites.find(tiny("llama")), PROMPTS, [TOKENS - 1])
    unreadable = type(after)(after.ids, object(), after.activations)
    with pytest.raises(NullUnavailableError, match="does not show every column"):
        margins(model, sites, unreadable, 0, [Patch(Site(0, "mlp"), (-1,), torch.zeros(1, 32))], 1, 2)


def test_the_demo_model_goes_on_from_the_cache(
    demo_model: tuple[CausalLM, PreTrainedTokenizerBase],
) -> None:
    model, tokenizer = demo_model
    sites = PatchSites.find(model)
    texts = [f"KEY1=[ {a} ]\nKEY2=[ {b} ]\nWhat is KEY1?\nKEY1=[" for a, b in (("fox", "red"), ("red", "fox"))]
    prompts = [tokenizer.encode(text) for text in texts]
    after = run(model, sites, prompts, [len(prompts[0]) - 1])
    patches = [
        Patch(site, (-1,), after.activations[site.layer, site.component][0][:, sites.part(site)])
        for site in (Site(23, "attn"), Site(29, "mlp"), Site(24, "attn", 3))
    ]
    fast = margins(model, sites, after, 1, patches, TARGET, COMPETITOR)
    slow: list[float] = []
    for patch in patches:
        with sites.patched([patch]):
            slow += difference(logits_of(model, prompts[1:]))
    assert fast == pytest.approx(slow, abs=1e-3)
