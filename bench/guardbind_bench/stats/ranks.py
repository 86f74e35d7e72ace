"""Estimates how far two readings put the same things in the same order, with a 95 % interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from guardbind.information.numeric import FloatArray
from guardbind_bench.experiments.table import Estimate

__all__ = ["rank_correlation"]

_RESAMPLES = 2000
_FEWEST = 3


def rank_correlation(one: ArrayLike, other: ArrayLike, seed: int = 0) -> Estimate:
    """Return Spearman's rank correlation of pairs, with the percentile bootstrap interval that draws whole pairs.

    Numbers that are equal to a thousandth have the same rank: what is read in forwards of other sizes differs in its
    last digits.

    Args:
        one: One number of each pair `[n]`.
        other: The other `[n]`.
        seed: Of the resamples.

    Returns:
        No value where there are fewer than three pairs, or all numbers of a side are equal.

    Example:
        >>> seen = rank_correlation([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0])
        >>> round(seen.value, 2), seen.n
        (0.8, 4)
    """
    first, second = (np.round(np.asarray(numbers, dtype=float), 3) for numbers in (one, other))
    n = len(first)
    value = _spearman(first, second)
    if value is None:
        return Estimate(value=None, n=n)
    draw = np.random.default_rng(seed)
    drawn = (_spearman(first[at], second[at]) for at in (draw.integers(0, n, n) for _ in range(_RESAMPLES)))
    defined = [found for found in drawn if found is not None]  # a resample of equal numbers has no order
    low, high = np.quantile(defined, [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high), n=n, method="bootstrap")


def _spearman(one: FloatArray, other: FloatArray) -> float | None:
    if len(one) < _FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(stats.rankdata(one), stats.rankdata(other))[0, 1])
