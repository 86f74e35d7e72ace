"""Bounds a probability that is known from counts, and a divergence between two uncertain probabilities.

A divergence at point estimates is no bound: a pseudo-prior of 0 out of n makes it infinite, and the corners of a box of
probabilities miss its minimum where the two intervals meet.
"""

from __future__ import annotations

from dataclasses import dataclass

from guardbind.errors import ConfigError
from guardbind.information.divergence import bernoulli_kl, nats_to_trust
from guardbind.information.numeric import check_probability

__all__ = ["Interval", "clopper_pearson", "divergence_interval", "trust_interval", "wilson"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed range of numbers, in the unit of what it bounds.

    Args:
        low: Lower end.
        high: Upper end; may be infinite.

    Raises:
        ConfigError: An end is NaN, or they are in the wrong order.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ConfigError(
                f"the interval runs from {self.low} to {self.high}; low ≤ high is accepted.", hint="Swap the ends."
            )


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return the Clopper–Pearson interval of a probability from counts; its coverage is never below `confidence`.

    Args:
        successes: Trials that succeeded.
        trials: All trials, at least 1.
        confidence: Two-sided coverage, in (0, 1).

    Raises:
        ConfigError: The counts are impossible, or the confidence is outside (0, 1).

    Example:
        >>> none_of_400 = clopper_pearson(0, 400)
        >>> none_of_400.low, round(none_of_400.high, 4)
        (0.0, 0.0092)
    """
    return _of_counts(successes, trials, confidence, "exact")


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval of a probability from counts; its coverage is `confidence` on average.

    Args:
        successes: Trials that succeeded.
        trials: All trials, at least 1.
        confidence: Two-sided coverage, in (0, 1).

    Raises:
        ConfigError: The counts are impossible, or the confidence is outside (0, 1).

    Example:
        >>> interval = wilson(65, 100)
        >>> round(interval.low, 4), round(interval.high, 4)
        (0.5525, 0.7364)
    """
    return _of_counts(successes, trials, confidence, "wilson")


def _of_counts(successes: int, trials: int, confidence: float, method: str) -> Interval:
    # Here and not above: it takes a second to import, and a guard never asks for an interval.
    from scipy.stats import binomtest

    if trials < 1 or not 0 <= successes <= trials:
        raise ConfigError(
            f"{successes} successes in {trials} trials; 0 ≤ successes ≤ trials and trials ≥ 1 are accepted.",
            hint="Count both over the same trials.",
        )
    if not 0.0 < confidence < 1.0:
        raise ConfigError(f"confidence is {confidence}; a number in (0, 1) is accepted.", hint="0.95 is usual.")
    interval = binomtest(successes, trials).proportion_ci(confidence, method)
    return Interval(float(interval.low), float(interval.high))


def divergence_interval(p: Interval, p0: Interval) -> Interval:
    """Return the range in nats of KL(Ber(a)‖Ber(b)) over all a in `p` and b in `p0`.

    The minimum is 0 where the intervals meet and lies at their nearest ends where they do not. The divergence is
    jointly convex, so the maximum lies at a corner.

    Raises:
        ConfigError: An end is outside [0, 1].

    Example:
        >>> overlapping = divergence_interval(Interval(0.6, 0.8), Interval(0.1, 0.7))
        >>> overlapping.low, round(overlapping.high, 3)
        (0.0, 1.363)
    """
    for name, interval in (("p", p), ("p0", p0)):
        check_probability(name, interval.low)
        check_probability(name, interval.high)
    if p.low > p0.high:
        low = bernoulli_kl(p.low, p0.high)
    elif p.high < p0.low:
        low = bernoulli_kl(p.high, p0.low)
    else:
        low = 0.0
    return Interval(low, max(bernoulli_kl(a, b) for a in (p.low, p.high) for b in (p0.low, p0.high)))


def trust_interval(p: float, p0: Interval) -> Interval:
    """Return the range of `nats_to_trust(p, ·)` over `p0`; it only falls as the pseudo-prior rises.

    Raises:
        ConfigError: A probability is outside [0, 1].

    Example:
        >>> required = trust_interval(0.9, Interval(0.01, 0.05))
        >>> round(required.low, 3), round(required.high, 3)
        (2.376, 3.821)
    """
    return Interval(nats_to_trust(p, p0.high), nats_to_trust(p, p0.low))
