"""Reads the settings of one call of `generate` as `generate` itself will see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import GenerationConfig

from guardbind.model.forward import Module

__all__ = ["setting"]


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
