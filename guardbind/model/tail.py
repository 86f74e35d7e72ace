"""Describes the end of a generation that is interrupted, as nulls and branches run it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from guardbind.model.forward import Module

__all__ = ["Tail"]


@dataclass(frozen=True, slots=True)
class Tail:
    """What a null may use of the generation that it interrupts.

    Attributes:
        model: The module whose forward is run.
        tokenizer: Its tokenizer, for placeholders.
        cache: The live cache, or None.
        columns: How many columns it holds, padding included.
        length: How many of the last tokens are run again.
    """

    model: Module
    tokenizer: PreTrainedTokenizerBase
    cache: Any
    columns: int
    length: int
