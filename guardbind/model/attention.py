"""Computes attention in the open, where it can be read and changed, in the place that transformers calls it from."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, AttentionMaskInterface, eager_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from guardbind.model.interventions import AttentionBias, AttentionWeight, Heads, QueryZero

__all__ = ["BACKENDS", "AttentionEdit", "Desk", "dispatched", "open_attention", "seated"]

BACKENDS = ("sdpa", "eager")
"""What a model's attention may be computed by: each can be handed the mask that is made here."""

AttentionEdit = AttentionBias | AttentionWeight | QueryZero

_NAME = "guardbind_{}"


class Desk(Protocol):
    """Who is asked for the attention of a module."""

    def attend(
        self, module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, given: dict[str, Any]
    ) -> tuple[Tensor, Tensor | None]:
        """Return what a layer's attention gives, `[batch, tokens, heads, size]`, and its weights or None."""
        ...


# Per thread, the modules that are attended to here and by whom; a thread that is not in it runs as ever.
_HERE = threading.local()


def dispatched(module: nn.Module) -> bool:
    """Whether an attention module looks its function up in the table of transformers, and has an eager one besides."""
    code = getattr(getattr(type(module).forward, "__wrapped__", type(module).forward), "__code__", None)
    return "ALL_ATTENTION_FUNCTIONS" in getattr(code, "co_names", ()) and _eager(module) is not None


@contextmanager
def seated(modules: Mapping[nn.Module, Desk], configs: Sequence[Any]) -> Iterator[None]:
    """Have the attention of modules computed by desks inside the block, in this thread.

    Args:
        modules: The attention modules.
        configs: The configurations that they and the mask are looked up by; each names one of `BACKENDS`, or a block
            of this kind stands around this one.
    """
    before: dict[nn.Module, Desk] = getattr(_HERE, "desks", {})
    names = [config._attn_implementation for config in configs]
    try:
        for config, name in zip(configs, names, strict=True):
            # The property would also set the parts of a composite model that are none of ours.
            if name in BACKENDS:
                config._attn_implementation_internal = _NAME.format(name)
        _HERE.desks = before | dict(modules)
        yield
    finally:
        _HERE.desks = before
        for config, name in zip(configs, names, strict=True):
            config._attn_implementation_internal = name


def open_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    scaling: float | None,
    *,
    layer: int,
    edits: Sequence[AttentionEdit] = (),
    columns: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute attention step by step.

    Args:
        query: `[batch, heads, tokens, size]`.
        key: `[batch, key heads, columns, size]`; head h reads key head h // (heads / key heads).
        value: As `key`.
        mask: Added to the logits, `[batch or 1, heads or 1, tokens, columns]`; None: nothing is hidden.
        scaling: What the logits are multiplied by; None: 1 / sqrt(size).
        layer: Number of the layer, to which edits of heads are compared.
        edits: What is changed.
        columns: How many columns the pass has; a layer that holds fewer holds the last ones. None: what it holds.

    Returns:
        What the heads give, `[batch, tokens, heads, size]`, and the weights, `[batch, heads, tokens, columns]`.
    """
    heads, held = query.shape[1], key.shape[2]
    groups = heads // key.shape[1]
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    missing = max(0, (columns or held) - held)
    for edit in edits:
        if isinstance(edit, QueryZero):
            query = query.clone()
            query[_where(edit.heads, layer, heads, None, edit.rows)] = 0
    scores = query @ key.transpose(2, 3) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    if mask is not None:
        if mask.dtype == torch.bool:
            mask = torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, torch.finfo(scores.dtype).min)
        scores = scores + mask[..., :held]
    for edit in edits:
        if isinstance(edit, AttentionBias) and edit.bias:
            at = _where(edit.heads, layer, heads, edit.batch, edit.rows)
            added = scores.new_zeros(held).index_fill(0, _columns(edit.columns, missing, held, scores), edit.bias)
            scores = scores.clone()
            # No row may become empty, and minus infinity twice is no number.
            scores[at] = (scores[at] + added).clamp(min=torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, -1, dtype=torch.float32)
    for edit in edits:
        if isinstance(edit, AttentionWeight) and edit.factor != 1:
            at = _where(edit.heads, layer, heads, edit.batch, edit.rows)
            chosen = _columns(edit.columns, missing, held, scores)
            weights = weights.clone()
            weights[at] = _scaled(weights[at], chosen, edit)
    weights = weights.to(query.dtype)
    return (weights @ value).transpose(1, 2).contiguous(), weights


def _scaled(weights: Tensor, columns: Tensor, edit: AttentionWeight) -> Tensor:
    scaled = weights.new_zeros(weights.shape[-1]).index_fill(0, columns, 1.0)
    share = (weights * scaled).sum(-1, keepdim=True)
    if edit.spread == "all":
        return weights * (1 + (edit.factor - 1) * scaled) / (1 + (edit.factor - 1) * share)
    rest = (1 - edit.factor * share).clamp(min=0) / (1 - share).clamp(min=torch.finfo(weights.dtype).tiny)
    return weights * torch.where(scaled.bool(), edit.factor, rest)


def _where(heads: Heads, layer: int, count: int, batch: int | None, rows: int) -> tuple[Any, ...]:
    """Return the index of `[batch, heads, tokens, ...]` that an edit acts on."""
    of_layer = slice(None) if heads is None else sorted({head for at, head in heads if at == layer and head < count})
    return slice(None) if batch is None else slice(batch, batch + 1), of_layer, slice(-rows, None)


def _columns(columns: Sequence[int], missing: int, held: int, like: Tensor) -> Tensor:
    here = [column - missing for column in columns if missing <= column < missing + held]
    return torch.tensor(here, dtype=torch.long, device=like.device)


def _eager(module: nn.Module) -> Any:
    # Each family keeps its own beside its attention, which hands it to the look-up as what to fall back on.
    return getattr(sys.modules.get(type(module).__module__), "eager_attention_forward", None)


def _attend(
    backend: str,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *args: Any,
    **given: Any,
) -> Any:
    desk = getattr(_HERE, "desks", {}).get(module)
    if desk is not None:
        return desk.attend(module, query, key, value, attention_mask, given)
    as_ever = _eager(module) if backend == "eager" else ALL_ATTENTION_FUNCTIONS[backend]
    return as_ever(module, query, key, value, attention_mask, *args, **given)


def _mask(backend: str, *args: Any, **given: Any) -> Any:
    make = eager_mask if getattr(_HERE, "desks", {}) else ALL_MASK_ATTENTION_FUNCTIONS[backend]
    return make(*args, **given)


for _backend in BACKENDS:
    AttentionInterface.register(_NAME.format(_backend), partial(_attend, _backend))
    AttentionMaskInterface.register(_NAME.format(_backend), partial(_mask, _backend))
