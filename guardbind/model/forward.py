"""Runs one forward pass of our own, in the form that every supported version and family takes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from guardbind.model.cache import accepted_arguments

__all__ = ["Module", "forward", "last_logits", "left_padded", "pad_left"]

Module = nn.Module
"""A model, for the rooms that pass one on and do not look into it."""


def forward(
    model: nn.Module,
    ids: Tensor,
    *,
    mask: Tensor | dict[str, Tensor],
    positions: Tensor,
    cache: Any = None,
    keep: Tensor | None = None,
    use_cache: bool = True,
) -> Tensor:
    """Run the model once and return its raw logits in fp32.

    Args:
        model: A causal language model.
        ids: Token ids `[rows, tokens]`.
        mask: A 2-D mask of kept columns, a 4-D additive mask, or one 4-D mask per kind of layer.
        positions: Position ids `[rows, tokens]`.
        cache: A cache that is extended, or None.
        keep: Positions of `tokens` whose logits are wanted; all by default.
        use_cache: Whether the pass reads and writes a cache.

    Returns:
        fp32 logits `[rows, kept, vocabulary]`.
    """
    accepted = accepted_arguments(model)
    arguments: dict[str, Any] = {"attention_mask": mask, "use_cache": use_cache}
    if cache is not None:
        arguments["past_key_values"] = cache
    if "position_ids" in accepted:
        arguments["position_ids"] = positions
    kept_by_model = keep is not None and "logits_to_keep" in accepted
    if kept_by_model:
        arguments["logits_to_keep"] = keep
    logits: Tensor = model(input_ids=ids, **arguments).logits
    # Some families take the argument and ignore it.
    if keep is not None and not (kept_by_model and logits.shape[1] == keep.numel()):
        logits = logits[:, keep]
    return logits.float()


def last_logits(model: nn.Module, ids: Tensor, *, mask: Tensor, positions: Tensor, cache: Any = None) -> Tensor:
    """Return the raw fp32 logits `[rows, vocabulary]` after the last token."""
    keep = torch.tensor([ids.shape[1] - 1], device=ids.device)
    return forward(model, ids, mask=mask, positions=positions, cache=cache, keep=keep, use_cache=cache is not None)[
        :, 0
    ]


def left_padded(rows: list[list[int]], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return ids, 2-D mask and position ids, each `[rows, longest]`, of token lists padded on the left."""
    width = max(map(len, rows))
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, width - len(row) :] = torch.tensor(row)
        mask[i, width - len(row) :] = 1
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    return ids.to(device), mask.to(device), positions.to(device)


def pad_left(tokens: Tensor, columns: int) -> Tensor:
    """Return `[rows, tokens]` with that many zeros before each row."""
    return nn.functional.pad(tokens, (columns, 0))
