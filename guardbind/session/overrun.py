"""Tells which next tokens would go on with a value that is whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.session.row import Row
from guardbind.text.decode import decode
from guardbind.text.word_end import goes_on

__all__ = ["BEFORE", "behind", "going_on", "likeliest"]

BEFORE = 24
"""Tokens before the end of a value that are looked at."""
_TRIED = 64  # of the likeliest next tokens, how many are looked at


def going_on(row: Row, tokens: Iterable[int], tokenizer: PreTrainedTokenizerBase, end: int | None = None) -> set[int]:
    """Return those of some next tokens that would go on with the word or number that a value ends in.

    Args:
        row: The row.
        tokens: The tokens.
        tokenizer: The model's tokenizer.
        end: Index behind the value among the row's tokens; by default it is the last that was written.
    """
    end = len(row.ids) if end is None else end
    start = max(0, end - BEFORE)
    before = decode(tokenizer, row.ids[start:end])
    return {token for token in tokens if behind(before, [*row.ids[start:], token], tokenizer)}


def likeliest(scores: Tensor) -> list[int]:
    """Return the tokens that may come next, the likeliest first, as many as are worth looking at.

    Args:
        scores: Processed scores `[vocabulary]`.
    """
    best = scores.topk(min(_TRIED, len(scores)))
    return best.indices[best.values.isfinite()].tolist()


def behind(before: str, ids: Sequence[int], tokenizer: PreTrainedTokenizerBase) -> bool | None:
    """Return whether a row goes on with the word before it; None where that is still to be seen.

    Args:
        before: The text of its first tokens, up to the end of the word.
        ids: Its tokens, those and what follows.
        tokenizer: The model's tokenizer.
    """
    text = decode(tokenizer, ids)
    # Half a character is decoded as another one; then nothing can be told yet.
    return goes_on(before, text[len(before) :]) if text.startswith(before) else None
