"""Lends the columns of a live cache to passes of our own, which add to them without a copy of the whole."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from guardbind.model.cache import holds_columns, view_of

__all__ = ["borrowed", "row_of"]

# Layers that keep the columns they have for as long as a generation lasts; a sliding window lets go of them.
_LASTING = frozenset({"DynamicLayer", "StaticLayer"})


def borrowed(
    cache: Any, rows: list[int], columns: int, total: int, *, repeats: int = 1, keeps: bool = True
) -> DynamicCache | None:
    """Return a cache that shows the first `columns` of `cache` for some rows, without touching or copying it.

    What a pass reads is put together layer by layer, so that it takes the memory of one layer at a time. The live cache
    may grow in between; it must not be cut.

    Args:
        cache: The live cache.
        rows: Rows of the batch, in the order wanted.
        columns: How many columns to show.
        total: How many columns the live cache should hold.
        repeats: How often each row is repeated, next to itself.
        keeps: Whether what a pass adds is kept, so that another can go on from there. Layers with an attention window
            are then copied, because the live cache forgets their columns.

    Returns:
        The cache, or None when the live one cannot be read; see `view_of`.
    """
    if not holds_columns(cache, total):
        return None
    if not keeps or all(type(live).__name__ in _LASTING for live in cache.layers):
        layers: list[Any] = [_BorrowedLayer(live, rows, columns, repeats, keeps) for live in cache.layers]
    else:
        view = view_of(cache, [row for row in rows for _ in range(repeats)], columns, total)
        assert view is not None
        layers = [
            _BorrowedLayer(live, rows, columns, repeats, keeps) if type(live).__name__ in _LASTING else copied
            for live, copied in zip(cache.layers, view.layers, strict=True)
        ]
    shown = DynamicCache()
    shown.layers.extend(layers)
    return shown


def row_of(shown: DynamicCache, row: int, columns: int, added: int) -> DynamicCache:
    """Return a cache of one row of a borrowed one, which goes on by itself.

    Args:
        shown: What `borrowed` returned, after a pass.
        row: Place of the row among the rows shown.
        columns: How many of the columns shown are the row's own.
        added: How many of the last tokens that were added are.
    """
    alone = DynamicCache()
    layers: list[Any] = list(shown.layers)
    for layer in layers:
        if isinstance(layer, _BorrowedLayer):
            alone.layers.append(layer.of_row(row, columns, added))
            continue
        total = layer.get_seq_length()
        kept = torch.cat([torch.arange(columns), torch.arange(total - added, total)])
        copied = DynamicLayer()
        keys, values = (
            part[row : row + 1].index_select(2, kept.to(part.device)) for part in (layer.keys, layer.values)
        )
        copied.update(keys, values)
        alone.layers.append(copied)
    return alone


class _BorrowedLayer(DynamicLayer):
    """Columns of a live layer, and behind them those that passes have added."""

    def __init__(self, live: Any, rows: list[int], columns: int, repeats: int, keeps: bool) -> None:
        self._added: tuple[Tensor, Tensor] | None = None
        super().__init__()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
        self._live = live
        self._rows = rows
        self._columns = columns
        self._repeats = repeats
        self._keeps = keeps
        self._batch = live.keys.shape[0]
        self.dtype, self.device = live.keys.dtype, live.keys.device
        self.is_initialized = True

    def of_row(self, row: int, columns: int, added: int) -> _BorrowedLayer:
        alone = _BorrowedLayer(self._live, [self._rows[row // self._repeats]], columns, 1, self._keeps)
        if self._added is not None and added:
            keys, values = (part[row : row + 1, :, -added:] for part in self._added)
            alone._added = keys, values
        return alone

    # Some families look into the layers; what they find there is what `update` returned.
    @property
    def keys(self) -> Tensor:
        return self._whole(0)

    @keys.setter
    def keys(self, value: Tensor | None) -> None:
        """Nothing is stored: the base class sets what is not there yet."""

    @property
    def values(self) -> Tensor:
        return self._whole(1)

    @values.setter
    def values(self, value: Tensor | None) -> None:
        """See `keys`."""

    def update(self, key_states: Tensor, value_states: Tensor, *_args: Any, **_kwargs: Any) -> tuple[Tensor, Tensor]:
        if not self._keeps:
            return torch.cat([self._shown(0), key_states], dim=-2), torch.cat([self._shown(1), value_states], dim=-2)
        before = self._added
        self._added = (
            (key_states, value_states)
            if before is None
            else (torch.cat([before[0], key_states], dim=-2), torch.cat([before[1], value_states], dim=-2))
        )
        return self._whole(0), self._whole(1)

    def get_seq_length(self, *_args: Any, **_kwargs: Any) -> int:
        return self._columns + (0 if self._added is None else self._added[0].shape[-2])

    def _whole(self, part: int) -> Tensor:
        shown = self._shown(part)
        return shown if self._added is None else torch.cat([shown, self._added[part]], dim=-2)

    def _shown(self, part: int) -> Tensor:
        # Looked up each time: a live layer that has grown holds its columns in another tensor, and lets go of this one.
        whole: Tensor = (self._live.keys, self._live.values)[part]
        if whole.shape[0] != self._batch or whole.shape[-2] < self._columns:
            raise RuntimeError("the live cache no longer holds the columns that were borrowed from it")
        first, rows = self._rows[0], self._rows
        if rows == list(range(first, first + len(rows))):
            whole = whole[first : first + len(rows), :, : self._columns]
        else:
            whole = whole[torch.tensor(rows, device=whole.device), :, : self._columns]
        return whole.repeat_interleave(self._repeats, 0) if self._repeats > 1 else whole
