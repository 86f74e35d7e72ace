"""Reads other tokens at the end of a row, over the same cache and without touching it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from guardbind.model.cache import input_device, view_of
from guardbind.model.forward import last_logits
from guardbind.model.tail import Tail

__all__ = ["Branch"]


class Branch:
    """What the model would write had it read other tokens at the end of one row.

    The live cache is borrowed where it holds every column; otherwise each reading runs the row from its first token.
    Nothing of the generation is changed, so that dropping the branch is the whole rollback.

    Args:
        tail: The interrupted generation.
        row: Row of the batch.
        pad: Its left padding, in columns.
        ids: Its tokens so far, without padding.
        cut: How many of its last tokens the branch leaves out.
        tokens: What the branch reads in their place; not empty.
    """

    def __init__(self, tail: Tail, *, row: int, pad: int, ids: Sequence[int], cut: int, tokens: Sequence[int]) -> None:
        self._tail = tail
        self._pad = pad
        self._ids = list(ids[: len(ids) - cut])
        self._cache: Any = view_of(tail.cache, [row], pad + len(self._ids), tail.columns)
        self.logits: Tensor = self._read(list(tokens))

    def advance(self, token: int) -> Tensor:
        """Read one more token; returns the raw fp32 logits `[vocabulary]` after it."""
        self.logits = self._read([token])
        return self.logits

    def _read(self, tokens: list[int]) -> Tensor:
        model = self._tail.model
        device = input_device(model)
        start = len(self._ids)
        self._ids += tokens
        if self._cache is None:
            ids = torch.tensor([self._ids], device=device)
            positions = torch.arange(len(self._ids), device=device)[None]
            return last_logits(model, ids, mask=torch.ones_like(ids), positions=positions)[0]
        mask = torch.ones(1, self._pad + len(self._ids), dtype=torch.long, device=device)
        mask[:, : self._pad] = 0
        ids = torch.tensor([tokens], device=device)
        positions = torch.arange(start, len(self._ids), device=device)[None]
        return last_logits(model, ids, mask=mask, positions=positions, cache=self._cache)[0]
