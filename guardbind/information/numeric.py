"""Checks what the formulas of this package are given, and finds the two floats between which a condition ends."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guardbind.errors import ConfigError

__all__ = [
    "ROUNDING",
    "FloatArray",
    "as_counts",
    "as_distribution",
    "as_probabilities",
    "as_table",
    "check_alternatives",
    "check_finite",
    "check_probability",
    "crossing",
    "unwrap",
]

FloatArray = NDArray[np.float64]

# A sum of float32 probabilities misses 1 by about this much; anything further off is a mistake, not rounding.
ROUNDING = 1e-5


def as_probabilities(name: str, value: ArrayLike) -> FloatArray:
    """Return `value` as float64 probabilities; an excess over [0, 1] within `ROUNDING` is cut off.

    Raises:
        ConfigError: NaN, or outside [0, 1] by more than rounding.
    """
    array = np.asarray(value, dtype=np.float64)
    wrong = ~((array >= -ROUNDING) & (array <= 1.0 + ROUNDING))
    if wrong.any():
        raise ConfigError(
            f"{name} holds {array[wrong].flat[0]}; probabilities between 0 and 1 are accepted.",
            hint="Pass probabilities, not logits or percentages, and check the readout for NaN.",
        )
    return np.clip(array, 0.0, 1.0)


def check_probability(name: str, value: float) -> float:
    """Return `value` as one float probability; see `as_probabilities`."""
    array = as_probabilities(name, value)
    if array.ndim:
        raise ConfigError(f"{name} has shape {array.shape}; one number is accepted.", hint="Call once per value.")
    return float(array)


def check_finite(name: str, value: float, *, least: float = -math.inf) -> float:
    """Return `value` as a finite float of at least `least`."""
    number = float(value)
    if not math.isfinite(number) or number < least:
        accepted = "a finite number" if least == -math.inf else f"a finite number of at least {least:g}"
        raise ConfigError(f"{name} is {number}; {accepted} is accepted.", hint="Check how it was estimated.")
    return number


def check_alternatives(m: int) -> int:
    """Return the size of a candidate set, at least 2."""
    if m < 2:
        raise ConfigError(
            f"m is {m}; a candidate set of at least 2 values is accepted.",
            hint="With one candidate there is nothing to choose; add the competing values.",
        )
    return m


def as_distribution(name: str, value: ArrayLike) -> FloatArray:
    """Return `value` as float64 probabilities that sum to 1 over all axes together."""
    array = as_probabilities(name, value)
    total = float(array.sum())
    if abs(total - 1.0) > ROUNDING:
        raise ConfigError(
            f"{name} sums to {total:.6g}; a distribution that sums to 1 is accepted.",
            hint="Renormalise it in float32 or better.",
        )
    return array / total


def as_table(name: str, value: ArrayLike) -> FloatArray:
    """Return a two-way table of counts or weights, float64 `[rows, columns]`, not normalised."""
    table = np.asarray(value, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all() or (table < 0).any() or not table.sum() > 0:
        raise ConfigError(
            f"{name} has shape {table.shape}, least entry {table.min(initial=0.0):g} and sum {table.sum():g};"
            " a two-way table of finite non-negative entries, not all zero, is accepted.",
            hint="Rows are true values, columns are outputs; see confusion_counts.",
        )
    return table


def as_counts(name: str, value: ArrayLike) -> NDArray[np.int64]:
    """Return a two-way table of whole counts, int64 `[rows, columns]`."""
    table = as_table(name, value)
    if (table != np.floor(table)).any():
        raise ConfigError(
            f"{name} holds fractions; whole counts of trials are accepted, the number of trials matters here.",
            hint="Pass the confusion matrix before it is normalised.",
        )
    return table.astype(np.int64)


def crossing(holds: Callable[[float], bool], low: float, high: float) -> tuple[float, float]:
    """Return the last float at which a condition holds and the first at which it fails; the two are neighbours.

    Args:
        holds: The condition; once false it stays so up to `high`.
        low: Where it holds.
        high: Where it fails.

    Example:
        >>> crossing(lambda x: x * x <= 2.0, 1.0, 2.0)
        (1.414213562373095, 1.4142135623730951)
    """
    # Not scipy.optimize.brentq: its root falls on either side, and a bound has to stand on the safe one.
    while low < (middle := (low + high) / 2.0) < high:
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low, high


def unwrap(array: FloatArray) -> float | FloatArray:
    """Return a float for a zero-dimensional array, else the array."""
    return array if array.ndim else float(array)
