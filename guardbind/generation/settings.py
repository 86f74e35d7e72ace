"""Reads the settings of one call of `generate` as `generate` itself will see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import GenerationConfig

from guardbind.model.forward import Module

__all__ = ["reshapes", "setting"]

# Settings that change which token is the likeliest, with the value that changes nothing.
_RESHAPING: dict[str, Any] = {
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "bad_words_ids": None,
    "sequence_bias": None,
    "suppress_tokens": None,
    "begin_suppress_tokens": None,
    "exponential_decay_length_penalty": None,
    "watermarking_config": None,
}


def setting(model: Module, arguments: Mapping[str, Any], name: str) -> Any:
    """Return a generation setting as `generate` will see it: the argument, the given config, the model's config.

    A value that is the library's default counts as not set, as it does in `generate`.
    """
    if arguments.get(name) is not None:
        return arguments[name]
    default = getattr(GenerationConfig(), name, None)
    for config in (arguments.get("generation_config"), getattr(model, "generation_config", None)):
        value = getattr(config, name, None)
        if value is not None and value != default:
            return value
    return default


def reshapes(model: Module, arguments: Mapping[str, Any]) -> bool:
    """Whether a call changes which token is the likeliest, by other means than the model's own settings do."""
    if arguments.get("logits_processor") or arguments.get("prefix_allowed_tokens_fn") is not None:
        return True
    return any(
        (setting(model, arguments, name) or neutral) != (setting(model, {}, name) or neutral)
        for name, neutral in _RESHAPING.items()
    )
