"""Runs the linear layers of a model by oneDNN for a while, which on some processors is twice as fast as the default.

torch multiplies fp32 matrices on a CPU by the library that it was built with, which need not be the fastest there.
oneDNN comes with the same torch. Both compute in fp32 and differ in the order of the sums only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["linears_by_onednn"]

# A product of one row with a small matrix gains nothing.
_FEWEST_ROWS = 2
_WIDE = 4096


@contextmanager
def linears_by_onednn(model: nn.Module) -> Iterator[int]:
    """Have oneDNN run the linear layers of a model; those that it cannot run as they should stay as they are.

    No weight is copied or changed. What is run with gradients goes the usual way.

    Args:
        model: The model.

    Yields:
        How many layers are run so.
    """
    layers = [layer for layer in model.modules() if _takes(layer)] if _available() else []
    for layer in layers:
        layer.__dict__["forward"] = _forward(layer)
    try:
        yield len(layers)
    finally:
        for layer in layers:
            layer.__dict__.pop("forward", None)


def _takes(layer: nn.Module) -> bool:
    # A subclass, or a layer that somebody else has changed, may do more than multiply.
    if type(layer) is not nn.Linear or "forward" in layer.__dict__:
        return False
    return layer.weight.device.type == "cpu" and layer.weight.dtype == torch.float32


def _forward(layer: nn.Module) -> Callable[[Tensor], Tensor]:
    usual = layer.forward

    def forward(x: Tensor) -> Tensor:
        weight: Tensor = layer.weight  # type: ignore[assignment]
        worth = x.numel() >= _FEWEST_ROWS * x.shape[-1] or len(weight) >= _WIDE
        if torch.is_grad_enabled() or not worth or x.dtype != torch.float32:
            result: Tensor = usual(x)
            return result
        return _product(x, weight, layer.bias)  # type: ignore[arg-type]

    return forward


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return product


def _available() -> bool:
    """Whether this torch has the operation, and it gives what the usual one gives."""
    x, weight = torch.arange(6.0).reshape(1, 2, 3), torch.arange(12.0).reshape(4, 3)
    try:
        with torch.no_grad():
            return bool(torch.allclose(_product(x, weight, None), nn.functional.linear(x, weight)))
    except (AttributeError, NotImplementedError, RuntimeError):
        return False
