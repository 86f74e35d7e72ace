"""Reads other tokens at the end of a row, over the same cache and without touching it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from guardbind.model.borrowed import borrowed
from guardbind.model.cache import input_device
from guardbind.model.forward import last_logits
from guardbind.model.tail import Tail
from guardbind.model.unavailable import as_unavailable

__all__ = ["Branch"]

logger = logging.getLogger("guardbind")


class Branch:
    """What the model would write had it read other tokens at the end of one row.

    The live cache is borrowed where it holds every column; otherwise each reading runs the row from its first token.
    Only the branch's own columns are kept besides. Nothing of the generation is changed, so that dropping the branch is
    the whole rollback.

    Args:
        tail: The interrupted generation.
        row: Row of the batch.
        pad: Its left padding, in columns.
        ids: Its tokens so far, without padding.
        cut: How many of its last tokens the branch leaves out.
        tokens: What the branch reads in their place; not empty.

    Raises:
        NullUnavailableError: The model does not run on them.
    """

    def __init__(self, tail: Tail, *, row: int, pad: int, ids: Sequence[int], cut: int, tokens: Sequence[int]) -> None:
        self._tail = tail
        self._pad = pad
        self._ids = list(ids[: len(ids) - cut])
        self._cache: Any = borrowed(tail.cache, [row], pad + len(self._ids), tail.columns)
        self.logits: Tensor = self._read(list(tokens))

    @classmethod
    def read_already(cls, tail: Tail, *, pad: int, ids: Sequence[int], logits: Tensor, cache: Any) -> Branch:
        """Return a branch whose tokens were read with those of other rows.

        Args:
            tail: The interrupted generation.
            pad: Left padding of the row, in columns.
            ids: The tokens of the branch, without padding.
            logits: Raw fp32 logits `[vocabulary]` after them.
            cache: The cache that it reads on with; it belongs to the branch alone.
        """
        branch = cls.__new__(cls)
        branch._tail, branch._pad, branch._ids, branch._cache = tail, pad, list(ids), cache
        branch.logits = logits
        return branch

    def advance(self, token: int) -> Tensor:
        """Read one more token; returns the raw fp32 logits `[vocabulary]` after it."""
        self.logits = self._read([token])
        return self.logits

    def _read(self, tokens: list[int]) -> Tensor:
        start = len(self._ids)
        self._ids += tokens
        model = self._tail.model
        if self._cache is not None:
            try:
                return self._over_the_cache(tokens, start)
            except (torch.OutOfMemoryError, MemoryError):
                raise
            except Exception as error:
                logger.info("%s is read from the first token on: %s", type(model).__name__, error)
                self._cache = None  # a family that runs on a cache in no other way than its own
        ids = torch.tensor([self._ids], device=input_device(model))
        positions = torch.arange(len(self._ids), device=ids.device)[None]
        with as_unavailable(model, "without a cache", "Use another policy than 'checkpoint'."):
            return last_logits(model, ids, mask=torch.ones_like(ids), positions=positions)[0]

    def _over_the_cache(self, tokens: list[int], start: int) -> Tensor:
        model = self._tail.model
        device = input_device(model)
        mask = torch.ones(1, self._pad + len(self._ids), dtype=torch.long, device=device)
        mask[:, : self._pad] = 0
        ids = torch.tensor([tokens], device=device)
        positions = torch.arange(start, len(self._ids), device=device)[None]
        return last_logits(model, ids, mask=mask, positions=positions, cache=self._cache)[0]
