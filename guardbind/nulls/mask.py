"""Takes evidence away by masked columns: runs the last few tokens once more, blind to it, all nulls in one forward."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from guardbind.errors import NullUnavailableError
from guardbind.model.architecture import is_recurrent
from guardbind.model.tail import Tail
from guardbind.model.unavailable import as_unavailable
from guardbind.nulls.biasing import Biases, biases_of
from guardbind.nulls.null import NullReading, NullRow, TokenRanges
from guardbind.nulls.packing import OTHER_NULLS, borrow, read_expanded, read_packed

__all__ = ["MASK", "MASK_ROWS", "MaskedTail"]

_PLAIN = 1  # tokens that the unmasked replica runs again beside the others, which run the whole tail
_MOST_LOGITS = 2**26  # numbers that one forward of `reread` may return, 256 MiB in fp32


class MaskedTail:
    """Replicas of the last tokens over the live cache, each with other columns masked.

    Packed, the replicas stand side by side in one sequence under a 4-D mask that hides them from each other; expanded,
    each is a row of its own under a 2-D mask, for attention backends that take no 4-D one. The cache is borrowed, not
    copied. Where it no longer holds every column (a sliding window that has overflowed, a quantised cache) the prompt
    is read once more into a full one; where the state is recurrent, masking columns takes nothing away and the null
    refuses.

    Packed, the last token can be read under a bias too, as one replica more of a single token.

    Args:
        name: The registered name.
        packed: Pack the replicas into one sequence.
        stand_ins: See `Null`.
        last_resorts: See `Null`.
    """

    keeps_positions = True

    def __init__(
        self, name: str, *, packed: bool, stand_ins: tuple[str, ...] = (), last_resorts: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self.stand_ins = stand_ins
        self.last_resorts = last_resorts
        self._packed = packed
        self.biases = packed

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        """Read every null of every row; see `Null`.

        Raises:
            NullUnavailableError: The model keeps recurrent state, or does not run under such a mask.
        """
        again = min(tail.length, tail.columns)
        nulls = max(len(row.statements) for row in rows)
        lengths = [again] * nulls
        biases = biases_of(rows, tail.columns, both=plain) if self.biases else None
        if biases is not None:
            lengths += [1] * biases.replicas
        if plain:
            # The unmasked replica stands last, where a family that misplaces packed replicas misplaces it most. With
            # nothing taken away the tokens before the last one are in the cache as they are.
            lengths.append(_PLAIN if self._packed and nulls and again < tail.columns else again)
        hidden = [[*row.statements, *[()] * (len(lengths) - len(row.statements))] for row in rows]
        last = range(max(lengths) - 1, max(lengths))
        logits, forwards, cost = self._read(tail, rows, hidden, tail.columns, lengths, last, biases, nulls)
        logits = logits[:, :, 0]
        return NullReading(
            tuple(logits[i, : len(row.statements)] for i, row in enumerate(rows)),
            tuple(logits[i, -1] for i in range(len(rows))) if plain else None,
            forwards,
            f"{cost}1 forward of {_in_words(lengths)} tokens",
            None if biases is None else tuple(logits[:, nulls : nulls + biases.replicas]),
        )

    def reread(
        self, tail: Tail, rows: Sequence[NullRow], *, columns: int, again: int
    ) -> tuple[tuple[Tensor, ...], int]:
        """Read a stretch again, once as it is and once for each piece of evidence that is hidden.

        Args:
            tail: The interrupted generation; nothing of it is changed.
            rows: The rows, each with its tokens up to the end of the stretch; `statements` are what is hidden.
            columns: Where the stretch ends, padding included; the same for all rows.
            again: How many tokens are read again, at least 2; the first only says what the others follow.

        Returns:
            For each row the log-probabilities `[1 + hidden, again - 1]` in nats of its tokens behind the first, in the
            first line with everything visible; and how many forwards were run.

        Raises:
            NullUnavailableError: The model keeps recurrent state, or does not run under such a mask.
        """
        wanted = [[(), *row.statements] for row in rows]
        most = max(len(of_row) for of_row in wanted)
        size = max(1, _MOST_LOGITS // (len(rows) * again * _vocabulary(tail)))
        read: list[Tensor] = []
        forwards = 0
        following = torch.tensor([(0,) * (again - len(row.ids)) + row.ids[-again:] for row in rows])[:, None, 1:]
        for first in range(0, most, size):
            part = [of_row[first : first + size] for of_row in wanted]
            width = max(map(len, part))
            hidden = [[*of_row, *[()] * (width - len(of_row))] for of_row in part]
            logits, run, _ = self._read(tail, rows, hidden, columns, [again] * width, range(again - 1))
            forwards += run
            tokens = following.to(logits.device).expand(-1, width, -1)[..., None]
            read.append(torch.log_softmax(logits, -1).gather(-1, tokens)[..., 0].cpu())
        every = torch.cat(read, 1)
        return tuple(every[i, : len(of_row)] for i, of_row in enumerate(wanted)), forwards

    def _read(
        self,
        tail: Tail,
        rows: Sequence[NullRow],
        hidden: Sequence[Sequence[TokenRanges]],
        columns: int,
        lengths: Sequence[int],
        kept: range,
        biases: Biases | None = None,
        nulls: int = 0,
    ) -> tuple[Tensor, int, str]:
        if is_recurrent(tail.model):
            raise NullUnavailableError(
                f"{type(tail.model).__name__} keeps recurrent state, which has absorbed the evidence already.",
                hint="Use a re-prefill null such as 'mask_prefill' or 'redact'.",
            )
        with as_unavailable(tail.model, "under such a mask", OTHER_NULLS):
            view, forwards, cost = borrow(tail, rows, columns, min(lengths), 1 if self._packed else len(lengths))
            if self._packed:
                added = None if biases is None else biases.behind(nulls, len(lengths))
                layers = None if biases is None else biases.layers
                logits = read_packed(tail.model, rows, hidden, columns, lengths, view, kept, added, layers)
            else:
                logits = read_expanded(tail.model, rows, hidden, columns, max(lengths), view, kept)
            return logits, forwards + 1, cost


def _in_words(lengths: Sequence[int]) -> str:
    """Return how many tokens are read.

    >>> _in_words([6, 6, 1])
    '2 x 6 + 1 x 1'
    """
    return " + ".join(f"{lengths.count(length)} x {length}" for length in dict.fromkeys(lengths))


def _vocabulary(tail: Tail) -> int:
    return len(tail.tokenizer)


MASK = MaskedTail("mask", packed=True, stand_ins=("mask_rows", "mask_prefill"), last_resorts=("redact", "delete"))
MASK_ROWS = MaskedTail("mask_rows", packed=False)
