"""Lays replicas of a stretch of tokens side by side, each blind to other columns, so that one forward reads all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from guardbind.errors import NullUnavailableError
from guardbind.model.architecture import attention_windows, layer_kinds
from guardbind.model.cache import float_dtype, input_device, own_cache, view_of
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
    view = view_of(tail.cache, taken, shown, tail.columns, repeats=repeats, grows=False)
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
    again: int,
    view: Any,
    kept: range,
) -> Tensor:
    """Read all replicas in one sequence, under a 4-D mask that hides them from each other.

    Args:
        model: The module whose forward is run.
        rows: The rows, each with its tokens up to the end of the stretch.
        hidden: For each row and replica, the tokens that it does not see; as many replicas for every row.
        columns: Where the stretch ends, padding included.
        again: How many tokens it has.
        view: A cache of the columns before it, one row for each row.
        kept: The tokens of the stretch whose logits are wanted.

    Returns:
        fp32 logits `[rows, replicas, kept, vocabulary]`.

    Raises:
        NullUnavailableError: The layers attend in chunks, or under windows of several widths.
    """
    device = input_device(model)
    replicas, shown = len(hidden[0]), columns - again
    ids, positions = _inputs(rows, again, device)
    seen = torch.zeros(len(rows), replicas, again, columns, dtype=torch.bool)
    seen[..., :shown] = True
    seen[..., shown:] = torch.ones(again, again, dtype=torch.bool).tril()
    for i, (row, of_row) in enumerate(zip(rows, hidden, strict=True)):
        seen[i, :, :, : row.pad] = False
        for j, span in enumerate(of_row):
            for part in span:
                seen[i, j, :, row.pad + part.start : row.pad + part.stop] = False
    # A token always sees itself: a row of the mask that hides everything has no meaning.
    seen[..., shown:] |= torch.eye(again, dtype=torch.bool)
    mask = _masks(model, seen, shown)
    keep = torch.tensor([j * again + place for j in range(replicas) for place in kept], device=device)
    ids, positions = ids.repeat(1, replicas), positions.repeat(1, replicas)
    logits = forward(model, ids, mask=mask, positions=positions, cache=view, keep=keep)
    return logits.reshape(len(rows), replicas, len(kept), -1)


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


def _masks(model: Module, seen: Tensor, shown: int) -> Tensor | dict[str, Tensor]:
    """Return the mask of a packed pass, or one per kind of layer."""
    device, dtype = input_device(model), float_dtype(model)
    full = _spread(seen, shown)
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
        return _additive(full, dtype, device)
    window, columns = windows.pop(), seen.shape[-1]
    here = torch.arange(shown, columns)[:, None] - torch.arange(columns)[None, :]
    sliding = _additive(_spread(seen & (here < window), shown), dtype, device)
    if all(width is not None for width in attention_windows(model)):
        return sliding
    return {"full_attention": _additive(full, dtype, device), "sliding_attention": sliding}


def _spread(seen: Tensor, shown: int) -> Tensor:
    """Lay replicas side by side: `[rows, replicas, again, shown + again]` to `[rows, 1, all tokens, all columns]`."""
    rows, replicas, again, _ = seen.shape
    out = torch.zeros(rows, replicas, again, shown + replicas * again, dtype=torch.bool)
    out[..., :shown] = seen[..., :shown]
    for j in range(replicas):
        out[:, j, :, shown + j * again : shown + (j + 1) * again] = seen[:, j, :, shown:]
    return out.reshape(rows, 1, replicas * again, -1)


def _additive(seen: Tensor, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min).to(device)
