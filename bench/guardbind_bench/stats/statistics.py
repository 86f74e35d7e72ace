"""Estimates shares, means, paired differences and ratios of means, with 95 % intervals."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from guardbind.information.intervals import clopper_pearson, wilson
from guardbind.information.numeric import FloatArray
from guardbind_bench.experiments.table import Estimate

__all__ = [
    "count",
    "difference",
    "exact_share",
    "mcnemar",
    "mean",
    "quantity",
    "ratio_of_means",
    "share",
    "share_removed",
]

_RESAMPLES = 2000
_AT_ONCE = 100  # so that many trials need no table of resamples x trials


def share(flags: Sequence[bool] | NDArray[np.bool_]) -> Estimate:
    """Return the share of true flags with Wilson's interval; no value without flags.

    Example:
        >>> seen = share([True] * 65 + [False] * 35)
        >>> seen.value, round(seen.low, 4), round(seen.high, 4)
        (0.65, 0.5525, 0.7364)
    """
    n, hits = len(flags), int(np.sum(flags))
    if n == 0:
        return Estimate(value=None, n=0)
    interval = wilson(hits, n)
    return Estimate(value=hits / n, low=interval.low, high=interval.high, n=n, method="wilson")


def exact_share(flags: Sequence[bool] | NDArray[np.bool_]) -> Estimate:
    """Return the share of true flags with Clopper and Pearson's interval, for shares that are near 0.

    Example:
        >>> seen = exact_share([False] * 400)
        >>> seen.value, seen.low, round(seen.high, 4)
        (0.0, 0.0, 0.0092)
    """
    n, hits = len(flags), int(np.sum(flags))
    if n == 0:
        return Estimate(value=None, n=0)
    interval = clopper_pearson(hits, n)
    return Estimate(value=hits / n, low=interval.low, high=interval.high, n=n, method="clopper-pearson")


def count(number: int, n: int) -> Estimate:
    """Return a count out of `n`, without an interval."""
    return Estimate(value=number, n=n)


def quantity(value: float | None, n: int) -> Estimate:
    """Return a number without an interval; one that is not finite is not defined."""
    return Estimate(value=value if value is not None and math.isfinite(value) else None, n=n)


def mean(values: ArrayLike) -> Estimate:
    """Return the mean with its percentile bootstrap interval over trials; NaN values are left out and not counted.

    Example:
        >>> seen = mean([0.1, 0.4, 0.35, 2.0])
        >>> seen.value, round(seen.low, 4), round(seen.high, 4)
        (0.7125, 0.175, 1.5875)
    """
    array = np.asarray(values, dtype=float)
    return _bootstrap([array[~np.isnan(array)]], _mean)


def difference(after: ArrayLike, before: ArrayLike) -> Estimate:
    """Return the mean of paired differences, `after - before`, with its bootstrap interval over pairs.

    Example:
        >>> round(difference([1.0, 1.0, 0.0], [0.0, 1.0, 0.0]).value, 4)
        0.3333
    """
    return mean(np.asarray(after, dtype=float) - np.asarray(before, dtype=float))


def ratio_of_means(numerator: ArrayLike, denominator: ArrayLike) -> Estimate:
    """Return mean(numerator) / mean(denominator) over pairs, with the bootstrap interval that draws whole pairs.

    A pair with a NaN is left out and not counted.

    Example:
        >>> ratio_of_means([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]).value
        0.5
    """
    above, below = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    whole = ~(np.isnan(above) | np.isnan(below))
    return _bootstrap([above[whole], below[whole]], _ratio)


def share_removed(after: ArrayLike, before: ArrayLike) -> Estimate:
    """Return 1 - mean(after) / mean(before) over pairs: the share of a rate that is gone; negative where it rose.

    Example:
        >>> share_removed([True] * 10 + [False] * 90, [True] * 40 + [False] * 60).value
        0.75
    """
    left = ratio_of_means(after, before)

    def gone(share_left: float | None) -> float | None:
        # Few errors make resamples without any, whose ratio is infinite: that end is open.
        return None if share_left is None or not math.isfinite(share_left) else 1 - share_left

    return Estimate(value=gone(left.value), low=gone(left.high), high=gone(left.low), n=left.n, method=left.method)


def mcnemar(right_to_wrong: int, wrong_to_right: int) -> float:
    """Return the exact two-sided p of McNemar's test: were the discordant pairs drawn with a fair coin?

    Example:
        >>> round(mcnemar(2, 10), 4)
        0.0386
    """
    discordant = right_to_wrong + wrong_to_right
    return 1.0 if discordant == 0 else float(stats.binomtest(wrong_to_right, discordant).pvalue)


def _mean(values: FloatArray, axis: int) -> FloatArray:
    return np.asarray(values.mean(axis=axis))


def _ratio(above: FloatArray, below: FloatArray, axis: int) -> FloatArray:
    return np.asarray(above.mean(axis=axis) / below.mean(axis=axis))


def _bootstrap(columns: list[FloatArray], statistic: Callable[..., FloatArray], seed: int = 0) -> Estimate:
    n = len(columns[0])
    if n == 0:
        return Estimate(value=None, n=0)
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        value = float(statistic(*columns, axis=-1))
        if n == 1 or not math.isfinite(value):
            return quantity(value, n)
        # A resample may be 0 / 0; it is left out here, and the interval that scipy computes with it is not used.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        drawn = stats.bootstrap(
            columns,
            statistic,
            paired=True,
            vectorized=True,
            n_resamples=_RESAMPLES,
            batch=_AT_ONCE,
            method="percentile",
            rng=np.random.default_rng(seed),
        )
        low, high = np.nanquantile(drawn.bootstrap_distribution, [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high), n=n, method="bootstrap")
