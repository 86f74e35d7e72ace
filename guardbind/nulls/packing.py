"""Lays replicas of a stretch of tokens side by side, each blind to other columns, so that one forward reads all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from guardbind.errors import NullUnavailableError
from guardbind.model.architecture import attention_windows, layer_kinds
from guardbind.model.biased import biased
from guardbind.model.borrowed import borrowed
from guardbind.model.cache import float_dtype, input_device, own_cache
from guardbind.model.forward import Module, forward, left_padded, pad_left
from guardbind.model.tail import Tail
from guardbind.nulls.null import NullRow, TokenRanges

__all__ = ["OTHER_NULLS", "borrow", "read_expanded", "read_packed"]

OTHER_NULLS = "Use the null 'mask_rows' or 'mask_prefill'."


def borrow(tail: Tail, rows: Sequence[NullRow], columns: int, again: int, repeats: int) -> tuple[Any, int, str]:
    """Return a cache of the columns before a stretch, how many forwards it took, and what these cost in words.

    Args:
        tail: The interrupted generation, whose cache is shown and not touched.
        rows: The rows, each with its tokens up to the end of the stretch.
        columns: Where the stretch ends, padding included.
        again: How many tokens it has.
        repeats: How often each row is repeated, next to itself.
    """
    shown = columns - again
    taken = [row.row for row in rows]
    view = borrowed(tail.cache, taken, shown, tail.columns, repeats=repeats, keeps=False)
    if view is not None:
        return view, 0, ""
    if shown == 0:
        return own_cache(), 0, ""
    ids, mask, positions = left_padded([list(row.ids[:-again]) for row in rows], input_device(tail.model))
    # The rows keep the columns that they have in the live cache, so that spans mean the same in both.
    gap = shown - ids.shape[1]
    ids, mask, positions = (pad_left(t, gap) for t in (ids, mask, positions))
    full = own_cache()
    keep = torch.tensor([ids.shape[1] - 1], device=ids.device)
    forward(tail.model, ids, mask=mask, positions=positions, cache=full, keep=keep)
    if repeats > 1:
        full.batch_repeat_interleave(repeats)
    return full, 1, "1 prefill, because the live cache does not hold every column; "


def read_packed(
    model: Module,
    rows: Sequence[NullRow],
    hidden: Sequence[Sequence[TokenRanges]],
    columns: int,
    lengths: Sequence[int],
    view: Any,
    kept: range,
    added: Tensor | None = None,
    layers: Sequence[int] | None = None,
) -> Tensor:
    """Read all replicas in one sequence, under a 4-D mask that hides them from each other.

    Args:
        model: The module whose forward is run.
        rows: The rows, each with its tokens up to the end of the stretch.
        hidden: For each row and replica, the tokens that it does not see; as many replicas for every row.
        columns: Where the stretch ends, padding included.
        lengths: For each replica, how many of the last tokens it runs again; the same for every row.
        view: A cache of the columns before the shortest replica, one row for each row.
        kept: The tokens of the longest replica whose logits are wanted, and the shorter ones have.
        added: What is added to the attention logits of each replica, `[rows, replicas, columns]`, nats; None: nothing.
        layers: Layers in which it is; None: all of them.

    Returns:
        fp32 logits `[rows, replicas, kept, vocabulary]`.

    Raises:
        NullUnavailableError: The layers attend in chunks, or under windows of several widths.
    """
    device = input_device(model)
    again, shown = max(lengths), columns - min(lengths)
    ids, positions = _inputs(rows, again, device)
    # Which token of the stretch a packed one is, and whose replica it stands in.
    token = torch.cat([torch.arange(again - length, again) for length in lengths])
    replica = torch.repeat_interleave(torch.tensor(lengths))
    blind = torch.zeros(len(rows), len(lengths), columns, dtype=torch.bool)
    for i, (row, of_row) in enumerate(zip(rows, hidden, strict=True)):
        blind[i, :, : row.pad] = True
        for j, span in enumerate(of_row):
            for part in span:
                blind[i, j, row.pad + part.start : row.pad + part.stop] = True
    column = columns - again + token
    mask = _masks(model, ~blind, replica, column, shown)
    bias = None
    if added is not None:
        packed = added[:, replica].to(device, float_dtype(model))
        bias = torch.cat([packed[..., :shown], packed[..., column.to(device)]], -1)[:, None]
    starts = torch.tensor(lengths).cumsum(0) - torch.tensor(lengths)
    first = starts + torch.tensor(lengths) - again
    keep = (first[:, None] + torch.tensor(list(kept))).reshape(-1).to(device)
    token = token.to(device)
    with biased(model, mask, bias, layers) as mask:
        logits = forward(model, ids[:, token], mask=mask, positions=positions[:, token], cache=view, keep=keep)
    return logits.reshape(len(rows), len(lengths), len(kept), -1)


def read_expanded(
    model: Module,
    rows: Sequence[NullRow],
    hidden: Sequence[Sequence[TokenRanges]],
    columns: int,
    again: int,
    view: Any,
    kept: range,
) -> Tensor:
    """Read each replica as a row of its own under a 2-D mask; the view repeats each row so often. See `read_packed`."""
    device = input_device(model)
    replicas = len(hidden[0])
    ids, positions = _inputs(rows, again, device)
    mask = torch.ones(len(rows), replicas, columns, dtype=torch.long)
    for i, (row, of_row) in enumerate(zip(rows, hidden, strict=True)):
        mask[i, :, : row.pad] = 0
        for j, span in enumerate(of_row):
            for part in span:
                mask[i, j, row.pad + part.start : row.pad + part.stop] = 0
    mask[..., -1] = 1  # the last token always sees itself
    logits = forward(
        model,
        ids.repeat_interleave(replicas, 0),
        mask=mask.reshape(-1, columns).to(device),
        positions=positions.repeat_interleave(replicas, 0),
        cache=view,
        keep=torch.tensor(list(kept), device=device),
    )
    return logits.reshape(len(rows), replicas, len(kept), -1)


def _inputs(rows: Sequence[NullRow], again: int, device: torch.device) -> tuple[Tensor, Tensor]:
    # A row that is shorter than the stretch has padding in it.
    ids = torch.tensor([(0,) * (again - len(row.ids)) + row.ids[-again:] for row in rows], device=device)
    ends = torch.tensor([[len(row.ids)] for row in rows], device=device)
    return ids, (ends - again + torch.arange(again, device=device)).clamp(min=0)


def _masks(model: Module, seen: Tensor, replica: Tensor, column: Tensor, shown: int) -> Tensor | dict[str, Tensor]:
    """Return the mask of a packed pass, or one per kind of layer.

    Args:
        model: The module whose forward is run.
        seen: `[rows, replicas, columns]`, which columns each replica may see.
        replica: `[packed]`, the replica of each packed token.
        column: `[packed]`, the column that it stands in.
        shown: Columns of the cache.
    """
    device, dtype = input_device(model), float_dtype(model)
    seen, replica, column = (t.to(device) for t in (seen, replica, column))
    # The cache shows what stands before the shortest replica; the longer ones read the rest of it again themselves.
    starts = column.new_full((seen.shape[1],), seen.shape[2]).scatter_reduce(0, replica, column, "amin")
    places = torch.arange(shown, device=device)
    before = seen[:, replica, :shown] & (places < starts[replica][:, None])
    behind = seen[:, replica][:, :, column] & (replica[:, None] == replica) & (column[:, None] >= column)
    # A token always sees itself: a row of the mask that hides everything has no meaning.
    behind |= torch.eye(len(column), dtype=torch.bool, device=device)
    full = torch.cat([before, behind], -1)[:, None]
    # Where a window is narrower than the packed sequence it has to be drawn, because a family that draws its own would
    # count the replicas in between as distance.
    windows = {window for window in attention_windows(model) if window is not None and window < full.shape[-1]}
    if len(windows) > 1:
        raise NullUnavailableError(
            f"the layers have different attention windows: {sorted(windows)}; one is supported.", hint=OTHER_NULLS
        )
    if any("chunked" in kind for kind in layer_kinds(model)):
        raise NullUnavailableError(
            "the layers attend in chunks, which packed replicas would shift; full and sliding attention are supported.",
            hint=OTHER_NULLS,
        )
    if not windows:
        return _additive(full, dtype)
    here = column[:, None] - torch.cat([places, column])[None, :]
    sliding = _additive(full & (here < windows.pop()), dtype)
    if all(width is not None for width in attention_windows(model)):
        return sliding
    return {"full_attention": _additive(full, dtype), "sliding_attention": sliding}


def _additive(seen: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill(~seen, torch.finfo(dtype).min)
