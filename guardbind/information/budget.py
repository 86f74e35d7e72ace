"""Weighs the information observed for a value against what reliability τ requires, under one null or a family of them.

The published test compares unsigned divergences. Below min(p1, τ) the pseudo-prior cancels from it, so it is the
threshold p1 ≥ τ; elsewhere it passes evidence that refutes the value. Here evidence that lowers the belief counts
negative, and nothing is required of a value that the null already makes reliable. The decision is then exactly
p1 ≥ max(p0, τ): beside every budget stands `trivial`, the baseline p1 ≥ τ that it has to beat.

To rank values by how far they rest on evidence, take the observed bits. The margin grades values of one p0; between
values of unlike p0 whose p1 is below τ it runs the other way, because what is required grows as p0 falls.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guardbind.errors import ConfigError
from guardbind.information.divergence import bernoulli_kl, nats_to_trust
from guardbind.information.entropy import nats_to_bits
from guardbind.information.evidence import signed_divergence
from guardbind.information.intervals import Interval
from guardbind.information.numeric import check_probability

__all__ = [
    "SOFTMAX_FLOOR",
    "Budget",
    "Certificate",
    "Envelope",
    "certify",
    "envelope",
    "margin_interval",
    "published_rule",
]

SOFTMAX_FLOOR = 1e-6
"""What a float32 softmax over a vocabulary can still tell from 0 or 1; below it, a budget would measure rounding."""


def published_rule(p1: float, p0: float, tau: float) -> bool:
    """Return the published unsigned test KL(p1‖p0) ≥ KL(τ‖p0), for comparison only.

    Args:
        p1: Probability of the value in full context.
        p0: Its pseudo-prior.
        tau: Target reliability in (0, 1).

    Raises:
        ConfigError: NaN, a probability outside [0, 1], or τ outside (0, 1).

    Example:
        Evidence that lowers the belief from 0.99 to 0.01 passes:

        >>> published_rule(0.01, 0.99, 0.95), Budget(0.01, 0.99, 0.95).sufficient
        (True, False)
    """
    return bernoulli_kl(p1, p0) >= bernoulli_kl(_check_tau(tau), p0)


@dataclass(frozen=True, slots=True)
class Budget:
    """Information observed and required for one value under one null.

    Args:
        p1: Probability of the value in full context.
        p0: Its probability under the null (pseudo-prior).
        tau: Target reliability, in (0, 1).
        floor: Resolution of the measurement, such as the upper confidence limit of a rate of 0 out of n, or about 1e-6
            for a softmax in float32, which saturates at 1. Probabilities below it are not told apart, nor are those
            above 1 − floor. At 0, the default, all are taken as they are: `p0` = 0 makes observed and required
            information infinite, with the margin as the limit of falling `p0` (inf above τ, 0 at τ, −inf below), and
            `p0` = 1 refutes any lower `p1` infinitely.

    Raises:
        ConfigError: NaN, a probability outside [0, 1], τ outside (0, 1), or a floor outside [0, min(τ, 1 − τ)).

    Example:
        >>> budget = Budget(p1=0.97, p0=0.02, tau=0.95)
        >>> round(budget.observed_bits, 2), round(budget.required_bits, 2), budget.sufficient
        (5.28, 5.08, True)
    """

    p1: float
    p0: float
    tau: float
    floor: float = 0.0

    def __post_init__(self) -> None:
        tau = _check_tau(self.tau)
        if not 0.0 <= self.floor < min(tau, 1.0 - tau):
            raise ConfigError(
                f"floor is {self.floor} at tau = {tau}; 0 ≤ floor < min(tau, 1 − tau) is accepted.",
                hint="A measurement that cannot resolve tau needs more trials or another tau.",
            )
        object.__setattr__(self, "p1", check_probability("p1", self.p1))
        object.__setattr__(self, "p0", check_probability("p0", self.p0))

    @property
    def observed_nats(self) -> float:
        """Signed divergence of `p1` from `p0`; negative where the evidence lowers the belief."""
        return signed_divergence(self._resolved(self.p1), self._resolved(self.p0))

    @property
    def required_nats(self) -> float:
        """Least information that lifts `p0` to `tau`; 0 where the null already reaches it."""
        return nats_to_trust(self.tau, self._resolved(self.p0))

    @property
    def margin_nats(self) -> float:
        """Observed less required; ≥ 0 suffices."""
        observed, required = self.observed_nats, self.required_nats
        if math.isinf(required) and math.isinf(observed):
            return 0.0 if self.p1 == self.tau else math.copysign(math.inf, self.p1 - self.tau)
        return observed - required

    @property
    def observed_bits(self) -> float:
        """`observed_nats` in bits."""
        return nats_to_bits(self.observed_nats)

    @property
    def required_bits(self) -> float:
        """`required_nats` in bits."""
        return nats_to_bits(self.required_nats)

    @property
    def margin_bits(self) -> float:
        """`margin_nats` in bits."""
        return nats_to_bits(self.margin_nats)

    @property
    def sufficient(self) -> bool:
        """Whether the margin is ≥ 0; up to rounding this is p1 ≥ max(p0, tau)."""
        return self.margin_nats >= 0.0

    @property
    def trivial(self) -> bool:
        """The trivial baseline p1 ≥ tau, which looks at no null."""
        return self.p1 >= self.tau

    def _resolved(self, p: float) -> float:
        return min(max(p, self.floor), 1.0 - self.floor)


def margin_interval(p1: Interval, p0: Interval, tau: float, *, floor: float = 0.0) -> Interval:
    """Return the range of `Budget.margin_nats` over all values in `p1` and `p0`.

    The margin rises with p1. In p0 it falls where p1 ≥ τ; else it rises up to (p1 + τ) / 2 and falls beyond, so that
    its minimum is always at an end of `p0`, though not always at the upper one.

    Args:
        p1: Range of the probability in full context.
        p0: Range of the pseudo-prior, such as `clopper_pearson` of its rate.
        tau: Target reliability, in (0, 1).
        floor: See `Budget`.

    Raises:
        ConfigError: As `Budget`.

    Example:
        >>> margin = margin_interval(Interval(0.9, 0.97), Interval(0.002, 0.07), 0.75)
        >>> round(margin.low, 3), round(margin.high, 3)
        (0.625, 1.794)
    """
    low = min(Budget(p1.low, prior, tau, floor).margin_nats for prior in (p0.low, p0.high))
    best = p0.low if p1.high >= tau else min(max((p1.high + tau) / 2.0, p0.low), p0.high)
    return Interval(low, Budget(p1.high, best, tau, floor).margin_nats)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Budgets of one value under a family of nulls; the worst decides. Made by `envelope`."""

    budgets: Mapping[str, Budget]
    """Budget by name of the null; all share p1, tau and floor."""

    @property
    def worst(self) -> str:
        """Name of the null with the least margin; of equals, the one with the highest pseudo-prior."""
        return min(self.budgets, key=lambda name: (self.budgets[name].margin_nats, -self.budgets[name].p0))

    @property
    def worst_budget(self) -> Budget:
        """Budget under the worst null."""
        return self.budgets[self.worst]

    @property
    def p0_range(self) -> Interval:
        """Range of the pseudo-prior over the family."""
        priors = [budget.p0 for budget in self.budgets.values()]
        return Interval(min(priors), max(priors))

    @property
    def sufficient(self) -> bool:
        """Whether the budget suffices under every null."""
        return self.worst_budget.sufficient


def envelope(p1: float, nulls: Mapping[str, float], tau: float, *, floor: float = 0.0) -> Envelope:
    """Build the budgets of one value under each null of a family.

    Args:
        p1: Probability of the value in full context.
        nulls: Pseudo-prior by name of the null, at least one.
        tau: Target reliability, in (0, 1).
        floor: See `Budget`.

    Raises:
        ConfigError: No null is named, or an argument is out of range (see `Budget`).

    Example:
        >>> family = envelope(0.97, {"mask": 0.02, "redact": 0.10}, 0.95)
        >>> family.worst, family.p0_range, family.sufficient
        ('redact', Interval(low=0.02, high=0.1), True)
    """
    if not nulls:
        raise ConfigError("the null family is empty; at least one named null is accepted.", hint="Pass {'mask': p0}.")
    return Envelope({name: Budget(p1, p0, tau, floor) for name, p0 in nulls.items()})


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was measured when a budget sufficed under every null of a family. Made by `certify`.

    It certifies the model's reliance on the spans, not that the value is correct. It holds the value itself; leave it
    out of telemetry that must not carry prompt text.
    """

    value: str
    """The value."""

    spans: tuple[str, ...]
    """Ids of the evidence spans that the nulls take away."""

    p1: float
    """Probability of the value in full context."""

    p0: float
    """Pseudo-prior under the worst null, the highest of the family."""

    tau: float
    """Target reliability."""

    nulls: tuple[str, ...]
    """Names of the null family."""

    worst: str
    """Name of the worst null."""

    observed_bits: float
    """Signed information observed under the worst null."""

    required_bits: float
    """Information required under the worst null; 0 says that the value reaches `tau` without the evidence."""

    @property
    def statement(self) -> str:
        """The certificate as a sentence."""
        spans = ", ".join(self.spans)
        text = (
            f"{self.value!r} has probability {self.p1:.4g} in full context and at most {self.p0:.4g} without {spans}"
            f" (nulls: {', '.join(self.nulls)}; worst: {self.worst}): {self.observed_bits:.2f} bits observed,"
            f" {self.required_bits:.2f} required for reliability {self.tau:g}."
        )
        if self.required_bits > 0.0:
            return text
        return f"{text} It reaches that reliability without the evidence, so this shows no reliance on it."


def certify(result: Envelope, value: str, spans: Sequence[str]) -> Certificate | None:
    """Return the certificate of an envelope, or None where a budget falls short.

    Args:
        result: The envelope.
        value: The value it was measured for.
        spans: Ids of the evidence spans that the nulls took away, at least one.

    Raises:
        ConfigError: `spans` is empty, or a string in place of a sequence of ids.

    Example:
        >>> family = envelope(0.97, {"mask": 0.02, "redact": 0.10}, 0.95)
        >>> certificate = certify(family, "4417", ["order"])
        >>> certificate.worst, round(certificate.observed_bits, 2), round(certificate.required_bits, 2)
        ('redact', 3.03, 2.88)
        >>> certify(envelope(0.97, {"mask": 0.02, "redact": 0.99}, 0.95), "4417", ["order"]) is None
        True
    """
    if isinstance(spans, str) or not spans:
        raise ConfigError(
            f"spans is {spans!r}; a sequence of at least one span id is accepted.",
            hint="Pass ['order_id'], not 'order_id'.",
        )
    if not result.sufficient:
        return None
    # Where the budget suffices the margin falls with p0, so this is the worst null; a margin of 0 within rounding would
    # leave the choice to chance.
    worst = max(result.budgets, key=lambda name: result.budgets[name].p0)
    budget = result.budgets[worst]
    return Certificate(
        value=value,
        spans=tuple(spans),
        p1=budget.p1,
        p0=budget.p0,
        tau=budget.tau,
        nulls=tuple(result.budgets),
        worst=worst,
        observed_bits=budget.observed_bits,
        required_bits=budget.required_bits,
    )


def _check_tau(tau: float) -> float:
    """Return the target reliability if it is inside (0, 1)."""
    if not 0.0 < tau < 1.0:
        raise ConfigError(
            f"tau is {tau}; a reliability strictly between 0 and 1 is accepted.", hint="0.75 and 0.95 are usual."
        )
    return float(tau)
