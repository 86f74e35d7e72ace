"""Borrows and makes caches, and covers all else that differs between the supported transformers versions."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

__all__ = [
    "accepted_arguments",
    "float_dtype",
    "generation_cache",
    "holds_columns",
    "input_device",
    "is_compiled",
    "own_cache",
    "view_of",
]

# Layers that hold every past column until their window is full. Named, because 4.57 and 5.x use other class names and
# because a layer type that is not known must be taken as one that cannot be read.
_READABLE = frozenset(
    {"DynamicLayer", "DynamicSlidingWindowLayer", "StaticLayer", "SlidingWindowLayer", "StaticSlidingWindowLayer"}
)


def _is_readable(layer: Any, total: int) -> bool:
    # A window that has overflowed, or that is about to, holds fewer columns than were seen.
    keys = getattr(layer, "keys", None)
    return type(layer).__name__ in _READABLE and isinstance(keys, Tensor) and keys.ndim == 4 and keys.shape[-2] >= total


def holds_columns(cache: Any, total: int) -> bool:
    """Whether a live cache holds that many columns, each in its place.

    It does not with recurrent state, an overflowed sliding window, or tokens that are not the prompt's; of a quantised
    or offloaded one that cannot be told.
    """
    layers = getattr(cache, "layers", None)
    if not layers or getattr(cache, "offloading", False) or not all(_is_readable(layer, total) for layer in layers):
        return False
    seen = getattr(cache, "get_seq_length", None)
    # Where tokens of the model's own stand in front, a column is another token.
    return seen is None or int(seen()) == total


def view_of(cache: Any, rows: list[int], columns: int, total: int) -> DynamicCache | None:
    """Return a cache that shows the first `columns` of `cache` for some rows, without touching it.

    The layers of the view extend by concatenation, which makes new tensors: the live cache stays bit-identical, and the
    view is a cache of its own from the first pass on.

    Args:
        cache: The live cache.
        rows: Rows of the batch, in the order wanted.
        columns: How many columns to show.
        total: How many columns the live cache should hold.

    Returns:
        The view, or None when the cache cannot be read; see `holds_columns`.
    """
    if not holds_columns(cache, total):
        return None
    view = DynamicCache()
    for live in cache.layers:
        keys, values = live.keys, live.values
        if rows != list(range(keys.shape[0])):
            index = torch.tensor(rows, device=keys.device)
            keys, values = keys[index], values[index]
        layer = DynamicLayer()
        layer.dtype, layer.device = keys.dtype, keys.device
        layer.keys, layer.values = keys[:, :, :columns], values[:, :, :columns]
        layer.is_initialized = True
        view.layers.append(layer)
    return view


def own_cache() -> DynamicCache:
    """Return an empty cache that keeps every column of every layer, sliding windows included."""
    return DynamicCache()


def generation_cache(model: nn.Module) -> DynamicCache:
    """Return an empty cache as `generate` makes it for a model: with windows and recurrent state where it has them."""
    config: Any = model.config
    return DynamicCache(config=config.get_text_config(decoder=True))


def float_dtype(model: nn.Module) -> torch.dtype:
    """Return the precision a model computes in, which is not that of quantised weights."""
    return next(p.dtype for p in model.parameters() if p.is_floating_point())


def input_device(model: nn.Module) -> torch.device:
    """Return where a model takes its token ids; of an offloaded one, where it is run."""
    first: torch.device = next(model.parameters()).device
    if first.type != "meta":
        return first
    # While they wait, offloaded weights are on no device; the hooks of accelerate know where they go.
    embedding: Any = model.get_input_embeddings() if hasattr(model, "get_input_embeddings") else None  # type: ignore[operator]
    modules = [module for module in (embedding, *model.modules()) if isinstance(module, nn.Module)]
    known = (_execution_device(getattr(module, "_hf_hook", None)) for module in modules)
    return next((device for device in known if device is not None), torch.device("cpu"))


def _execution_device(hook: Any) -> torch.device | None:
    for one in getattr(hook, "hooks", (hook,)):
        device = getattr(one, "execution_device", None)
        if device is not None:
            return torch.device(device)
    return None


def accepted_arguments(model: nn.Module) -> frozenset[str]:
    """Return the names that a model's `forward` takes."""
    return frozenset(inspect.signature(model.forward).parameters)


def is_compiled(model: nn.Module) -> bool:
    """Whether the model was passed through `torch.compile`: its hooks may then be skipped without notice."""
    marks = (getattr(model, "_orig_mod", None), getattr(model, "_compiled_call_impl", None))
    return any(mark is not None for mark in marks) or hasattr(model.forward, "_torchdynamo_orig_callable")
