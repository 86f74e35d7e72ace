"""Bundles a model with its tokenizer, so that the rooms above pass one thing on and need not look into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from torch import nn
from transformers import PreTrainedTokenizerBase

from guardbind.model.architecture import context_length
from guardbind.model.tail import Tail
from guardbind.model.tap import unwrap

__all__ = ["LanguageModel"]


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A model and its tokenizer.

    Attributes:
        module: The module whose forward the generation loop calls.
        tokenizer: Its tokenizer.
    """

    module: nn.Module
    tokenizer: PreTrainedTokenizerBase

    @classmethod
    def of(cls, model: nn.Module, tokenizer: PreTrainedTokenizerBase) -> Self:
        """Take a model out of the wrappers that it may stand in; see `unwrap` for the errors."""
        return cls(unwrap(model), tokenizer)

    @property
    def context_length(self) -> int | None:
        """Tokens that the model's positions reach, prompt and answer together; None without a limit."""
        return context_length(self.module)

    def tail(self, cache: Any, columns: int, length: int) -> Tail:
        """Describe the end of a generation that is interrupted; see `Tail` for the arguments."""
        return Tail(self.module, self.tokenizer, cache, columns, length)
