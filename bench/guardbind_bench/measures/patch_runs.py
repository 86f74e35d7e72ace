"""Runs forward passes with patches: from the first patched token on, many patches side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from guardbind.errors import NullUnavailableError
from guardbind.model.borrowed import borrowed
from guardbind.model.cache import input_device, own_cache
from guardbind.model.forward import forward
from guardbind.model.sites import Activations, Patch, PatchSites

__all__ = ["PatchRun", "margins", "run"]

# Columns of cache, over all rows, that are copied for one pass of patches.
_CACHED_TOKENS = 8192


@dataclass(frozen=True, slots=True, eq=False)
class PatchRun:
    """A forward pass over prompts of equal length, with what is needed to go on from it.

    Attributes:
        ids: Token ids `[rows, tokens]`.
        cache: The key-value cache after the last token.
        activations: Layer and component to `[rows, columns, width]`, for the columns that were asked for.
    """

    ids: Tensor
    cache: Any
    activations: Activations


@torch.no_grad()
def run(model: nn.Module, sites: PatchSites, prompts: Sequence[Sequence[int]], columns: Sequence[int]) -> PatchRun:
    """Read prompts of equal length and keep their activations at some tokens."""
    ids = torch.tensor([list(prompt) for prompt in prompts], device=input_device(model))
    rows, tokens = ids.shape
    cache = own_cache()
    with sites.captured(rows, columns) as activations:
        forward(
            model,
            ids,
            mask=torch.ones_like(ids),
            positions=torch.arange(tokens, device=ids.device).expand(rows, -1),
            cache=cache,
            keep=torch.tensor([tokens - 1], device=ids.device),
        )
    return PatchRun(ids, cache, activations)


@torch.no_grad()
def margins(
    model: nn.Module,
    sites: PatchSites,
    after: PatchRun,
    row: int,
    patches: Sequence[Patch | None],
    target: int,
    competitor: int,
) -> list[float]:
    """Read logit differences of one prompt under patches, each in a row of its own.

    What comes before the first patched token is the same under every patch and is taken from the cache, so that a
    patch of the last token costs one token.

    Args:
        model: The model.
        sites: Its sites.
        after: A pass over the prompt.
        row: Which row of it the prompt is.
        patches: What is replaced, with columns counted from the end of the prompt; None for the prompt as it is.
        target: Token whose logit counts for.
        competitor: Token whose logit counts against.

    Returns:
        Target minus competitor, fp32 logits, for each patch.

    Raises:
        NullUnavailableError: The model's cache cannot be taken up in the middle.
    """
    ids = after.ids[row]
    tokens = len(ids)
    first = tokens + min(column for patch in patches if patch is not None for column in patch.columns)
    at_once = max(1, _CACHED_TOKENS // tokens)
    out: list[float] = []
    for start in range(0, len(patches), at_once):
        part = patches[start : start + at_once]
        cache = borrowed(after.cache, [row], first, tokens, repeats=len(part), keeps=False)
        if cache is None:
            raise NullUnavailableError(
                f"the cache of {type(model).__name__} does not show every column; patches go on from one that does.",
                hint="Use a model without recurrent layers.",
            )
        with sites.patched(part):
            logits = forward(
                model,
                ids[first:].expand(len(part), -1),
                mask=ids.new_ones(len(part), tokens),
                positions=torch.arange(first, tokens, device=ids.device).expand(len(part), -1),
                cache=cache,
                keep=torch.tensor([tokens - first - 1], device=ids.device),
            )[:, 0]
        out += (logits[:, target] - logits[:, competitor]).tolist()
    return out
