"""Bounds what a next-token distribution says that is known in part: what was not returned is an interval, not a point.

A server returns the log-probabilities of its k likeliest tokens, or of tokens that it was asked for. Every other token
lies below a ceiling, and all of them together hold what the returned ones leave. The bounds hold for every distribution
that agrees with what was returned.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from guardbind.errors import ConfigError
from guardbind.information.divergence import nats_to_trust
from guardbind.information.evidence import evidence_bits, signed_divergence
from guardbind.information.intervals import Interval

__all__ = [
    "Decision",
    "PartialDistribution",
    "bits_interval",
    "decide",
    "observed_interval",
    "required_interval",
]

Decision = Literal["yes", "no", "undecided"]


@dataclass(frozen=True, slots=True)
class PartialDistribution:
    """The next token's log-probabilities as far as they were returned.

    Args:
        logprobs: Token, as an id or a text, to its log-probability in nats.
        ranked: Whether these are the likeliest tokens, so that none of the others is likelier than the least of them.
        whole: Whether these are all tokens.
        unique: Whether a token stands for one id. Texts may stand for several; then the count of the forms that were
            not returned bounds nothing.
        rounding: How far each log-probability may be off, in nats, at most; servers round or read in half precision.
        cut: Log-probability (nats) of the last token of the ranking, where less likely tokens that were asked for stand
            beside it; None: the least of `logprobs`.

    Raises:
        ConfigError: A log-probability is NaN or above 0 by more than the rounding, the probabilities sum to more than
            the rounding allows, or nothing was returned.

    Example:
        Two of many tokens; a form that was not returned has at most what is left, and no more than the least returned:

        >>> seen = PartialDistribution({" 44": math.log(0.6), " 33": math.log(0.3)}, ranked=True)
        >>> mass = seen.mass({" 44", "44"})
        >>> round(mass.low, 3), round(mass.high, 3)
        (0.6, 0.7)
    """

    logprobs: Mapping[Any, float]  # a mapping is invariant in its keys
    ranked: bool = True
    whole: bool = False
    unique: bool = True
    rounding: float = 1e-6
    cut: float | None = None

    def __post_init__(self) -> None:
        if not self.logprobs:
            raise ConfigError("no log-probability was returned; at least one is needed.", hint="Ask for top-k ≥ 1.")
        if not 0.0 <= self.rounding < 1.0:
            raise ConfigError(f"rounding is {self.rounding}; 0 ≤ rounding < 1 nat is accepted.")
        for token, logprob in self.logprobs.items():
            if not logprob <= self.rounding:
                raise ConfigError(
                    f"the log-probability of {token!r} is {logprob}; numbers up to 0 are accepted.",
                    hint="These are natural logarithms of probabilities, not logits.",
                )
        if self._returned * math.exp(-self.rounding) > 1.0 + 1e-9:
            raise ConfigError(
                f"the returned probabilities sum to {self._returned:.6f}; at most 1 is accepted.",
                hint="A token was returned twice, or these are no log-probabilities of one distribution.",
            )

    @property
    def _returned(self) -> float:
        return math.fsum(math.exp(logprob) for logprob in self.logprobs.values())

    @property
    def rest(self) -> float:
        """Most probability that all tokens together have which were not returned."""
        return 0.0 if self.whole else max(0.0, 1.0 - self._returned * math.exp(-self.rounding))

    @property
    def ceiling(self) -> float:
        """Highest log-probability (nats) that a token can have which was not returned."""
        rest = self.rest
        left = math.log(rest) if rest > 0.0 else -math.inf
        # A text of several ids may stand below with its second id, and still be one token.
        last = min(self.logprobs.values()) if self.cut is None else self.cut
        return min(left, last + self.rounding) if self.ranked else left

    def mass(self, forms: Collection[Hashable]) -> Interval:
        """Return the range of the summed probability of some tokens.

        Args:
            forms: The tokens that count; those that were not returned count with what they may have at most.
        """
        known = [self.logprobs[form] for form in set(forms) if form in self.logprobs]
        unknown = 0 if self.whole else len(set(forms)) - len(known)
        low = math.fsum(math.exp(logprob - self.rounding) for logprob in known)
        high = math.fsum(math.exp(logprob + self.rounding) for logprob in known)
        if unknown or (known and not self.unique):
            high += min(self.rest, unknown * math.exp(self.ceiling)) if self.unique else self.rest
        return Interval(min(low, 1.0), min(max(low, high), 1.0))

    def best(self, forms: Collection[Hashable]) -> Interval:
        """Return the range of the highest log-probability (nats) among some tokens; −inf where they may have none."""
        return self._highest(
            [form for form in set(forms) if form in self.logprobs],
            # A text of several ids may stand here with the less likely one, unless what is here is a ranking.
            open=not set(forms) <= set(self.logprobs) or not (self.unique or self.ranked),
        )

    def best_outside(self, forms: Collection[Hashable]) -> Interval:
        """Return the range of the highest log-probability (nats) among all other tokens."""
        inside = set(forms)
        return self._highest([token for token in self.logprobs if token not in inside], open=True)

    def _highest(self, known: Collection[Hashable], *, open: bool) -> Interval:
        best = max((self.logprobs[token] for token in known), default=-math.inf)
        ceiling = self.ceiling if open and not self.whole else -math.inf
        return Interval(best - self.rounding, max(best + self.rounding, ceiling))

    def gate_gap(self, candidates: Collection[Hashable]) -> Interval:
        """Return the range of the gate gap: best token of a candidate less the best other one, in nats."""
        return _difference(self.best(candidates), self.best_outside(candidates))

    def value_gap(self, target: Collection[Hashable], others: Collection[Hashable]) -> Interval:
        """Return the range of the value gap: best token of the target less the best one of the others', in nats.

        Args:
            target: Tokens of the target.
            others: Tokens of the other candidates; those that the target shares count for the target only.
        """
        return _difference(self.best(target), self.best(set(others) - set(target)))


def _difference(a: Interval, b: Interval) -> Interval:
    low = -math.inf if a.low == -math.inf or b.high == math.inf else a.low - b.high
    high = math.inf if b.low == -math.inf else a.high - b.low
    return Interval(low, max(low, high))


def bits_interval(p1: Interval, p0: Interval) -> Interval:
    """Return the range of log2(p1 / p0) in bits.

    Args:
        p1: Range of the probability in full context.
        p0: Range of the probability under the null.

    Example:
        >>> bits_interval(Interval(0.5, 0.6), Interval(0.0, 0.25))
        Interval(low=1.0, high=inf)
    """
    low = evidence_bits(p1.low, p0.high) if p1.low > 0 or p0.high > 0 else 0.0
    high = evidence_bits(p1.high, p0.low) if p1.high > 0 or p0.low > 0 else 0.0
    return Interval(low, max(low, high))


def observed_interval(p1: Interval, p0: Interval) -> Interval:
    """Return the range of the signed divergence in nats; it rises with p1 and falls with p0."""
    low = signed_divergence(p1.low, p0.high)
    return Interval(low, max(low, signed_divergence(p1.high, p0.low)))


def required_interval(p0: Interval, tau: float) -> Interval:
    """Return the range of the information in nats that reliability `tau` requires; it falls with p0.

    Raises:
        ConfigError: `tau` is outside [0, 1].
    """
    low = nats_to_trust(tau, p0.high)
    return Interval(low, max(low, nats_to_trust(tau, p0.low)))


def decide(value: Interval, at_least: float) -> Decision:
    """Return whether a number that is known as a range is at least a threshold, surely not, or not to be told.

    Example:
        >>> decide(Interval(0.2, 3.0), 1.0), decide(Interval(1.5, 3.0), 1.0)
        ('undecided', 'yes')
    """
    if value.low >= at_least:
        return "yes"
    return "no" if value.high < at_least else "undecided"
