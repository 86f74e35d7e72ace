"""Shares one prefill among many answers, each of which continues from its own view of the same cache."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from guardbind.model.cache import accepted_arguments, view_of

__all__ = ["SharedPrefill"]

# What is left for `generate` to read. A null runs the last few tokens again, over a cache that must hold them.
_TAIL = 8


class SharedPrefill:
    """Reads all but the last tokens of some prompts of equal length, once.

    Args:
        model: The model.
        ids: Prompts `[rows, columns]`, without padding.
    """

    def __init__(self, model: PreTrainedModel, ids: Tensor) -> None:
        self._ids = ids
        self._read = ids.shape[1] - _TAIL
        self._cache: Any = None
        if self._read > 0:
            # Only the cache is wanted, and the logits of every position would be most of the work.
            kept = {"logits_to_keep": 1} if "logits_to_keep" in accepted_arguments(model) else {}
            with torch.no_grad():
                output = model(input_ids=ids[:, : self._read], use_cache=True, **kept)
            self._cache = getattr(output, "past_key_values", None)

    def arguments(self) -> dict[str, Any]:
        """Return what `generate` takes to answer the prompts, with a cache of its own to grow.

        Without a cache that can be shown anew (recurrent state, a sliding window that has overflowed) `generate` reads
        the prompts again.
        """
        arguments: dict[str, Any] = {"input_ids": self._ids, "attention_mask": torch.ones_like(self._ids)}
        if self._cache is not None:
            view = view_of(self._cache, list(range(len(self._ids))), self._read, self._read)
            if view is not None:
                arguments["past_key_values"] = view
        return arguments
