"""Lays out what is added to the attention logits of the replicas that read the last token under a bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from guardbind.errors import ConfigError
from guardbind.nulls.null import NullRow

__all__ = ["Biases", "biases_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Biases:
    """What is added to the attention logits of the last token.

    Attributes:
        added: `[rows, replicas, columns]`, nats.
        layers: Layers in which it is added, from 0; None: all of them.
    """

    added: Tensor
    layers: tuple[int, ...] | None

    @property
    def replicas(self) -> int:
        """How many replicas there are of each row."""
        return self.added.shape[1]

    def behind(self, nulls: int, total: int) -> Tensor:
        """Return the same for a packed pass in which other replicas stand before and behind these.

        Args:
            nulls: How many stand before them.
            total: How many there are in all.
        """
        rows, replicas, columns = self.added.shape
        every = self.added.new_zeros(rows, total, columns)
        every[:, nulls : nulls + replicas] = self.added
        return every


def biases_of(rows: Sequence[NullRow], columns: int, *, both: bool) -> Biases | None:
    """Return the biases of some rows; None where no row has one. Rows without one are read as they are.

    Args:
        rows: The rows.
        columns: Columns of the pass, padding included.
        both: A second replica weakens every other column instead. Softmax does not see what is added to all columns
            alike, so that the two are the same where attention heeds what is added to it, and only there.

    Raises:
        ConfigError: Rows have biases in different layers.
    """
    asked = [row.bias for row in rows if row.bias is not None]
    if not asked:
        return None
    if len({bias.layers for bias in asked}) > 1:
        raise ConfigError("rows that are read together have biases in different layers; one choice is accepted.")
    added = torch.zeros(len(rows), 2 if both else 1, columns)
    for of_row, row in zip(added, rows, strict=True):
        if row.bias is None:
            continue
        for part in row.bias.tokens:
            of_row[0, row.pad + part.start : row.pad + part.stop] = row.bias.nats
        of_row[1:] = of_row[0] - row.bias.nats
    return Biases(added, asked[0].layers)
