"""Takes evidence away by an edited prompt, read from its first token on: one prefill per null, on any cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from transformers import PreTrainedTokenizerBase

from guardbind.errors import NullUnavailableError
from guardbind.model.architecture import context_length
from guardbind.model.cache import input_device
from guardbind.model.forward import last_logits, left_padded
from guardbind.model.tail import Tail
from guardbind.nulls.null import NullReading, NullRow, TokenRanges

__all__ = ["DELETE", "MASK_PREFILL", "NO_EVIDENCE", "REDACT", "SAME_LENGTH", "PrefillNull"]

Edit = Callable[[PreTrainedTokenizerBase, NullRow, int], tuple[list[int], list[int]]]
"""(tokenizer, row, which null) to the tokens that are read and their 0/1 mask."""

PLACEHOLDER = "[REDACTED]"
NEUTRAL = ("...", "_", ".", ",")


class PrefillNull:
    """Reads one edited copy of the row per null.

    Args:
        name: The registered name.
        edit: How a row is edited.
    """

    stand_ins: tuple[str, ...] = ()

    def __init__(self, name: str, edit: Edit) -> None:
        self.name = name
        self._edit = edit

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        """Read every null of every row; see `Null`.

        Raises:
            NullUnavailableError: An edited prompt is longer than the model's context.
        """
        # The unedited row always comes first: a hybrid model masks its recurrent input in batches of two and more only.
        copies: list[list[int]] = []
        masks: list[list[int]] = []
        for row in rows:
            copies.append(list(row.ids))
            masks.append([1] * len(row.ids))
            for j in range(len(row.statements)):
                edited, seen = self._edit(tail.tokenizer, row, j)
                copies.append(edited)
                masks.append(seen)
        width, longest = max(map(len, copies)), context_length(tail.model)
        if longest is not None and width > longest:
            raise NullUnavailableError(
                f"the edited text has {width} tokens; the context of {type(tail.model).__name__} holds {longest}.",
                hint="Shorten the prompt, or use a null that does not lengthen it, such as 'mask' or 'same_length'.",
            )
        device = input_device(tail.model)
        ids, mask, positions = left_padded(copies, device)
        for i, kept in enumerate(masks):
            mask[i, width - len(kept) :] = torch.tensor(kept, device=device)
        logits = last_logits(tail.model, ids, mask=mask, positions=positions)
        out, unedited, at = [], [], 0
        for row in rows:
            unedited.append(logits[at])
            out.append(logits[at + 1 : at + 1 + len(row.statements)])
            at += 1 + len(row.statements)
        cost = f"1 forward of {len(copies)} prompts of up to {width} tokens"
        return NullReading(tuple(out), tuple(unedited) if plain else None, 1, cost)


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


MASK_PREFILL = PrefillNull("mask_prefill", _mask_prefill)
REDACT = PrefillNull("redact", _redact)
DELETE = PrefillNull("delete", _delete)
SAME_LENGTH = PrefillNull("same_length", _same_length)
NO_EVIDENCE = PrefillNull("no_evidence", _no_evidence)
