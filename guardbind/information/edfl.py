"""Decides whether to answer by EDFL, expectation-level decompression over orders of the evidence (arXiv 2509.11208).

The evidence chunks are shown in several orders k; S_k is the model's distribution under order k, q_k = S_k(A) the
probability it gives an event A, and P the reference distribution. Bits-to-trust is the same law with the orders
replaced by a null, do(E=∅).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from guardbind.errors import ConfigError
from guardbind.information.divergence import bernoulli_kl, nats_to_trust
from guardbind.information.numeric import as_probabilities, check_finite, check_probability, crossing

__all__ = ["EdflDecision", "b2t", "edfl_decision", "information_budget", "isr", "p_max", "roh"]


def information_budget(log_p: float, log_orders: ArrayLike, clip: float = 6.0) -> float:
    """Return Δ̄ = mean over k of clip(ln P(y) − ln S_k(y), −B, B) in nats, the estimate of E_k KL(P‖S_k) (Theorem 5).

    Clipping from above alone can only lower the estimate, so it stays a lower bound; clipping from below at −B raises
    it only where some order favours y more than P does by over B nats. The released implementation clips from below at
    0 instead: it discards every order that speaks against the answer, and what it returns is no lower bound.

    Args:
        log_p: ln P(y) of the realised answer, nats, finite.
        log_orders: ln S_k(y) per order, nats `[orders]`; −inf is accepted and clipped.
        clip: B in nats, above 0; the paper uses 6, the released implementation 12.

    Raises:
        ConfigError: A log-probability is positive or NaN, there is no order, or `clip` is not above 0.

    Example:
        >>> round(information_budget(-0.1, [-2.0, -3.5, -9.0]), 4)
        3.7667
    """
    orders = np.asarray(log_orders, dtype=np.float64)
    accepted = math.isfinite(log_p) and log_p <= 0.0 and orders.ndim == 1 and len(orders) > 0 and (orders <= 0.0).all()
    if not accepted:
        raise ConfigError(
            f"log_p is {log_p} and log_orders is {orders}; natural log-probabilities ≤ 0, one per order, are accepted.",
            hint="Pass log_softmax values, not logits.",
        )
    if not clip > 0.0:
        raise ConfigError(f"clip is {clip}; a bound above 0 nats is accepted.", hint="6 is the paper's choice.")
    return float(np.clip(log_p - orders, -clip, clip).mean())


def b2t(q_low: float, h_star: float = 0.05) -> float:
    """Return bits-to-trust in nats: KL(Ber(1 − h*)‖Ber(q_low)), and 0 from q_low = 1 − h* on.

    Args:
        q_low: The lowest event probability over the orders.
        h_star: Tolerated hallucination rate.

    Raises:
        ConfigError: An argument is outside [0, 1].

    Example:
        >>> round(b2t(0.1), 3)
        1.994
    """
    return nats_to_trust(1.0 - check_probability("h_star", h_star), q_low)


def isr(delta: float, b2t_nats: float) -> float:
    """Return the information sufficiency ratio Δ̄ / B2T; from 1 on the answer may be given.

    Args:
        delta: Δ̄ in nats, finite; an estimate may be negative.
        b2t_nats: B2T in nats, ≥ 0. With nothing required the ratio is infinite, of the sign of `delta` (0 counts as
            positive); with an infinite requirement it is 0.

    Raises:
        ConfigError: `delta` is not finite, or `b2t_nats` is negative or NaN.

    Example:
        >>> round(isr(2.64, 2.48), 2)
        1.06
    """
    budget = check_finite("delta", delta)
    if not b2t_nats >= 0.0:
        raise ConfigError(f"b2t_nats is {b2t_nats}; 0 nats or more are accepted.", hint="Compute it with b2t.")
    if b2t_nats == 0.0:
        return math.inf if budget >= 0.0 else -math.inf
    return budget / b2t_nats


def p_max(delta: float, q_bar: float) -> float:
    """Return the largest p with KL(Ber(p)‖Ber(q_bar)) ≤ `delta`.

    Args:
        delta: Δ̄ in nats, finite; a negative estimate lifts nothing and counts as 0.
        q_bar: The mean event probability over the orders; 0 cannot be lifted by any finite budget.

    Raises:
        ConfigError: `delta` is not finite or `q_bar` is no probability.

    Example:
        >>> round(p_max(1.0, 0.1), 3)
        0.689
    """
    budget, prior = check_finite("delta", delta), check_probability("q_bar", q_bar)
    if bernoulli_kl(1.0, prior) <= budget:
        return 1.0
    return crossing(lambda p: bernoulli_kl(p, prior) <= budget, prior, 1.0)[0]


def roh(delta: float, q_bar: float) -> float:
    """Return the risk of hallucination 1 − `p_max(delta, q_bar)`.

    Example:
        >>> round(roh(1.0, 0.1), 3)
        0.311
    """
    return 1.0 - p_max(delta, q_bar)


@dataclass(frozen=True, slots=True)
class EdflDecision:
    """What EDFL says about one answer; information in nats."""

    delta: float
    """Δ̄, the information budget."""

    q_bar: float
    """Mean event probability over the orders."""

    q_low: float
    """Lowest event probability over the orders."""

    b2t: float
    """Information required at `q_low`."""

    isr: float
    """Δ̄ / B2T."""

    roh: float
    """Risk of hallucination at `q_bar`."""

    answer: bool
    """Whether to answer; else abstain."""


def edfl_decision(delta: float, q: ArrayLike, h_star: float = 0.05, margin: float = 0.0) -> EdflDecision:
    """Decide between answering and abstaining: answer iff ISR ≥ 1 and Δ̄ ≥ B2T + margin.

    Nothing is floored: an order with q = 0 asks for infinitely much and the answer is refused. Where q comes from n
    samples, pass a confidence limit or a smoothed rate.

    Args:
        delta: Δ̄ in nats (`information_budget`).
        q: Event probability per order `[orders]`.
        h_star: Tolerated hallucination rate.
        margin: Extra information required, nats ≥ 0; the released implementation uses 0.2.

    Raises:
        ConfigError: `q` is empty, or an argument is outside its range.

    Example:
        >>> decision = edfl_decision(2.0, [0.1, 0.5])
        >>> decision.answer, round(decision.b2t, 3), round(decision.isr, 3)
        (True, 1.994, 1.003)
    """
    orders = as_probabilities("q", q)
    if orders.ndim != 1 or len(orders) == 0:
        raise ConfigError(f"q has shape {orders.shape}; one probability per order is accepted.", hint="Pass a list.")
    q_bar, q_low = float(orders.mean()), float(orders.min())
    required = b2t(q_low, h_star)
    budget, ratio = float(delta), isr(delta, required)
    answer = ratio >= 1.0 and budget >= required + check_finite("margin", margin, least=0.0)
    return EdflDecision(budget, q_bar, q_low, required, ratio, roh(budget, q_bar), answer)
