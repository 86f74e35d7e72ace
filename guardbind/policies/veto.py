"""Rejects the model's token, and the next ones, until one rests on the target's evidence: the policy `veto`."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from guardbind.policies.proposal import Attempt, NoToken, Write
from guardbind.policies.slot import Slot

__all__ = ["veto"]


def veto(slot: Slot) -> Iterable[Attempt]:
    """Propose the next admissible token in the model's own order, after at most `max_vetoes` rejections."""
    if slot.judgement.verdict not in ("gate_failure", "binding_failure") or slot.pseudo_prior is None:
        return
    vetoed: list[int] = []
    # The model's own token comes first: where only the draw could miss, it is the one to write.
    for token in (slot.token, *_in_order(slot)):
        if slot.judge(token, slot.logprobs).verdict == "ok":
            rest = slot.logprobs.clone()
            rest[vetoed] = -math.inf
            yield Write("veto", token, readout=torch.log_softmax(rest, -1), vetoed=tuple(vetoed))
            return
        vetoed.append(token)
        if len(vetoed) > slot.config.max_vetoes:
            break
    vetoed = vetoed[: slot.config.max_vetoes]
    yield NoToken("veto", f"none of the next {len(vetoed)} tokens is admissible", tuple(vetoed))


def _in_order(slot: Slot) -> list[int]:
    """Return the tokens that may take the place of the model's own, the likeliest first."""
    logprobs = slot.permitted
    if slot.target_candidate is not None:
        choices = list(slot.choices)
    else:
        plausible = logprobs >= logprobs.max() + math.log(slot.config.plausibility)
        choices = plausible.nonzero()[:, 0].tolist()
    choices.sort(key=lambda token: -float(logprobs[token]))
    return [token for token in choices if token != slot.token and math.isfinite(float(logprobs[token]))]
