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


class _ReadOnlyLayer(DynamicLayer):
    """Shows its columns and those of the pass that runs, and keeps none of the latter: one layer's copy at a time."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
        self._shown = keys, values

    def update(self, key_states: Tensor, value_states: Tensor, *_args: Any, **_kwargs: Any) -> tuple[Tensor, Tensor]:
        keys, values = self._shown
        return torch.cat([keys, key_states], dim=-2), torch.cat([values, value_states], dim=-2)


def view_of(
    cache: Any,
    rows: list[int],
    columns: int,
    total: int,
    *,
    repeats: int = 1,
    grows: bool = True,
    kept: Tensor | None = None,
) -> DynamicCache | None:
    """Return a cache that shows the first `columns` of `cache` for some rows, without touching it.

    The layers of the view extend by concatenation, which makes new tensors: the live cache stays bit-identical.

    Args:
        cache: The live cache.
        rows: Rows of the batch, in the order wanted.
        columns: How many columns to show.
        total: How many columns the live cache should hold.
        repeats: How often each row is repeated, next to itself.
        grows: Whether the view keeps what a pass adds to it; without that, one pass costs the memory of one layer.
        kept: Which of these columns to show; all by default.

    Returns:
        The view, or None when the cache cannot be read: recurrent state, an overflowed sliding window, a quantised or
        offloaded cache, or one that holds tokens which are not the prompt's.
    """
    layers = getattr(cache, "layers", None)
    if not layers or getattr(cache, "offloading", False) or not all(_is_readable(layer, total) for layer in layers):
        return None
    seen = getattr(cache, "get_seq_length", None)
    if seen is not None and int(seen()) != total:
        return None  # tokens of the model's own stand in front, so that a column is another token
    view = DynamicCache()
    for live in layers:
        keys, values = live.keys, live.values
        if rows != list(range(keys.shape[0])):
            index = torch.tensor(rows, device=keys.device)
            keys, values = keys[index], values[index]
        keys, values = keys[:, :, :columns], values[:, :, :columns]
        if kept is not None:
            keys, values = (part.index_select(2, kept.to(part.device)) for part in (keys, values))
        if repeats > 1:
            keys, values = keys.repeat_interleave(repeats, 0), values.repeat_interleave(repeats, 0)
        layer = DynamicLayer() if grows else _ReadOnlyLayer(keys, values)
        view.layers.append(_filled(layer, keys, values))
    return view


def _filled(layer: DynamicLayer, keys: Tensor, values: Tensor) -> DynamicLayer:
    layer.dtype, layer.device = keys.dtype, keys.device
    layer.keys, layer.values = keys, values
    layer.is_initialized = True
    return layer


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
