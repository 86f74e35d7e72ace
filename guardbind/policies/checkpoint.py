"""`checkpoint`: restate the evidence, verbatim from the prompt, before the value is written."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from guardbind.policies.proposal import Proposal, Slot

__all__ = ["checkpoint"]


def checkpoint(slot: Slot) -> Iterable[Proposal]:
    """Propose the token that the model writes after the restatement."""
    if slot.judgement.verdict not in ("gate_failure", "binding_failure"):
        return
    restatement = slot.restate()
    if restatement is None:
        yield Proposal("checkpoint", note="there is nothing to restate, or no room for it")
        return
    readout = torch.log_softmax(restatement.branch.logits, -1)
    token = int(readout.argmax())
    if slot.config.checkpoint.visible:
        yield Proposal(
            "checkpoint",
            token,
            readout=readout,
            support=readout,
            inserted=restatement.tokens,
            stated=restatement.stated,
        )
    else:
        yield Proposal("checkpoint", token, readout=readout, support=readout, branch=restatement.branch)
