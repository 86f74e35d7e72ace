"""Computes entropies in nats, and converts nats to bits."""

from __future__ import annotations

import math
from typing import overload

from numpy.typing import ArrayLike
from scipy.special import entr, xlog1py

from guardbind.information.numeric import FloatArray, as_distribution, as_probabilities, unwrap

__all__ = ["binary_entropy", "entropy", "nats_to_bits"]

_NATS_PER_BIT = math.log(2.0)


@overload
def nats_to_bits(nats: float) -> float: ...
@overload
def nats_to_bits(nats: FloatArray) -> FloatArray: ...
def nats_to_bits(nats: float | FloatArray) -> float | FloatArray:
    """Convert nats to bits.

    Example:
        >>> nats_to_bits(2.0)
        2.8853900817779268
    """
    return nats / _NATS_PER_BIT


def entropy(probabilities: ArrayLike) -> float:
    """Return the entropy of a distribution in nats.

    Args:
        probabilities: Any shape, summing to 1 over all axes together; a two-way table gives the joint entropy.

    Raises:
        ConfigError: An entry is no probability, or the sum is not 1.

    Example:
        >>> round(entropy([0.5, 0.25, 0.25]), 4)
        1.0397
    """
    return max(0.0, float(entr(as_distribution("probabilities", probabilities)).sum()))


@overload
def binary_entropy(p: float) -> float: ...
@overload
def binary_entropy(p: FloatArray) -> FloatArray: ...
def binary_entropy(p: float | FloatArray) -> float | FloatArray:
    """Return h(p) = −p ln p − (1 − p) ln(1 − p) in nats, elementwise.

    Args:
        p: Probabilities.

    Raises:
        ConfigError: `p` is NaN or outside [0, 1].

    Example:
        >>> round(binary_entropy(0.1), 4)
        0.3251
    """
    chance = as_probabilities("p", p)
    # Not entr(1 - p): log1p keeps the digits of 1 − p that a subtraction loses when p is small.
    return unwrap(entr(chance) - xlog1py(1.0 - chance, -chance))
