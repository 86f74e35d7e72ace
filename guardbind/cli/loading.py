"""Loads the model that a command names."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["load_model"]

logger = logging.getLogger("guardbind")


def load_model(
    name: str, *, dtype: str, device: str | None, attention: str | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a model and its tokenizer, and say so in the log.

    Raises:
        click.BadParameter: There is no such device.
        GuardbindError: The model cannot be loaded.
    """
    # Here and not above, so that help and wrong usage are answered before torch is imported.
    import torch

    from guardbind.model.loading import load

    if device not in (None, "auto"):
        try:
            torch.empty(0, device=device)
        except (AssertionError, NotImplementedError, RuntimeError) as error:
            raise click.BadParameter(f"{device!r} cannot be used: {error}", param_hint="--device") from error
    logger.info("loading %s", name)
    return load(name, dtype=dtype, device=device, attn_implementation=attention)
