"""Shrinks the configuration of any model type, so that a random model of it is built in a blink.

What a field means is told from its name, as transformers names it in most families. Every kind of layer keeps a place,
and windows become shorter than the prompts of the survey, so that what a full-sized model does happens here too. What
the names do not tell stands in `exceptions.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from transformers import CONFIG_MAPPING, PretrainedConfig

from guardbind.frozen import Frozen
from guardbind_bench.yaml_file import read_yaml

__all__ = ["EXCEPTIONS", "LAYERS", "model_types", "shrunk", "tiny_config"]

EXCEPTIONS = Path(__file__).with_name("exceptions.yaml")
"""Fields per model type which replace what the names tell."""

LAYERS = 4
"""Layers of a decoder; more where there are more kinds of them."""

# The first pattern that matches the whole name of a field counts.
_SIZES: tuple[tuple[str, int], ...] = (
    (r"type_vocab_size|segment_types|prompt_types", 4),
    (r"(num_hidden_layers|num_layers|n_layers?|(num_)?(en|de)coder_layers|depth)", LAYERS),
    (r"(num_key_value_heads|num_kv_heads|swa_num_key_value_heads)", 2),
    (r"(num_attention_heads|n_heads?|num_heads|attention_heads|(en|de)coder_attention_heads)", 4),
    (r"(num_(en|de)coder_attention_heads|swa_num_attention_heads|mamba_n_heads|mamba_num_heads|linear_num_heads)", 4),
    (r"linear_num_(key|value)_heads|n_mamba_heads", 4),
    (r"(q|kv)_lora_rank|o_lora_rank", 16),
    (r"qk_(rope|nope)_head_dim|v_head_dim", 8),
    (r"(head_dim|qk_head_dim|swa_head_dim|d_kv|dim_head|kv_channels|linear_(key|value)_head_dim|linear_head_dim)", 16),
    (r"attention_head_dim|mamba_d_head|mamba_head_dim", 32),
    (r"rotary_dim", 8),
    (r"index_n_heads", 2),
    (r"index_head_dim", 16),
    (r"index_topk", 8),
    (r"mamba_d_state|state_size|ssm_state_size", 8),
    (r"mamba_d_ssm", 128),
    (r"(mamba_)?chunk_size", 16),
    (r"(moe|expert_ffn|shared_expert|moe_shared_expert|shared).*(intermediate|hidden)_size", 32),
    (r"(hidden_size|d_model|n_embd|dim|embed_dim|embedding_size|word_embed_proj_dim|attention_hidden_size)", 64),
    (r"(lru_width|hidden_size_global|out_hidden_size|backbone_hidden_size|d_embed)", 64),
    (r"(.*intermediate_size.*|.*ffn_dim|ffn_hidden_size|d_ff|dff|dim_ff|d_inner|n_inner)", 128),
    (r"(sliding_window|sliding_window_size|window_size|attention_window_size|local_attention)", 24),
    (r"attention_chunk_size", 16),
    (r"(max_position_embeddings|n_positions|max_seq_len|max_sequence_length|n_ctx|model_max_length)", 512),
    (r"(num_local_experts|num_experts|n_routed_experts|moe_num_experts)", 4),
    (r"(num_experts_per_tok|num_experts_per_token|moe_topk|moe_k)", 2),
    (r"(n_shared_experts|num_shared_experts|moe_num_shared_experts|first_k_dense_replace)", 1),
    (r"(n_group|topk_group|num_expert_group)", 1),
    (r"hidden_size_per_layer_input|ple_embed_dim", 16),
)


def model_types() -> tuple[str, ...]:
    """Return what the survey is of, sorted.

    These are the model types that transformers registers for causal language modelling, and the variants in
    `exceptions.yaml`: types that some setting gives another mechanism.
    """
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    return tuple(sorted({*MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, *_table().variants}))


def tiny_config(model_type: str, vocabulary: int, specials: Mapping[str, int | None]) -> PretrainedConfig:
    """Return a tiny configuration of a model type.

    Args:
        model_type: One of `model_types`.
        vocabulary: Number of tokens.
        specials: Ids of special tokens by the name of their field, as `pad_token_id`.
    """
    table = _table()
    own = dict(table.variants.get(model_type) or table.families.get(model_type, {}))
    kind = CONFIG_MAPPING[own.pop("model_type", model_type)]
    try:
        whole = kind().to_dict()
    except Exception:  # a class that refuses its own defaults: the table then has to say what it needs
        whole = kind(**own).to_dict()
    fields = _merged(shrunk(whole, vocabulary), own)
    parts = [value for value in fields.values() if isinstance(value, dict) and "vocab_size" in value]
    for part in (fields, *parts):
        part.update(specials)
    config: PretrainedConfig = kind(**fields)
    return config


def _merged(fields: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    new = dict(fields)
    for name, value in over.items():
        new[name] = _merged(new.get(name) or {}, value) if isinstance(value, dict) else value
    return new


def shrunk(whole: Mapping[str, Any], vocabulary: int) -> dict[str, Any]:
    """Return the fields of a configuration that have to be other ones in a tiny model.

    Args:
        whole: The configuration as a dictionary, with its parts.
        vocabulary: Number of tokens.
    """
    new: dict[str, Any] = {}
    depth = next((whole[name] for name in _DEPTHS if isinstance(whole.get(name), int)), None)
    kinds = [list(dict.fromkeys(map(_key, value))) for name, value in whole.items() if _is_per_layer(value, depth)]
    layers = max([LAYERS, *(len(kind) for kind in kinds if len(kind) <= _MOST_KINDS)])
    for name, value in whole.items():
        if isinstance(value, dict):
            if "model_type" in value:
                new[name] = value | shrunk(value, vocabulary)
        elif _is_per_layer(value, depth):
            new[name] = _cycled(value, layers)
        elif isinstance(value, int) and not isinstance(value, bool) and (size := _size(name, vocabulary)) is not None:
            new[name] = min(size, value) if _keeps_small(name) else size
    for name in _DEPTHS:
        if name in new:
            new[name] = layers
    if "per_layer_config" in whole:
        new["per_layer_config"] = _of_kinds(whole["per_layer_config"] or {}, whole, new)
    for group, heads in _HEADS:
        if whole.get(group) == whole.get(heads) is not None and heads in new:
            new[group] = new[heads]
    # Keys are rotated whole where a class has both names.
    if "qk_rope_head_dim" in new and "head_dim" in whole:
        new["head_dim"] = new["qk_rope_head_dim"]
    if "qk_head_dim" in new and "qk_rope_head_dim" in new:
        new["qk_head_dim"] = new["qk_rope_head_dim"] + new.get("qk_nope_head_dim", 0)
    if "is_decoder" in whole:
        new["is_decoder"] = True  # without it classes of the BERT kind see what is to come
    if "initializer_range" in whole:
        new["initializer_range"] = 0.2
    return new


_DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers", "num_decoder_layers")
_HEADS = (("num_key_value_heads", "num_attention_heads"), ("num_kv_heads", "num_attention_heads"))
_MOST_KINDS = 6
_SMALL = re.compile(r".*(key_value_heads|kv_heads|experts_per_tok.*|n_group|topk_group|shared_experts)")


def _keeps_small(name: str) -> bool:
    return bool(_SMALL.fullmatch(name))


def _size(name: str, vocabulary: int) -> int | None:
    for pattern, size in _SIZES:
        if re.fullmatch(pattern, name):
            return size
    return vocabulary if re.fullmatch(r".*vocab_size.*", name) and "base" not in name else None


def _is_per_layer(value: Any, depth: int | None) -> bool:
    return isinstance(value, list | tuple) and depth is not None and depth > 1 and len(value) == depth


def _key(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _cycled(value: Any, layers: int) -> list[Any]:
    """Return one entry per layer, every different one at least once and the last one of the whole at the end."""
    different = list({_key(entry): entry for entry in value}.values())
    if len(different) > layers:
        return [value[round(i * (len(value) - 1) / (layers - 1))] for i in range(layers)]
    cycled = [different[i % len(different)] for i in range(layers)]
    last = different.index(value[-1])
    return [*cycled[layers - 1 - last :], *cycled[: layers - 1 - last]] if cycled[-1] != value[-1] else cycled


def _of_kinds(own: Mapping[Any, Any], whole: Mapping[str, Any], new: Mapping[str, Any]) -> dict[int, Any]:
    """Return what single layers override: a layer takes what the first one of its kind had."""
    kinds = {kind: i for i, kind in reversed(list(enumerate(whole.get("layer_types") or ())))}
    by_index = {int(i): fields for i, fields in own.items()}
    taken = {i: by_index.get(kinds[kind]) for i, kind in enumerate(new.get("layer_types") or ())}
    return {i: shrunk(fields, 0) for i, fields in taken.items() if fields}


class _Exceptions(Frozen):
    """What the names of fields do not tell."""

    families: dict[str, dict[str, Any]]
    """Model type to fields, or to fields of its parts, which replace what was told."""
    variants: dict[str, dict[str, Any]]
    """Name to a `model_type` and such fields."""


@cache
def _table() -> _Exceptions:
    accepted = ("It holds `families` and `variants`, by name, each with the fields that replace others.",)
    return read_yaml(EXCEPTIONS, _Exceptions, what="table of exceptions", accepted=accepted)
