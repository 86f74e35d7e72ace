"""Adds a bias to the attention mask of a forward pass, in every layer or in some of them."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from guardbind.errors import NullUnavailableError
from guardbind.model.architecture import find_layers
from guardbind.model.hook import Hook

__all__ = ["biased"]

Masks: TypeAlias = Tensor | dict[str, Tensor]


@contextmanager
def biased(model: nn.Module, mask: Masks, bias: Tensor | None, layers: Sequence[int] | None) -> Iterator[Masks]:
    """Give the mask to run a pass with inside the block; the model is left as it was.

    Args:
        model: A causal language model.
        mask: Additive masks `[rows, 1, tokens, columns]`, one, or one per kind of layer.
        bias: What is added to them, of the same shape, nats; None: nothing.
        layers: Layers in which it is added, from 0; None: all of them.

    Raises:
        NullUnavailableError: The model has no such layer, or hands its layers no mask that could be changed.
    """
    if bias is None:
        yield mask
    elif layers is None:
        yield {kind: _sum(one, bias) for kind, one in mask.items()} if isinstance(mask, dict) else _sum(mask, bias)
    else:
        found = find_layers(model)
        if max(layers) >= len(found):
            raise NullUnavailableError(
                f"there is no layer {max(layers)} to bias attention in; {type(model).__name__} has {len(found)}, from "
                "0 on.",
                hint="Name other layers in AttendConfig(layers=...), or None for all of them.",
            )
        with ExitStack() as stack:
            for number in layers:
                hook = Hook(_adding(bias, number, found[number]))
                stack.enter_context(_removed(found[number].register_forward_pre_hook(hook, with_kwargs=True)))
            yield mask


@contextmanager
def _removed(handle: Any) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()


def _adding(bias: Tensor, number: int, layer: nn.Module) -> Any:
    here = threading.get_ident()
    taken = list(inspect.signature(layer.forward).parameters)
    place = taken.index("attention_mask") if "attention_mask" in taken else None

    def add(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if threading.get_ident() != here:
            return None
        named = "attention_mask" in kwargs
        mask = kwargs["attention_mask"] if named else args[place] if place is not None and place < len(args) else None
        if not isinstance(mask, Tensor) or not mask.is_floating_point() or mask.shape[-2:] != bias.shape[-2:]:
            raise NullUnavailableError(
                f"layer {number} is not handed an attention mask that a bias could be added to.",
                hint="Bias all layers: AttendConfig(layers=None).",
            )
        if named:
            return args, kwargs | {"attention_mask": _sum(mask, bias)}
        assert place is not None
        return (*args[:place], _sum(mask, bias), *args[place + 1 :]), kwargs

    return add


def _sum(mask: Tensor, bias: Tensor) -> Tensor:
    # What is hidden stays so: minus infinity, by overflow, is no number where it fills a row.
    hidden = mask <= torch.finfo(mask.dtype).min / 2
    return torch.where(hidden, mask, mask + bias.to(mask))
