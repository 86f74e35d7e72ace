"""Restates the evidence, verbatim from the prompt, before the value is written: the policy `checkpoint`."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from guardbind.policies.proposal import Attempt, Follow, NoToken, Restate
from guardbind.policies.slot import Slot

__all__ = ["checkpoint"]


def checkpoint(slot: Slot) -> Iterable[Attempt]:
    """Propose the token that the model writes after the restatement."""
    if slot.judgement.verdict not in ("gate_failure", "binding_failure"):
        return
    restatement = slot.restate()
    if restatement is None:
        yield NoToken("checkpoint", "there is nothing to restate, or no room for it")
        return
    readout = torch.log_softmax(restatement.branch.logits, -1)
    token = int(readout.argmax())
    if slot.config.checkpoint.visible:
        yield Restate("checkpoint", token, restatement.tokens, restatement.stated, readout=readout, support=readout)
    else:
        yield Follow("checkpoint", token, restatement.branch, readout=readout, support=readout)
