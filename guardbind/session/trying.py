"""Tries at one slot what the policy proposes, until something is confirmed, has room, and is let pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from guardbind.config import GuardConfig
from guardbind.errors import BindingFailureError
from guardbind.policies import Attempt, NoToken, Policy, Proposal, Raise, Restate, Slot, Stop, Verification, verify
from guardbind.policies.proposal import TokenProposal
from guardbind.session.limits import Limits
from guardbind.session.row import Row
from guardbind.session.standing import SlotStanding

__all__ = ["Trying"]


@dataclass(frozen=True, slots=True)
class Trying:
    """What one generation tries at its slots.

    Attributes:
        config: The guard's settings.
        policy: What to do about a verdict.
        limits: What this generation allows.
    """

    config: GuardConfig
    policy: Policy
    limits: Limits

    def at(
        self, slot: Slot, row: Row, stand: SlotStanding
    ) -> tuple[list[tuple[Attempt, Verification]], Proposal | None]:
        """Return what was attempted, in order, and the first proposal that holds.

        The first confirmed proposal of a value decides for all of it: where the calibration lets it pass, those that
        follow are part of one intervention; where it does not, no other token is proposed, because of actions that come
        second the calibration has counted none.

        Args:
            slot: What was read.
            row: Its row.
            stand: How the guard stands to its calibration there.
        """
        tried: list[tuple[Attempt, Verification]] = []
        withheld = False
        for attempt in self._attempts(slot, stand):
            if withheld and not isinstance(attempt, Stop | Raise):
                continue
            verification = verify(slot, attempt)
            if verification.kept:
                verification = self._within_limits(attempt, verification, row)
            if verification.kept:
                verification = _let_pass(attempt, verification, row, stand)
                withheld = not verification.kept
            tried.append((attempt, verification))
            if verification.kept and not isinstance(attempt, NoToken):
                return tried, attempt
        return tried, None

    def _attempts(self, slot: Slot, stand: SlotStanding) -> Iterable[Attempt]:
        match slot.judgement.verdict:
            case "ok":
                return ()
            case "unresolved":
                return self._unresolved(slot)
            case "gate_failure" if not slot.certain:
                # It says something else than a value, and which one it should say instead was only guessed.
                return ()
            case _ if stand.abstains:
                return [Stop("abstain")]
            case _:
                return self.policy(slot)

    def _within_limits(self, attempt: Attempt, verification: Verification, row: Row) -> Verification:
        """Refuse a proposal that holds where this generation has no room for it."""
        inserted = len(attempt.inserted) if isinstance(attempt, Restate) else 0
        if not row.chosen and row.interventions >= self.config.max_interventions:
            reason = "the bound on interventions is reached"
        elif not self.limits.fits(inserted, step=row.step, length=len(row.ids), pad=row.bound.pad):
            reason = "no room is left for the insertion"
        elif isinstance(attempt, Stop) and not self.limits.eos:
            reason = "there is no end-of-sequence token to end the row with"
        else:
            return verification
        return replace(verification, kept=False, reason=reason)

    def _unresolved(self, slot: Slot) -> Iterable[Proposal]:
        if self.config.on_unresolved == "abstain":
            return [Stop("abstain")]
        if self.config.on_unresolved == "raise":
            error = BindingFailureError(
                f"row {slot.row}, step {slot.step}: the target is unresolved: {slot.judgement.reason}.",
                hint="Declare target=..., or set on_unresolved='leave'.",
            )
            return [Raise("raise", error)]
        return []


def _let_pass(attempt: Attempt, verification: Verification, row: Row, stand: SlotStanding) -> Verification:
    value = row.value
    if value is None or not isinstance(attempt, TokenProposal):
        return stand.asked(attempt, verification)
    if value.warrant is not None:
        return replace(verification, guarantee=value.warrant)
    if value.withheld:
        return replace(verification, kept=False, reason="confirmed, but an earlier one in this value was not let pass")
    asked = stand.asked(attempt, verification)
    value.warrant, value.withheld = asked.guarantee, not asked.kept
    return asked
