"""Defines what a record says more of a model that is asked from outside: ranges in place of numbers, and the cost."""

from __future__ import annotations

import math
from typing import Literal

from guardbind.frozen import Frozen
from guardbind.information.intervals import Interval

__all__ = ["Bounds", "CostRecord", "RangesRecord", "bounds"]

Bounds = tuple[float | None, float | None]
"""Least and most; None where there is no bound."""


class CostRecord(Frozen):
    """What asking cost."""

    requests: int
    """Requests that were sent, repeated ones included; of a model of this process, prompts that were read."""
    prompt_tokens: int | None
    """Tokens of the prompts, as the backend counts them; None where it does not say."""
    new_tokens: int | None
    """Tokens that were written; None where it does not say."""
    cached: int = 0
    """Requests that the client had an answer of already."""
    seconds: float = 0.0
    """Seconds that were waited, of all requests together."""
    lookups: int = 0
    """Requests among them that had the model read nothing: texts turned into tokens and back."""


class RangesRecord(Frozen):
    """What is known of a slot when not all of a distribution was returned."""

    decided: Literal["yes", "no", "undecided"] | None
    """Whether the model's own token is surely `ok`, surely not, or what was returned does not decide; None where there
    is no target."""
    begins: int
    """Character of the answer at which the token stands."""
    returned: int
    """Tokens that were returned in full context."""
    whole: bool
    """All tokens were returned."""
    p1: Bounds
    """Probability of the model's own token."""
    p0: dict[str, Bounds]
    """Name of a null to its probability without the target's evidence."""
    evidence_bits: Bounds | None
    """Its evidence bits."""
    margin_bits: Bounds | None
    """Its budget, observed less required bits, the worst over the nulls."""
    gate_gap: Bounds | None
    """Best candidate less best other token, in nats."""
    value_gap: Bounds | None
    """Target less best other candidate, in nats."""
    certified: Literal["yes", "no", "undecided"] | None
    """Whether the budget of the token that was written suffices at every corner of the box and under every null."""
    unread: tuple[str, ...] = ()
    """Nulls that would change nothing of what is asked, and were not; `followed` where a server that begins an answer
    anew did not come to the same answer so far without some evidence."""


def bounds(found: Interval | None) -> Bounds | None:
    """Return a range as a record holds it.

    >>> bounds(Interval(0.5, math.inf))
    (0.5, None)
    """
    if found is None:
        return None
    low, high = (value if math.isfinite(value) else None for value in (found.low, found.high))
    return low, high
