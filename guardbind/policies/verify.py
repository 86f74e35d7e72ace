"""Verifies proposals by a second readout: what a policy would write has to rest on the evidence, and on more of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import assert_never

from guardbind.events.records import Verdict
from guardbind.information.budget import Budget
from guardbind.policies.proposal import Attempt, Follow, NoToken, Raise, Restate, Stop, TokenProposal, Write
from guardbind.policies.slot import Slot

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
    bits: float | None = None
    budget: Budget | None = None


def verify(slot: Slot, attempt: Attempt) -> Verification:
    """Keep a proposal only if its token gets the verdict `ok` and more observed bits than the model's own token.

    What writes no token of a value has nothing to verify and is kept.
    """
    before = slot.judgement.verdict
    match attempt:
        case Stop() | Raise():
            return Verification(True, "nothing is written that would need evidence", before)
        case NoToken(note=note):
            return Verification(False, note or "no admissible token was found", before)
        case Write() | Follow():
            if _ruled_out(slot, attempt.token):
                return Verification(False, "the token is ruled out in this generation", before)
            if attempt.token in slot.glued:
                return Verification(False, "the token would go on with the word before it", before)
        case Restate():
            if _ruled_out(slot, attempt.inserted[0]):
                return Verification(False, "the token is ruled out in this generation", before)
        case _:
            assert_never(attempt)
    return _second_readout(slot, attempt)


def _ruled_out(slot: Slot, token: int) -> bool:
    return float(slot.scores[token]) == -math.inf


def _second_readout(slot: Slot, proposal: TokenProposal) -> Verification:
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
