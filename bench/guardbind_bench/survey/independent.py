"""Reads a null once more, by stock forwards only: by the mask functions of transformers, or by other tokens.

Nothing of the guard is used here. A family that draws its mask by `transformers.masking_utils` is read while its
functions also hide the evidence; whatever cuts text is read as a prompt of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor

__all__ = ["NoReading", "hidden_by_ids", "hidden_by_mask", "read_edited"]


class NoReading(Exception):
    """A family that cannot be read in this way."""


@torch.no_grad()
def hidden_by_mask(model: Any, ids: Sequence[int], hidden: Sequence[int], tail: int | None) -> Tensor:
    """Read a prompt whose last tokens do not see some others.

    Args:
        model: A causal language model; its attention backend is `eager` afterwards.
        ids: The prompt.
        hidden: Which tokens are hidden.
        tail: From how many of the last tokens; None: from all. A token always sees itself.

    Returns:
        log-probabilities `[vocabulary]` in nats, after the last token.

    Raises:
        NoReading: The model does not draw its mask by these functions.
    """
    model.set_attn_implementation("eager")
    first = 0 if tail is None else max(0, len(ids) - tail)
    with _hiding(len(ids), hidden, first) as calls:
        logits = _logits(model, [list(ids)], torch.ones(1, len(ids), dtype=torch.long))
    if not calls:
        raise NoReading("its mask is not drawn by transformers.masking_utils")
    return torch.log_softmax(logits[0], -1)


@torch.no_grad()
def hidden_by_ids(model: Any, ids: Sequence[int], hidden: Sequence[int], other: Sequence[int]) -> Tensor:
    """Read a prompt in which the hidden tokens are others, under the 2-D mask that hides them; see `hidden_by_mask`.

    Args:
        model: A causal language model.
        ids: The prompt.
        hidden: Which tokens are hidden.
        other: Tokens that take their place.
    """
    changed = list(ids)
    for at, token in zip(hidden, other, strict=True):
        changed[at] = token
    mask = torch.ones(2, len(ids), dtype=torch.long)
    mask[1, list(hidden)] = 0
    # Two rows, because hybrids mask their recurrent input in batches only.
    return torch.log_softmax(_logits(model, [changed, changed], mask)[1], -1)


@torch.no_grad()
def read_edited(model: Any, ids: Sequence[int]) -> Tensor:
    """Read a prompt as it is; returns log-probabilities `[vocabulary]` in nats, after the last token."""
    return torch.log_softmax(_logits(model, [list(ids)], torch.ones(1, len(ids), dtype=torch.long))[0], -1)


def _logits(model: Any, rows: list[list[int]], mask: Tensor) -> Tensor:
    more: dict[str, Any] = {}
    if "position_ids" in inspect.signature(model.forward).parameters:
        # As `generate` gives them; classes of the RoBERTa kind count otherwise by themselves.
        more["position_ids"] = torch.arange(len(rows[0]))[None].expand(len(rows), -1)
    logits: Tensor = model(input_ids=torch.tensor(rows), attention_mask=mask, use_cache=False, **more).logits
    return logits[:, -1].float()


@contextmanager
def _hiding(tokens: int, hidden: Sequence[int], first: int) -> Iterator[list[None]]:
    try:
        from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS as masks
    except ImportError as error:
        raise NoReading("this transformers has no mask functions") from error
    usual: dict[str, Callable[..., Tensor | None]] = {name: masks[name] for name in ("eager", "sdpa")}
    calls: list[None] = []

    def hiding(draw: Callable[..., Tensor | None], *args: Any, **kwargs: Any) -> Tensor | None:
        drawn = draw(*args, **{**kwargs, "allow_is_causal_skip": False})
        if drawn is None or drawn.shape[-2:] != (tokens, tokens):
            return drawn
        calls.append(None)
        unseen = False if drawn.dtype == torch.bool else torch.finfo(drawn.dtype).min
        drawn, own = drawn.clone(), drawn.diagonal(dim1=-2, dim2=-1).clone()
        drawn[..., first:, list(hidden)] = unseen
        drawn.diagonal(dim1=-2, dim2=-1).copy_(own)
        return drawn

    for name, draw in usual.items():
        masks[name] = partial(hiding, draw)
    try:
        yield calls
    finally:
        for name, draw in usual.items():
            masks[name] = draw
