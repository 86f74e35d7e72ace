"""`veto`: reject the model's token, and the next ones, until one rests on the target's evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from guardbind.policies.types import Proposal, Slot

__all__ = ["veto"]


def veto(slot: Slot) -> Iterable[Proposal]:
    """Propose the next admissible token in the model's own order, after at most `max_vetoes` rejections."""
    if slot.judgement.verdict not in ("gate_failure", "binding_failure") or slot.pseudo_prior is None:
        return
    config = slot.config
    allowed = slot.logprobs.clone()
    if slot.target_candidate is not None and slot.choices:
        allowed = torch.full_like(allowed, -math.inf)
        allowed[list(slot.choices)] = slot.logprobs[list(slot.choices)]
    else:
        allowed[slot.logprobs < slot.logprobs.max() + math.log(config.plausibility)] = -math.inf
    order = torch.topk(allowed, min(config.max_vetoes + 1, allowed.numel()))
    ranked = [int(t) for v, t in zip(order.values, order.indices, strict=True) if math.isfinite(float(v))]
    vetoed = [] if slot.token in ranked else [slot.token]
    for token in ranked:
        if token != slot.token and len(vetoed) <= config.max_vetoes:
            if slot.judge(token, slot.logprobs).verdict == "ok":
                readout = slot.logprobs.clone()
                readout[vetoed] = -math.inf
                yield Proposal("veto", token, readout=torch.log_softmax(readout, -1), vetoed=tuple(vetoed))
                return
        vetoed.append(token)
    yield Proposal("veto", vetoed=tuple(vetoed[: config.max_vetoes]), note="no admissible token within the bound")
