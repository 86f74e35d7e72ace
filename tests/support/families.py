"""The model families that the tests run on: tiny configurations, and what is to be found in the models they make."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal, TypeAlias

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerBase

CausalLM: TypeAlias = Any
"""A model with `generate`. In the annotations of transformers no class of a model has one that can be called."""

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


def build(family: Family, **config: Any) -> CausalLM:
    """Make a family's model from seed 0; keywords override its configuration."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        settings = AutoConfig.for_model(family.model_type, **family.config | config)
        model = AutoModelForCausalLM.from_config(settings)
    return model.eval()


@cache
def speaking(
    name: str, tokenizer: PreTrainedTokenizerBase, *, window: int = 16, context: int = 256, seed: int = 0
) -> CausalLM:
    """Make a family's model that fits a tokenizer; the same arguments give the same object, so leave it as it is.

    Its weights are random, and so large that every token that a layer sees counts.

    Args:
        name: Name of the family.
        tokenizer: The tokenizer.
        window: Attention window of the layers that have one.
        context: Length of the context.
        seed: Seed of the weights.
    """
    family = FAMILIES[name]
    wanted = dict.fromkeys(("max_position_embeddings", "n_positions"), context)
    wanted |= dict.fromkeys(("sliding_window", "window_size"), window)
    config = {field: value for field, value in wanted.items() if family.config.get(field) is not None}
    specials = {f"{token}_token_id": getattr(tokenizer, f"{token}_token_id") for token in ("pad", "bos", "eos")}
    model = build(family, vocab_size=len(tokenizer), **specials, **config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.2, generator=generator)
    return model


@cache
def copier(
    tokenizer: PreTrainedTokenizerBase, prefers: Literal["first", "last"] = "first", context: int = 192
) -> CausalLM:
    """Make a GPT-2 with an induction head set by hand; the same arguments give the same object.

    After a token that the text holds already it writes what followed there; of several places it prefers the first or
    the last, and gives the others a little. So it binds by place, not by key: asked for `beta=[` it writes the first
    (or the last) value that stands in such brackets. The token it writes is copied, hence rests on the place it is
    copied from.

    Args:
        tokenizer: The tokenizer.
        prefers: Which of several places it copies from.
        context: Length of the context.
    """
    code, sharp, loud, step = 192, 40.0, 12.0, 0.1
    width = 3 * code + context
    token, before, copied = (slice(i * code, (i + 1) * code) for i in range(3))
    place = slice(3 * code, width)
    specials = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
    shape: dict[str, Any] = {"n_embd": width, "n_layer": 2, "n_head": 1, "n_inner": 4, "n_positions": context}
    config = GPT2Config(vocab_size=len(tokenizer), tie_word_embeddings=False, **specials, **shape)
    model = GPT2LMHeadModel(config).eval()
    # Almost orthogonal, and centred, because a layer norm takes the mean away.
    codes = torch.randn(len(tokenizer), code, generator=torch.Generator().manual_seed(0))
    codes -= codes.mean(1, keepdim=True)
    codes /= codes.norm(dim=1, keepdim=True)
    places = (torch.arange(context) - (context - 1) / 2) * (step if prefers == "last" else -step)
    places[0] = -100.0  # nothing stands before the first token, so nothing is copied from it
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "ln_" not in name:
                parameter.zero_()
        model.transformer.wte.weight[:, token] = codes
        model.transformer.wpe.weight[:, place] = torch.eye(context)
        back, copy = (block.attn for block in model.transformer.h)
        # Queries, keys and values lie side by side in one matrix; a layer norm stretches n unit parts to sqrt(width).
        query, key, value = back.c_attn.weight.view(width, 3, width).unbind(1)
        query[place, place] = sharp * torch.eye(context).roll(-1, 1) * math.sqrt(width) / (width / 2)
        key[place, place] = torch.eye(context)
        value[token, token] = torch.eye(code) / math.sqrt(width / 2)
        back.c_proj.weight[token, before] = torch.eye(code)
        query, key, value = copy.c_attn.weight.view(width, 3, width).unbind(1)
        query[token, token] = sharp * torch.eye(code) * math.sqrt(width) / (width / 3)
        key[before, token] = torch.eye(code)
        copy.c_attn.bias[copied.start] = math.sqrt(width)
        key[place, copied.start] = places / math.sqrt(width / 3)
        value[token, token] = torch.eye(code) / math.sqrt(width / 3)
        copy.c_proj.weight[token, copied] = torch.eye(code)
        model.lm_head.weight[:, copied] = codes * loud / math.sqrt(width / 4)
    return model


def layers_of(model: CausalLM, family: Family) -> list[nn.Module]:
    """Return the decoder layers, by the path that the family declares."""
    return list(model.get_submodule(family.layers).children())


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
