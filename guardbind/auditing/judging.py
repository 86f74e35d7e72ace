"""Makes of what was measured and of what is bound a verdict: signed, at the worst null and the worst corner."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from guardbind.auditing.judged import (
    AuditNull,
    BindingJudgement,
    ClaimReading,
    ClaimVerdict,
    NullBudget,
    RangeRecord,
    SpanShare,
)
from guardbind.auditing.verifier import LabelReading
from guardbind.information.budget import SOFTMAX_FLOOR, margin_interval
from guardbind.information.entropy import nats_to_bits
from guardbind.information.intervals import Interval, divergence_interval
from guardbind.information.partial import (
    Decision,
    bits_interval,
    decide,
    observed_interval,
    required_interval,
)

__all__ = ["CARRIES", "claim_reading", "final_verdict", "lost_bits", "verifier_verdict"]

CARRIES = 0.5
"""Bits by which the span that carries a claim is ahead of the others."""


def claim_reading(
    shown: LabelReading,
    nulls: Mapping[AuditNull, LabelReading],
    tau: float,
    without: Mapping[str, LabelReading] | None = None,
    cited: Sequence[str] = (),
) -> ClaimReading:
    """Return the budgets of a claim under each null, and what they decide.

    Args:
        shown: The answers with the evidence shown.
        nulls: The answers under each null, at least one.
        tau: Reliability asked for.
        without: The answers with one span left out, by its id.
        cited: Ids of the spans that the nulls take away.
    """
    p1 = _resolved(shown.yes)
    budgets = [_budget(null, p1, reading, tau) for null, reading in nulls.items()]
    worst = min(budgets, key=lambda budget: (budget.margin_bits.low, -budget.p0.high))
    refuted = [decide(margin_interval(_resolved(shown.no), _resolved(r.no), tau), 0.0) for r in nulls.values()]
    leaning = [decide(_resolved(r.no), tau) for r in nulls.values()]
    shares = tuple(
        SpanShare(
            span=span,
            p1=RangeRecord.of(reading.yes),
            bits=RangeRecord.of(lost_bits(shown, reading)),
        )
        for span, reading in (without or {}).items()
    )
    return ClaimReading(
        p1=RangeRecord.of(shown.yes),
        no=RangeRecord.of(shown.no),
        unsure=RangeRecord.of(shown.unsure),
        tau=tau,
        nulls=tuple(budgets),
        worst=worst.null,
        p0=RangeRecord(low=min(b.p0.low for b in budgets), high=max(b.p0.high for b in budgets)),
        sufficient=_all([budget.sufficient for budget in budgets]),
        relies=_all([_not(decide(budget.p0.interval, tau)) for budget in budgets]),
        refuted=_all([*refuted, *(_not(decision) for decision in leaning)]),
        trivial=decide(shown.yes, tau),
        published_flag=any(budget.published_flag for budget in budgets),
        shares=shares,
        carried_by=_carrier(shares, cited, worst),
    )


def lost_bits(shown: LabelReading, without: LabelReading) -> Interval:
    """Return by how many bits YES is less likely with a part of the evidence left out."""
    return bits_interval(_resolved(shown.yes), _resolved(without.yes))


def verifier_verdict(reading: ClaimReading, least_bits: float) -> tuple[ClaimVerdict, str]:
    """Return what the readings of an able verifier say of a claim, and why."""
    if reading.sufficient == "yes" and reading.relies == "yes":
        return "supported", "the verifier says so with the evidence, and under no null without it"
    if reading.refuted == "yes":
        return "contradicted", "the verifier says NO because of the evidence"
    if reading.sufficient == "yes":
        return "undecided", "the verifier says YES without the evidence too, which shows no support by it"
    if reading.sufficient == "no" and reading.refuted == "no":
        worst = reading.worst_budget
        if worst.observed_bits.high < least_bits:
            return "unsupported", f"the evidence adds less than {least_bits:g} bits"
        return "under_budget", "the evidence raises the belief, and not to what is asked for"
    return "undecided", "what the verifier returned leaves it open"


def final_verdict(
    by_verifier: ClaimVerdict, reason: str, binding: BindingJudgement | None, *, says_more: bool, able: bool
) -> tuple[ClaimVerdict, str, bool]:
    """Return the verdict, why, and whether the two judgements differ.

    What the context binds to another value is contradicted, whatever a verifier says. What it binds to this value is
    supported where nothing more is said and the right span is cited, unless a verifier that can do the task denies it.

    Args:
        by_verifier: What the verifier alone says.
        reason: Why.
        binding: What the binding table says.
        says_more: The claim says more than the bound value.
        able: There is a verifier, and it can do the task.
    """
    if binding is None or binding.state not in ("agrees", "differs"):
        return by_verifier, reason, False
    if binding.state == "differs":
        return "contradicted", binding.reason, able and by_verifier == "supported"
    differ = able and by_verifier in ("contradicted", "unsupported", "under_budget")
    if binding.cited is False:
        return (
            "unsupported",
            "the value is right, and none of the spans that it cites states it",
            able and (by_verifier == "supported"),
        )
    if by_verifier == "supported":
        return by_verifier, f"{reason}; {binding.reason}", False
    if differ:
        return "undecided", f"{binding.reason}, but {reason}", True
    if says_more:
        return "undecided", f"{binding.reason}, and the claim says more than that", False
    return "supported", binding.reason, False


def _budget(null: AuditNull, p1: Interval, reading: LabelReading, tau: float) -> NullBudget:
    p0 = _resolved(reading.yes)
    margin = margin_interval(p1, p0, tau)
    published = divergence_interval(p1, p0)
    required = divergence_interval(Interval(tau, tau), p0)
    return NullBudget(
        null=null,
        p0=RangeRecord.of(reading.yes),
        no=RangeRecord.of(reading.no),
        observed_bits=_bits(observed_interval(p1, p0)),
        required_bits=_bits(required_interval(p0, tau)),
        margin_bits=_bits(margin),
        sufficient=decide(margin, 0.0),
        published_flag=required.low > published.high,
    )


def _carrier(shares: Sequence[SpanShare], cited: Sequence[str], worst: NullBudget) -> str | None:
    """Return the span without which the claim loses most; the only one that is cited, where the evidence adds any."""
    if not shares:
        return cited[0] if len(cited) == 1 and worst.observed_bits.low > 0.0 else None
    ranked = sorted(shares, key=lambda share: -share.bits.low)
    ahead = max((share.bits.high for share in ranked[1:]), default=-math.inf)
    return ranked[0].span if ranked[0].bits.low >= max(CARRIES, ahead) else None


def _resolved(p: Interval) -> Interval:
    """Return a range within what a softmax in fp32 tells from 0 and 1."""
    low, high = (min(max(end, SOFTMAX_FLOOR), 1.0 - SOFTMAX_FLOOR) for end in (p.low, p.high))
    return Interval(low, high)


def _bits(nats: Interval) -> RangeRecord:
    return RangeRecord(low=nats_to_bits(nats.low), high=nats_to_bits(nats.high))


def _all(decisions: Sequence[Decision]) -> Decision:
    if "no" in decisions:
        return "no"
    return "undecided" if "undecided" in decisions else "yes"


def _not(decision: Decision) -> Decision:
    flipped: dict[Decision, Decision] = {"yes": "no", "no": "yes", "undecided": "undecided"}
    return flipped[decision]
