"""Bounds what a slot says: evidence bits, budgets and certificates over all that agrees with what was returned."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from guardbind.events import BudgetRecord, CertificateRecord
from guardbind.information import nats_to_bits
from guardbind.information.budget import SOFTMAX_FLOOR, Budget, certify, envelope, margin_interval
from guardbind.information.intervals import Interval
from guardbind.information.partial import bits_interval, observed_interval
from guardbind.policies.verdict import bits_needed

__all__ = ["TokenRange", "certificate", "point", "worst_record"]

_A_POINT = 0.01
"""Bits (or nats of a gap) up to which a range is told as a number."""


@dataclass(frozen=True, slots=True)
class TokenRange:
    """A token at a slot, with and without the target's evidence.

    Attributes:
        p1: Range of its probability in full context, or behind a restatement.
        p0: The same without the evidence; None where that was not read.
    """

    p1: Interval
    p0: Interval | None

    @property
    def bits(self) -> Interval | None:
        """Range of its evidence bits; None where p0 was not read."""
        return None if self.p0 is None else bits_interval(self.p1, self.p0)

    @property
    def observed(self) -> Interval | None:
        """Range of its observed bits; None where p0 was not read."""
        if self.p0 is None:
            return None
        # The softmax of half precision saturates; below the floor nothing is told apart.
        p1, p0 = (Interval(_resolved(part.low), _resolved(part.high)) for part in (self.p1, self.p0))
        nats = observed_interval(p1, p0)
        return Interval(nats_to_bits(nats.low), nats_to_bits(nats.high))

    def corners(self, min_bits: float, *, narrowed: bool) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Return (bits, bits needed) where the evidence speaks least for the token, and where it speaks most.

        Both ends are reached: bits fall with p0, and what is needed falls less.

        Args:
            min_bits: See `bits_needed`.
            narrowed: See there.
        """
        bits = self.bits
        if bits is None or self.p0 is None:
            return None
        worst = bits.low, bits_needed(self.p0.high, min_bits, narrowed=narrowed)
        return worst, (bits.high, bits_needed(self.p0.low, min_bits, narrowed=narrowed))


def point(found: Interval | None) -> float | None:
    """Return a range as a number where it is as good as one; else None.

    >>> point(Interval(3.0, 3.004)), point(Interval(3.0, 4.0)), point(None)
    (3.002, None, None)
    """
    if found is None or not found.high - found.low <= _A_POINT:
        return None
    return (found.low + found.high) / 2


def worst_record(token: TokenRange, tau: float, null: str, further: Mapping[str, Interval]) -> BudgetRecord | None:
    """Return the budget of a token at the corner of the box, and under the null, where its margin is least.

    Args:
        token: The token.
        tau: Reliability that is asked for.
        null: Name of the null of the slot.
        further: Name of a further null to the range of p0 under it.
    """
    if token.p0 is None:
        return None
    corners = [
        (Budget(token.p1.low, min(1.0, p0), tau, SOFTMAX_FLOOR), name)
        for name, prior in {null: token.p0, **further}.items()
        for p0 in (prior.low, prior.high)
    ]
    worst, name = min(corners, key=lambda corner: corner[0].margin_nats)
    return BudgetRecord(
        null=name,
        p1=worst.p1,
        p0=worst.p0,
        tau=tau,
        observed_bits=worst.observed_bits,
        required_bits=worst.required_bits,
        margin_bits=worst.margin_bits,
    )


def margin_bits(token: TokenRange, tau: float, further: Mapping[str, Interval]) -> Interval | None:
    """Return the range of a token's margin in bits, the worst over its nulls; None where p0 was not read."""
    if token.p0 is None:
        return None
    found = [margin_interval(token.p1, prior, tau, floor=SOFTMAX_FLOOR) for prior in (token.p0, *further.values())]
    return Interval(nats_to_bits(min(one.low for one in found)), nats_to_bits(min(one.high for one in found)))


def certificate(
    token: TokenRange, key: int | None, target: int, tau: float, null: str, further: Mapping[str, Interval]
) -> CertificateRecord | None:
    """Return a certificate that holds at the worst corner of the box; None where the box does not decide, or denies it.

    Args:
        token: The token that is written, by the model's own probabilities.
        key: Its id; None where the backend says texts only.
        target: Index of the binding whose evidence was taken away.
        tau: Reliability that is asked for.
        null: Name of the null of the slot.
        further: Name of a further null to the range of p0 under it.
    """
    margin = margin_bits(token, tau, further)
    if token.p0 is None or margin is None or not margin.low >= 0.0:
        return None
    # Where the budget suffices everywhere, its margin is least at the highest pseudo-prior.
    priors = {name: min(1.0, prior.high) for name, prior in {null: token.p0, **further}.items()}
    family = envelope(token.p1.low, priors, tau, floor=SOFTMAX_FLOOR)
    found = certify(family, "", [str(target)])
    if found is None or found.required_bits <= 0.0:
        return None
    return CertificateRecord(
        token=key,
        spans=(target,),
        p1=found.p1,
        p0=priors,
        tau=tau,
        floor=SOFTMAX_FLOOR,
        worst=found.worst,
        observed_bits=found.observed_bits,
        required_bits=found.required_bits,
    )


def _resolved(p: float) -> float:
    return min(max(p, SOFTMAX_FLOOR), 1.0 - SOFTMAX_FLOOR) if math.isfinite(p) else p
