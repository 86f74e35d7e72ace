"""Takes evidence away by masked columns: runs the last few tokens once more, blind to it, all nulls in one forward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from guardbind.errors import GuardbindError, NullUnavailableError
from guardbind.model.architecture import attention_windows, is_recurrent, layer_kinds
from guardbind.model.cache import float_dtype, input_device, own_cache, view_of
from guardbind.model.forward import forward, left_padded, pad_left
from guardbind.model.tail import Tail
from guardbind.nulls.null import NullReading, NullRow

__all__ = ["MASK", "MASK_ROWS", "MaskedTail"]

_OTHER_NULLS = "Use the null 'mask_rows' or 'mask_prefill'."


class MaskedTail:
    """Replicas of the last tokens over the live cache, each with other columns masked.

    Packed, the replicas stand side by side in one sequence under a 4-D mask that hides them from each other; expanded,
    each is a row of its own under a 2-D mask, for attention backends that take no 4-D one. The cache is borrowed, not
    copied. Where it no longer holds every column (a sliding window that has overflowed, a quantised cache) the prompt
    is read once more into a full one; where the state is recurrent, masking columns takes nothing away and the null
    refuses.

    Args:
        name: The registered name.
        packed: Pack the replicas into one sequence.
        stand_ins: See `Null`.
    """

    def __init__(self, name: str, *, packed: bool, stand_ins: tuple[str, ...] = ()) -> None:
        self.name = name
        self.stand_ins = stand_ins
        self._packed = packed

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        """Read every null of every row; see `Null`.

        Raises:
            NullUnavailableError: The model keeps recurrent state, or does not run under such a mask.
        """
        if is_recurrent(tail.model):
            raise NullUnavailableError(
                f"{type(tail.model).__name__} keeps recurrent state, which has absorbed the evidence already.",
                hint="Use a re-prefill null such as 'mask_prefill' or 'redact'.",
            )
        again = min(tail.length, tail.columns)
        # The unmasked replica stands last, where a family that misplaces packed replicas misplaces it most.
        replicas = max(len(row.statements) for row in rows) + (1 if plain else 0)
        spans = [[*row.statements, *[()] * (replicas - len(row.statements))] for row in rows]
        read = _packed if self._packed else _expanded
        try:
            view, forwards, cost = self._borrow(tail, rows, again, 1 if self._packed else replicas)
            logits = read(tail, rows, spans, again, view)
        except (GuardbindError, torch.OutOfMemoryError):
            raise
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise NullUnavailableError(
                f"{type(tail.model).__name__} cannot be run under such a mask: {type(error).__name__}: {error}",
                hint=_OTHER_NULLS,
            ) from error
        return NullReading(
            tuple(logits[i, : len(row.statements)] for i, row in enumerate(rows)),
            tuple(logits[i, -1] for i in range(len(rows))) if plain else None,
            forwards + 1,
            f"{cost}1 forward of {replicas} x {again} tokens",
        )

    @staticmethod
    def _borrow(tail: Tail, rows: Sequence[NullRow], again: int, repeats: int) -> tuple[Any, int, str]:
        shown = tail.columns - again
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


def _tail_inputs(rows: Sequence[NullRow], again: int, device: torch.device) -> tuple[Tensor, Tensor]:
    # A row that is shorter than the tail has padding in it.
    ids = torch.tensor([(0,) * (again - len(row.ids)) + row.ids[-again:] for row in rows], device=device)
    ends = torch.tensor([[len(row.ids)] for row in rows], device=device)
    return ids, (ends - again + torch.arange(again, device=device)).clamp(min=0)


def _packed(tail: Tail, rows: Sequence[NullRow], spans: list[list[Any]], again: int, view: Any) -> Tensor:
    device = input_device(tail.model)
    replicas, shown = len(spans[0]), tail.columns - again
    ids, positions = _tail_inputs(rows, again, device)
    seen = torch.zeros(len(rows), replicas, again, tail.columns, dtype=torch.bool)
    seen[..., :shown] = True
    seen[..., shown:] = torch.ones(again, again, dtype=torch.bool).tril()
    for i, (row, row_spans) in enumerate(zip(rows, spans, strict=True)):
        seen[i, :, :, : row.pad] = False
        for j, span in enumerate(row_spans):
            for part in span:
                seen[i, j, :, row.pad + part.start : row.pad + part.stop] = False
    # A token always sees itself: a row of the mask that hides everything has no meaning.
    seen[..., shown:] |= torch.eye(again, dtype=torch.bool)
    full = _spread(seen, shown)
    # Where a window is narrower than the packed sequence it has to be drawn, because a family that draws its own would
    # count the replicas in between as distance.
    windows = {window for window in attention_windows(tail.model) if window is not None and window < full.shape[-1]}
    if len(windows) > 1:
        raise NullUnavailableError(
            f"the layers have different attention windows: {sorted(windows)}; one is supported.", hint=_OTHER_NULLS
        )
    if any("chunked" in kind for kind in layer_kinds(tail.model)):
        raise NullUnavailableError(
            "the layers attend in chunks, which packed replicas would shift; full and sliding attention are supported.",
            hint=_OTHER_NULLS,
        )
    dtype = float_dtype(tail.model)
    mask: Tensor | dict[str, Tensor]
    if windows:
        window = windows.pop()
        here = torch.arange(shown, tail.columns)[:, None] - torch.arange(tail.columns)[None, :]
        sliding = _additive(_spread(seen & (here < window), shown), dtype, device)
        everywhere = all(w is not None for w in attention_windows(tail.model))
        mask = (
            sliding if everywhere else {"full_attention": _additive(full, dtype, device), "sliding_attention": sliding}
        )
    else:
        mask = _additive(full, dtype, device)
    keep = torch.arange(again - 1, replicas * again, again, device=device)
    ids, positions = ids.repeat(1, replicas), positions.repeat(1, replicas)
    return forward(tail.model, ids, mask=mask, positions=positions, cache=view, keep=keep)


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


def _expanded(tail: Tail, rows: Sequence[NullRow], spans: list[list[Any]], again: int, view: Any) -> Tensor:
    device = input_device(tail.model)
    replicas = len(spans[0])
    ids, positions = _tail_inputs(rows, again, device)
    mask = torch.ones(len(rows), replicas, tail.columns, dtype=torch.long)
    for i, (row, row_spans) in enumerate(zip(rows, spans, strict=True)):
        mask[i, :, : row.pad] = 0
        for j, span in enumerate(row_spans):
            for part in span:
                mask[i, j, row.pad + part.start : row.pad + part.stop] = 0
    mask[..., -1] = 1  # the last token always sees itself
    keep = torch.tensor([again - 1], device=device)
    logits = forward(
        tail.model,
        ids.repeat_interleave(replicas, 0),
        mask=mask.reshape(-1, tail.columns).to(device),
        positions=positions.repeat_interleave(replicas, 0),
        cache=view,
        keep=keep,
    )
    return logits.reshape(len(rows), replicas, -1)


MASK = MaskedTail("mask", packed=True, stand_ins=("mask_rows", "mask_prefill"))
MASK_ROWS = MaskedTail("mask_rows", packed=False)
