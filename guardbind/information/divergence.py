"""Computes divergences between distributions, and bits-to-trust."""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr, xlog1py

from guardbind.errors import ConfigError
from guardbind.information.entropy import nats_to_bits
from guardbind.information.numeric import (
    FloatArray,
    as_distribution,
    as_probabilities,
    check_probability,
    unwrap,
)

__all__ = ["bernoulli_kl", "bits_to_trust", "kl_divergence", "nats_to_trust"]


def kl_divergence(p: ArrayLike, q: ArrayLike) -> float:
    """Return KL(p‖q) = Σ p ln(p/q) in nats between two distributions of one shape.

    Infinite where `p` has mass on an outcome of `q` = 0.

    Raises:
        ConfigError: The shapes differ, or an argument is no distribution.

    Example:
        >>> round(kl_divergence([0.5, 0.5], [0.9, 0.1]), 4)
        0.5108
        >>> kl_divergence([0.5, 0.5], [1.0, 0.0])
        inf
    """
    first, second = as_distribution("p", p), as_distribution("q", q)
    if first.shape != second.shape:
        raise ConfigError(
            f"p has shape {first.shape} and q has shape {second.shape}; one shape is accepted.",
            hint="Give both over the same outcomes.",
        )
    return max(0.0, float(rel_entr(first, second).sum()))


@overload
def bernoulli_kl(a: float, b: float) -> float: ...
@overload
def bernoulli_kl(a: FloatArray, b: FloatArray | float) -> FloatArray: ...
def bernoulli_kl(a: float | FloatArray, b: float | FloatArray) -> float | FloatArray:
    """Return KL(Ber(a)‖Ber(b)) in nats, elementwise (paper section 3).

    Nothing is clipped: the value is exact at 0 and 1, and infinite where b is 0 and a is not, or b is 1 and a is not.
    It is unsigned; `guardbind.information.evidence.signed_divergence` tells evidence for from evidence against.

    Args:
        a: Probabilities.
        b: Probabilities, broadcast against `a`.

    Raises:
        ConfigError: NaN, or outside [0, 1].

    Example:
        >>> round(bernoulli_kl(0.9, 0.05), 4)
        2.3762
        >>> bernoulli_kl(0.5, 0.0)
        inf
    """
    p, q = as_probabilities("a", a), as_probabilities("b", b)
    rest = 1.0 - p
    # Not rel_entr(1 - p, 1 - q): the subtraction would lose the digits of small p and q, which log1p keeps.
    return unwrap(np.maximum(0.0, rel_entr(p, q) + xlog1py(rest, -p) - xlog1py(rest, -q)))


def nats_to_trust(p: float, p0: float) -> float:
    """Return the least information in nats that lifts a success probability from `p0` to at least `p`.

    KL(Ber(p)‖Ber(p0)) below `p`, and 0 from `p` on, where there is nothing left to lift (paper Theorem 2 and
    Corollary 2). Reaching 0.9 from a pseudo-prior of 0.05 takes 2.376 nats; the paper prints 2.25.

    Args:
        p: Success probability to be reached.
        p0: Pseudo-prior; 0 needs infinitely much for any `p` > 0.

    Raises:
        ConfigError: NaN, or outside [0, 1].

    Example:
        >>> round(nats_to_trust(0.9, 0.05), 3)
        2.376
        >>> nats_to_trust(0.9, 0.95)
        0.0
    """
    target, prior = check_probability("p", p), check_probability("p0", p0)
    return 0.0 if prior >= target else bernoulli_kl(target, prior)


def bits_to_trust(p: float, p0: float) -> float:
    """Return `nats_to_trust` in bits.

    Example:
        >>> round(bits_to_trust(0.9, 0.05), 2)
        3.43
    """
    return nats_to_bits(nats_to_trust(p, p0))
