"""The second readout: whether a proposal helps."""

from __future__ import annotations

import math
from dataclasses import dataclass

from guardbind.events.records import Verdict
from guardbind.information.budget import Budget
from guardbind.policies.proposal import Proposal, Slot

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a second readout.

    Attributes:
        kept: Whether the proposal may be carried out.
        reason: Why; holds no prompt text.
        verdict: Verdict of the second readout.
        bits: Evidence bits of the proposed token.
        budget: Its budget.
    """

    kept: bool
    reason: str
    verdict: Verdict
    bits: float | None
    budget: Budget | None


def verify(slot: Slot, proposal: Proposal) -> Verification:
    """Keep a proposal only if its token gets the verdict `ok` and more observed bits than the model's own token."""
    before = slot.judgement.verdict
    if proposal.stops or proposal.error is not None:
        return Verification(True, "nothing is written that would need evidence", before, None, None)
    if proposal.token is None:
        return Verification(False, proposal.note or "no admissible token was found", before, None, None)
    if float(slot.scores[(*proposal.inserted, proposal.token)[0]]) == -math.inf:
        return Verification(False, "the token is ruled out in this generation", before, None, None)
    if proposal.token in slot.glued and not proposal.inserted:
        return Verification(False, "the token would go on with the word before it", before, None, None)
    support = slot.logprobs if proposal.support is None else proposal.support
    judgement = slot.judge(proposal.token, support)
    bits = slot.bits(proposal.token, support)
    budget = slot.budget(proposal.token, support if proposal.readout is None else proposal.readout)
    if judgement.verdict != "ok":
        return Verification(False, f"second readout: {judgement.reason}", judgement.verdict, bits, budget)
    own = slot.budget(slot.token)
    if budget is None or own is None:
        return Verification(True, "second readout: ok", judgement.verdict, bits, budget)
    if proposal.token != slot.token and budget.observed_bits <= own.observed_bits:
        why = f"observed bits did not rise ({own.observed_bits:.2f} to {budget.observed_bits:.2f})"
        return Verification(False, why, judgement.verdict, bits, budget)
    why = f"observed bits rose from {own.observed_bits:.2f} to {budget.observed_bits:.2f}"
    return Verification(True, why, judgement.verdict, bits, budget)
