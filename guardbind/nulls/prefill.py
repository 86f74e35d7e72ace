"""Takes evidence away by an edited prompt, read from its first token on: one prefill per null, on any cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.errors import NullUnavailableError
from guardbind.model.architecture import context_length
from guardbind.model.cache import input_device
from guardbind.model.forward import last_logits, left_padded
from guardbind.model.tail import Tail
from guardbind.model.unavailable import as_unavailable
from guardbind.nulls.null import NullReading, NullRow, TokenRanges

__all__ = ["DELETE", "MASK_PREFILL", "NO_EVIDENCE", "PLACEHOLDER", "REDACT", "SAME_LENGTH", "PrefillNull"]

Edit = Callable[[PreTrainedTokenizerBase, NullRow, int], tuple[list[int], list[int]]]
"""(tokenizer, row, which null) to the tokens that are read and their 0/1 mask."""

PLACEHOLDER = "[REDACTED]"
NEUTRAL = ("...", "_", ".", ",")


class PrefillNull:
    """Reads one edited copy of the row per null.

    Args:
        name: The registered name.
        edit: How a row is edited.
        keeps_positions: See `Null`.
    """

    stand_ins: tuple[str, ...] = ()

    def __init__(self, name: str, edit: Edit, *, keeps_positions: bool = False) -> None:
        self.name = name
        self.keeps_positions = keeps_positions
        self._edit = edit

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        """Read every null of every row; see `Null`.

        Raises:
            NullUnavailableError: An edited prompt is longer than the model's context, or the model does not run
                without a cache.
        """
        copies: list[_Copy] = []
        for i, row in enumerate(rows):
            if plain or self.keeps_positions:
                copies.append(_Copy(i, None, *_plain_mask(list(row.ids))))
            copies += [_Copy(i, j, *self._edit(tail.tokenizer, row, j)) for j in range(len(row.statements))]
        width, longest = max((len(copy.ids) for copy in copies), default=0), context_length(tail.model)
        if longest is not None and width > longest:
            raise NullUnavailableError(
                f"the edited text has {width} tokens; the context of {type(tail.model).__name__} holds {longest}.",
                hint="Shorten the prompt, or use a null that does not lengthen it, such as 'mask' or 'same_length'.",
            )
        # Who cuts text needs no mask, and so reads each length by itself: some families heed no mask, padding included.
        # Who masks needs two rows at least, of which one is whole: hybrids mask their recurrent input in batches only.
        length = (lambda _: 0) if self.keeps_positions else (lambda copy: len(copy.ids))
        read: dict[tuple[int, int | None], Tensor] = {}
        forwards = 0
        for _, group in groupby(sorted(copies, key=length), key=length):
            forwards += 1
            together = list(group)
            read |= dict(zip(((c.row, c.null) for c in together), _logits(tail, together), strict=True))
        out = []
        for i, row in enumerate(rows):
            nulls = [read[i, j] for j in range(len(row.statements))]
            out.append(torch.stack(nulls) if nulls else torch.empty(0))
        unedited = tuple(read[i, None] for i in range(len(rows))) if plain else None
        how_often = "1 forward" if forwards == 1 else f"{forwards} forwards"
        cost = f"{how_often} of {len(copies)} prompts of up to {width} tokens"
        return NullReading(tuple(out), unedited, forwards, cost)


@dataclass(frozen=True, slots=True)
class _Copy:
    """A row as a null reads it; `null` is None for the unedited one."""

    row: int
    null: int | None
    ids: list[int]
    mask: list[int]


def _logits(tail: Tail, copies: Sequence[_Copy]) -> Tensor:
    device = input_device(tail.model)
    ids, mask, positions = left_padded([copy.ids for copy in copies], device)
    for i, copy in enumerate(copies):
        mask[i, ids.shape[1] - len(copy.mask) :] = torch.tensor(copy.mask, device=device)
    with as_unavailable(tail.model, "on prompts without a cache", "Use another null."):
        return last_logits(tail.model, ids, mask=mask, positions=positions)


def _replaced(ids: Sequence[int], spans: TokenRanges, new: Callable[[int], list[int]]) -> list[int]:
    out, at = [], 0
    for part in sorted(spans, key=lambda part: part.start):
        if part.stop > at:
            start = max(part.start, at)
            out += list(ids[at:start]) + new(part.stop - start)
            at = part.stop
    return out + list(ids[at:])


def _plain_mask(ids: list[int]) -> tuple[list[int], list[int]]:
    return ids, [1] * len(ids)


def _mask_prefill(_tokenizer: PreTrainedTokenizerBase, row: NullRow, null: int) -> tuple[list[int], list[int]]:
    mask = [1] * len(row.ids)
    for part in row.statements[null]:
        mask[part.start : part.stop] = [0] * len(part)
    mask[-1] = 1  # the last token always sees itself
    return list(row.ids), mask


def _redact(tokenizer: PreTrainedTokenizerBase, row: NullRow, null: int) -> tuple[list[int], list[int]]:
    placeholder = list(tokenizer(f" {PLACEHOLDER}", add_special_tokens=False)["input_ids"])
    return _plain_mask(_replaced(row.ids, row.values[null], lambda _: placeholder))


def _same_length(tokenizer: PreTrainedTokenizerBase, row: NullRow, null: int) -> tuple[list[int], list[int]]:
    neutral = _neutral_token(tokenizer)
    return _plain_mask(_replaced(row.ids, row.values[null], lambda n: [neutral] * n))


def _delete(_tokenizer: PreTrainedTokenizerBase, row: NullRow, null: int) -> tuple[list[int], list[int]]:
    return _plain_mask(_replaced(row.ids, row.statements[null], lambda _: []))


def _no_evidence(_tokenizer: PreTrainedTokenizerBase, row: NullRow, _null: int) -> tuple[list[int], list[int]]:
    return _plain_mask(_replaced(row.ids, row.everything, lambda _: []))


def _neutral_token(tokenizer: PreTrainedTokenizerBase) -> int:
    for text in NEUTRAL:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        if len(ids) == 1:
            return int(ids[0])
    return int(tokenizer(NEUTRAL[-1], add_special_tokens=False)["input_ids"][-1])


MASK_PREFILL = PrefillNull("mask_prefill", _mask_prefill, keeps_positions=True)
REDACT = PrefillNull("redact", _redact)
DELETE = PrefillNull("delete", _delete)
SAME_LENGTH = PrefillNull("same_length", _same_length)
NO_EVIDENCE = PrefillNull("no_evidence", _no_evidence)
