"""Measures how well scores rank, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from guardbind.information.intervals import Interval

__all__ = ["auroc", "auroc_interval"]


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Return the chance that a positive scores above a negative, ties counting half; None where either is missing.

    This is the area under the receiver operating characteristic, by ranks (Mann and Whitney). Infinite scores are
    fine; NaN is not.

    Args:
        positive: Scores of what should score high.
        negative: Scores of what should score low.
    """
    if not positive or not negative:
        return None
    m, n = len(positive), len(negative)
    # Not sklearn's roc_auc_score: it refuses infinite scores, which budgets have, and sums trapezoids, which rounds.
    ranks = rankdata([*positive, *negative])
    return float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))


def auroc_interval(
    positive: Sequence[float],
    negative: Sequence[float],
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval | None:
    """Return the percentile bootstrap interval of `auroc`; None where either side is missing.

    Positives and negatives are drawn anew apart from each other. A perfect ranking gives [1, 1]: no resample can be
    worse, which says nothing about how many trials stand behind it.

    Args:
        positive: As for `auroc`.
        negative: As for `auroc`.
        confidence: Two-sided coverage, in (0, 1).
        resamples: How often both are drawn anew.
        seed: Of the draws.
    """
    if not positive or not negative:
        return None
    tail = (1 - confidence) / 2
    draw = np.random.default_rng(seed)
    # Not scipy.stats.bootstrap, which draws other resamples: published intervals would move in their third digit.
    good, bad = np.asarray(positive, dtype=float)[:, None], np.asarray(negative, dtype=float)
    above = (good > bad) + 0.5 * (good == bad)
    # How often a resample holds each score; the area is then a weighted mean of the pairs.
    goods = draw.multinomial(len(good), np.full(len(good), 1 / len(good)), size=resamples)
    bads = draw.multinomial(len(bad), np.full(len(bad), 1 / len(bad)), size=resamples)
    areas = ((goods @ above) * bads).sum(axis=1) / (len(good) * len(bad))
    low, high = np.quantile(areas, [tail, 1 - tail])
    return Interval(float(low), float(high))
