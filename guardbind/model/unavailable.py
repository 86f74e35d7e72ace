"""Turns what a family raises when it is run in a way that it does not know into one error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from guardbind.errors import GuardbindError, NullUnavailableError

__all__ = ["as_unavailable"]


@contextmanager
def as_unavailable(model: nn.Module, how: str, hint: str) -> Iterator[None]:
    """Raise `NullUnavailableError` for any exception of a model; want of memory is none of the null's.

    Args:
        model: The model that is run.
        how: Ends the sentence "X cannot be run ...", as `under such a mask`.
        hint: What to do next.
    """
    try:
        yield
    except (GuardbindError, torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        raise NullUnavailableError(
            f"{type(model).__name__} cannot be run {how}: {type(error).__name__}: {error}", hint=hint
        ) from error
