"""Entropies in nats, and the one conversion to bits."""

from __future__ import annotations

import math
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from guardbind.information.numeric import FloatArray, as_distribution, as_probabilities, unwrap, x_log_ratio

__all__ = ["binary_entropy", "entropy", "nats_to_bits"]

_NATS_PER_BIT = math.log(2.0)


@overload
def nats_to_bits(nats: float) -> float: ...
@overload
def nats_to_bits(nats: FloatArray) -> FloatArray: ...
def nats_to_bits(nats: float | FloatArray) -> float | FloatArray:
    """Convert nats to bits."""
    return nats / _NATS_PER_BIT


def entropy(probabilities: ArrayLike) -> float:
    """Return the entropy of a distribution in nats.

    Args:
        probabilities: Any shape, summing to 1 over all axes together; a two-way table gives the joint entropy.

    Raises:
        ConfigError: An entry is no probability, or the sum is not 1.
    """
    return max(0.0, -float(x_log_ratio(as_distribution("probabilities", probabilities), 1.0).sum()))


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
    """
    chance = as_probabilities("p", p)
    rest = 1.0 - chance
    with np.errstate(divide="ignore", invalid="ignore"):
        # log1p keeps the digits of 1 − p that a subtraction loses when p is small.
        second = np.where(rest == 0.0, 0.0, rest * np.log1p(-chance))
    return unwrap(-x_log_ratio(chance, 1.0) - second)
