"""Measures how long a forward pass of some tokens takes beside one of a single token, which no null can go below.

A slot reads its null in a pass of its own, behind the model's. So what a pass of two tokens takes is the least that a
slot can add, and what a longer one takes on top of it is all that fewer tokens can save.

Run as `guardbind bench cost --passes`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import PreTrainedModel

from guardbind.frozen import Frozen
from guardbind.model.cache import input_device, own_cache, view_of
from guardbind.model.forward import last_logits
from guardbind_bench.cost.measuring import seconds_of
from guardbind_bench.cost.record import CostRatio

__all__ = ["PASSES", "LengthCost", "measure_passes"]

PASSES = (2, 3, 4, 7, 13, 19, 22, 32)
"""Tokens of the passes that are measured where nothing is chosen: nulls read 7, 13 or 19, a restatement some 22."""


class LengthCost(Frozen):
    """What one length of pass takes."""

    tokens: int
    """Tokens that it reads."""
    steps: CostRatio
    """Its time over that of one token, read right before it."""


def measure_passes(
    model: PreTrainedModel, *, context: int = 1024, tokens: Sequence[int] = PASSES, rounds: int = 15
) -> list[LengthCost]:
    """Time passes of several lengths in turn, each beside a pass of one token, over the same cache.

    Args:
        model: The model.
        context: Tokens that stand before each pass.
        tokens: Lengths of the passes.
        rounds: How often each is timed.
    """
    device = input_device(model)
    generator = torch.Generator().manual_seed(0)
    read = torch.randint(0, model.config.get_text_config().vocab_size, (1, context + max(tokens)), generator=generator)
    read, cache = read.to(device), own_cache()
    columns = torch.arange(read.shape[1], device=device)[None]

    @torch.no_grad()
    def run(start: int, stop: int, over: object) -> None:
        positions = columns[:, start:stop]
        last_logits(
            model, read[:, start:stop], mask=torch.ones_like(columns[:, :stop]), positions=positions, cache=over
        )

    def timed(length: int) -> float:
        # The cache is shown anew, so that no pass stands behind another one.
        over = view_of(cache, [0], context, context)
        return seconds_of(lambda: run(context, context + length, over))

    run(0, context, cache)
    for length in (1, *tokens):
        timed(length)  # what is made once
    ratios: dict[int, list[float]] = {length: [] for length in tokens}
    for _ in range(rounds):
        for length in tokens:
            one = timed(1)
            ratios[length].append(timed(length) / one)
    return [LengthCost(tokens=length, steps=CostRatio.of(ratios[length])) for length in tokens]
