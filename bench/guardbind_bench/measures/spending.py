"""Counts what a piece of work costs: forward passes of a model, tokens that they read, and time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

__all__ = ["Spending", "spending"]


@dataclass(slots=True)
class Spending:
    """What was spent inside `spending`.

    Attributes:
        forwards: Calls of the model.
        tokens: Tokens that they were given, padding included; what stood in a cache already is not counted.
        seconds: Time, until the device had finished.
    """

    forwards: int = 0
    tokens: int = 0
    seconds: float = 0.0


@contextmanager
def spending(model: nn.Module) -> Iterator[Spending]:
    """Count what a model is asked for inside a `with` block; the time is known behind it.

    Args:
        model: The module whose forward is counted.
    """
    spent = Spending()

    def count(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        spent.forwards += 1
        spent.tokens += (args[0] if args else kwargs["input_ids"]).numel()

    hook = model.register_forward_pre_hook(count, with_kwargs=True)
    try:
        _synchronize()
        start = time.perf_counter()
        yield spent
        _synchronize()
        spent.seconds = time.perf_counter() - start
    finally:
        hook.remove()


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
