"""Fits how accuracy falls with distance: a logistic curve in the logarithm of the distance, by maximum likelihood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.optimize import brentq, minimize_scalar
from scipy.special import xlog1py, xlogy

from guardbind.information.numeric import FloatArray
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.stats.statistics import quantity

__all__ = ["Decay", "fit_decay"]

# Half of the 95 % quantile of chi-squared with one degree of freedom: how far a profile may fall.
_DROP = float(stats.chi2.ppf(0.95, 1)) / 2
_STEEPEST = 50.0
"""A steeper curve is a step: it falls from 99 % to 1 % while the distance grows by a fifth."""
_FARTHEST = 1000.0
"""How many times beyond the measured distances the half-distance is looked for."""


@dataclass(frozen=True, slots=True)
class Decay:
    """acc(d) = 1 / (1 + (d / half)^slope).

    Attributes:
        half: Distance in tokens at which half of the answers are right. An end is None where the data do not bound it;
            there is no value where they do not tell it apart within the interval, or at all.
        slope: How steeply; 0 is no change with distance, negative a rise. No value where all or no answers are
            right, and where the data are a step.
        p_fit: Chance of a deviance at least so large if the curve is true (chi-squared; small means another shape).
            None with fewer than three distances.
        note: What the data do not say; empty when they identify the curve.
    """

    half: Estimate
    slope: Estimate
    p_fit: float | None
    note: str = ""


def fit_decay(distance: ArrayLike, right: ArrayLike) -> Decay:
    """Fit the curve to trials.

    In the logit of the accuracy it is a straight line over log d, so that the likelihood has one maximum. It starts at
    1 and ends at 0; where the data level off elsewhere `p_fit` is small. The 95 % intervals are by profile likelihood,
    which may be unbounded on one side.

    Args:
        distance: Tokens between value and answer, above 0 `[trials]`.
        right: Whether the answer is right `[trials]`.
    """
    d, y = np.asarray(distance, dtype=float), np.asarray(right, dtype=bool)
    n = len(y)
    places, which = np.unique(d, return_inverse=True)
    trials = np.bincount(which, minlength=len(places)).astype(float)
    hits = np.bincount(which, weights=y, minlength=len(places)).astype(float)
    why = _unidentified(places, trials, hits)
    if why:
        return Decay(quantity(None, n), quantity(None, n), None, why)
    x = np.log(places)

    def loss(level: float, slope: float, at: float) -> float:
        """Return the negative log-likelihood of a line that has the logit `level` at log-distance `at`."""
        logit = level - slope * (x - at)
        return float((trials * np.logaddexp(0.0, logit) - hits * logit).sum())

    middle = float(np.average(x, weights=trials))
    level_bound = 60 + _STEEPEST * float(np.ptp(x))

    def slope_loss(slope: float) -> float:
        return _minimum(lambda level: loss(level, slope, middle), level_bound)[1]

    def half_loss(log_half: float) -> float:
        return _minimum(lambda slope: loss(0.0, slope, log_half), _STEEPEST)[1]

    slope, best = _minimum(slope_loss, _STEEPEST)
    low, high = _profile(slope_loss, slope, best, -_STEEPEST, _STEEPEST)
    step = abs(slope) > 0.99 * _STEEPEST
    steepness = Estimate(value=None if step else slope, low=low, high=high, n=n, method="profile likelihood")
    p_fit = _p_fit(best, trials, hits) if len(places) > 2 else None
    if not step and (low is None or high is None or low <= 0 <= high):
        why = "no change with distance is established: the slope may be 0."
        return Decay(quantity(None, n), steepness, p_fit, why)
    level = _minimum(lambda level: loss(level, slope, middle), level_bound)[0]
    log_half = middle + level / slope
    reach = float(np.log(_FARTHEST))
    ends = _profile(half_loss, log_half, best, min(x[0], log_half) - reach, max(x[-1], log_half) + reach)
    half = Estimate(
        value=float(np.exp(log_half)),
        low=None if ends[0] is None else float(np.exp(ends[0])),
        high=None if ends[1] is None else float(np.exp(ends[1])),
        n=n,
        method="profile likelihood",
    )
    notes = []
    if step:
        # Anywhere between two distances does as well.
        half = half.model_copy(update={"value": None})
        notes.append("a step: how steep it is, and where within the interval of the half-distance, cannot be told.")
    elif not places[0] <= np.exp(log_half) <= places[-1]:
        notes.append("the half-distance lies outside the measured distances: an extrapolation.")
    if p_fit is not None and p_fit < 0.05:
        notes.append(f"the accuracies do not follow this curve (p = {p_fit:.2g}).")
    return Decay(half, steepness, p_fit, " ".join(notes))


def _unidentified(places: FloatArray, trials: FloatArray, hits: FloatArray) -> str:
    if len(places) < 2:
        return "a curve needs at least two distances."
    if hits.sum() in (0, trials.sum()):
        return f"{'all' if hits.sum() else 'no'} answers are right: there is no decay to fit."
    return ""


def _p_fit(best: float, trials: FloatArray, hits: FloatArray) -> float:
    share = hits / trials
    terms = xlogy(hits, share) + xlog1py(trials - hits, -share)
    return float(stats.chi2.sf(max(0.0, 2 * (best + terms.sum())), len(trials) - 2))


def _minimum(function: Callable[[float], float], bound: float) -> tuple[float, float]:
    found = minimize_scalar(function, bounds=(-bound, bound), method="bounded", options={"xatol": 1e-9})
    return float(found.x), float(found.fun)


def _profile(
    function: Callable[[float], float], at: float, best: float, lowest: float, highest: float
) -> tuple[float | None, float | None]:
    """Return where a profile has risen by `_DROP` on either side of its minimum, None where it does not in reach."""

    def excess(place: float) -> float:
        return function(place) - best - _DROP

    ends = []
    for end in (lowest, highest):
        ends.append(float(brentq(excess, at, end, xtol=1e-6)) if excess(end) > 0 > excess(at) else None)
    return ends[0], ends[1]
