"""Defines what a policy may propose at a slot, a closed set of actions, and verifies proposals by a second readout.

What a policy would write has to rest on the evidence, and on more of it than the model's own token.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from torch import Tensor

from guardbind.errors import ConfigError, GuardbindError
from guardbind.events import GuaranteeRecord, Verdict
from guardbind.information.budget import Budget
from guardbind.model.branch import Branch
from guardbind.policies.slot import Slot

__all__ = [
    "Attempt",
    "Follow",
    "NoToken",
    "Policy",
    "Proposal",
    "Raise",
    "Restate",
    "Stop",
    "TokenProposal",
    "Verification",
    "Write",
    "token_of",
    "verify",
]


@dataclass(frozen=True, slots=True)
class Write:
    """Write a token in place of the model's own.

    Attributes:
        action: Its name in the records.
        token: The token.
        readout: log-probabilities `[vocabulary]` (nats) of the second readout, by which it would be written.
        support: log-probabilities `[vocabulary]` (nats) by which its evidence bits are counted; the slot's own by
            default.
        vetoed: Tokens that were rejected before it.
    """

    action: str
    token: int
    readout: Tensor | None = None
    support: Tensor | None = None
    vetoed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Follow:
    """Write a token, and read the rest of the value in a branch; nothing of the branch stands in the text.

    Attributes:
        action: Its name in the records.
        token: The token.
        branch: Where the rest of the value is read.
        readout: See `Write`.
        support: See `Write`.
    """

    action: str
    token: int
    branch: Branch
    readout: Tensor | None = None
    support: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Restate:
    """Write tokens before the value, after which its slot opens again.

    Attributes:
        action: Its name in the records.
        token: The value token that would come after them, which is judged.
        inserted: The tokens.
        stated: How many of them, from the first, state the evidence.
        readout: See `Write`.
        support: See `Write`.

    Raises:
        ConfigError: There are no such tokens, or more of them state the evidence than there are.
    """

    action: str
    token: int
    inserted: tuple[int, ...]
    stated: int = 0
    readout: Tensor | None = None
    support: Tensor | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.stated <= len(self.inserted) or not self.inserted:
            raise ConfigError(
                f"a Restate inserts {len(self.inserted)} tokens, of which {self.stated} state the evidence; at least "
                "one token, and at most all of them, is accepted.",
                hint="Propose a Write where nothing is inserted.",
            )


@dataclass(frozen=True, slots=True)
class Stop:
    """End the row without the value, behind `abstain_text` if there is one. Nothing is left to verify.

    Attributes:
        action: Its name in the records.
    """

    action: str


@dataclass(frozen=True, slots=True)
class Raise:
    """Raise an error. Nothing is left to verify.

    Attributes:
        action: Its name in the records.
        error: The error.
    """

    action: str
    error: GuardbindError


@dataclass(frozen=True, slots=True)
class NoToken:
    """Say that an action was tried and found no token; it is recorded, and nothing is done.

    Attributes:
        action: Its name in the records.
        note: Why; holds no prompt text.
        vetoed: Tokens that were rejected.
    """

    action: str
    note: str = ""
    vetoed: tuple[int, ...] = ()


TokenProposal: TypeAlias = Write | Follow | Restate
"""Leads to a token of the value, which a second readout judges."""
Proposal: TypeAlias = Write | Follow | Restate | Stop | Raise
"""Something a policy would do at a slot."""
Attempt: TypeAlias = Write | Follow | Restate | Stop | Raise | NoToken
"""What a policy yields: a proposal, or word of one that it could not make."""
Policy = Callable[[Slot], Iterable[Attempt]]


def token_of(attempt: Attempt) -> int | None:
    """Return the value token that an attempt leads to, if it leads to one."""
    return attempt.token if isinstance(attempt, TokenProposal) else None


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a second readout.

    Attributes:
        kept: Whether the proposal is carried out.
        reason: Why; holds no prompt text.
        verdict: Verdict of the second readout.
        bits: Evidence bits of the proposed token.
        budget: Its budget.
        gain_bits: Observed bits of the proposed token less those of the model's own; None where they were not read.
        confirmed: Whether the second readout speaks for the proposal; what it speaks for need not be kept.
        guarantee: What the proposal rests on, where it was asked.
    """

    kept: bool
    reason: str
    verdict: Verdict
    bits: float | None = None
    budget: Budget | None = None
    gain_bits: float | None = None
    confirmed: bool = False
    guarantee: GuaranteeRecord | None = None


def verify(slot: Slot, attempt: Attempt) -> Verification:
    """Keep a proposal only if its token gets the verdict `ok` and more observed bits than the model's own token.

    What writes no token of a value has nothing to verify and is kept.
    """
    found = _verified(slot, attempt)
    return replace(found, confirmed=found.kept)


def _verified(slot: Slot, attempt: Attempt) -> Verification:
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
    own = slot.budget(slot.token)
    gain = None if budget is None or own is None else budget.observed_bits - own.observed_bits
    if judgement.verdict != "ok":
        return Verification(False, f"second readout: {judgement.reason}", judgement.verdict, bits, budget, gain)
    if budget is None or own is None:
        return Verification(True, "second readout: ok", judgement.verdict, bits, budget, gain)
    if proposal.token != slot.token and budget.observed_bits <= own.observed_bits:
        why = f"observed bits did not rise ({own.observed_bits:.2f} to {budget.observed_bits:.2f})"
        return Verification(False, why, judgement.verdict, bits, budget, gain)
    why = f"observed bits rose from {own.observed_bits:.2f} to {budget.observed_bits:.2f}"
    return Verification(True, why, judgement.verdict, bits, budget, gain)
