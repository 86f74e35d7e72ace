"""Estimates with 95 % intervals: shares, means, paired differences, ratios of means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from guardbind.information.intervals import wilson
from guardbind_bench.experiments.table import Estimate

__all__ = ["count", "difference", "mcnemar", "mean", "quantity", "ratio_of_means", "share", "share_removed"]

_RESAMPLES = 2000
Floats = NDArray[np.float64]


def share(flags: Sequence[bool] | NDArray[np.bool_]) -> Estimate:
    """Return the share of true flags with Wilson's interval; no value without flags."""
    n, hits = len(flags), int(np.sum(flags))
    if n == 0:
        return Estimate(value=None, n=0)
    interval = wilson(hits, n)
    return Estimate(value=hits / n, low=interval.low, high=interval.high, n=n, method="wilson")


def count(number: int, n: int) -> Estimate:
    """Return a count out of `n`, without an interval."""
    return Estimate(value=number, n=n)


def quantity(value: float | None, n: int) -> Estimate:
    """Return a number without an interval; one that is not finite is not defined."""
    return Estimate(value=value if value is not None and math.isfinite(value) else None, n=n)


def mean(values: ArrayLike) -> Estimate:
    """Return the mean with its percentile bootstrap interval over trials; NaN values are left out and not counted."""
    array = np.asarray(values, dtype=float)
    return _bootstrap([array[~np.isnan(array)]], lambda drawn: drawn[0].mean(axis=-1))


def difference(after: ArrayLike, before: ArrayLike) -> Estimate:
    """Return the mean of paired differences, `after - before`, with its bootstrap interval over pairs."""
    return mean(np.asarray(after, dtype=float) - np.asarray(before, dtype=float))


def ratio_of_means(numerator: ArrayLike, denominator: ArrayLike) -> Estimate:
    """Return mean(numerator) / mean(denominator) over pairs, with the bootstrap interval that draws whole pairs.

    A pair with a NaN is left out and not counted.
    """
    above, below = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    whole = ~(np.isnan(above) | np.isnan(below))
    return _bootstrap([above[whole], below[whole]], lambda drawn: drawn[0].mean(axis=-1) / drawn[1].mean(axis=-1))


def share_removed(after: ArrayLike, before: ArrayLike) -> Estimate:
    """Return 1 - mean(after) / mean(before) over pairs: the share of a rate that is gone; negative where it rose."""
    left = ratio_of_means(after, before)

    def gone(share_left: float | None) -> float | None:
        # Few errors make resamples without any, whose ratio is infinite: that end is open.
        return None if share_left is None or not math.isfinite(share_left) else 1 - share_left

    return Estimate(value=gone(left.value), low=gone(left.high), high=gone(left.low), n=left.n, method=left.method)


def mcnemar(right_to_wrong: int, wrong_to_right: int) -> float:
    """Return the exact two-sided p of McNemar's test: were the discordant pairs drawn with a fair coin?"""
    discordant = right_to_wrong + wrong_to_right
    return 1.0 if discordant == 0 else float(stats.binomtest(wrong_to_right, discordant).pvalue)


def _bootstrap(columns: list[Floats], statistic: Callable[[list[Floats]], Floats], seed: int = 0) -> Estimate:
    n = len(columns[0])
    if n == 0:
        return Estimate(value=None, n=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(statistic(columns))
        if n == 1 or not math.isfinite(value):
            return quantity(value, n)
        draw = np.random.default_rng(seed)
        # In portions, so that many trials need no table of resamples x trials.
        portions = []
        for _ in range(_RESAMPLES // 100):
            chosen = draw.integers(n, size=(100, n))
            portions.append(statistic([column[chosen] for column in columns]))
        low, high = np.nanquantile(np.concatenate(portions), [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high), n=n, method="bootstrap")
