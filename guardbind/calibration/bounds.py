"""Bounds risks from labelled trials, with statements that hold for finitely many of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from guardbind.errors import ConfigError
from guardbind.information.divergence import bernoulli_kl

__all__ = [
    "binomial_p_value",
    "conformal_threshold",
    "exact_interval",
    "fixed_sequence",
    "hoeffding_bentkus_p_value",
    "holm",
    "trials_needed",
    "upper_bound",
]


def upper_bound(wrong: int, n: int, delta: float) -> float:
    """Return the one-sided upper limit of Clopper and Pearson (1934): the true share is above it with chance ≤ `delta`.

    Args:
        wrong: Trials that were wrong.
        n: All trials; without any, nothing is known and the bound is 1.
        delta: Chance of being mistaken, in (0, 1).

    Raises:
        ConfigError: The counts are impossible, or `delta` is outside (0, 1).

    Example:
        >>> round(upper_bound(0, 299, 0.05), 4)
        0.01
    """
    _check(wrong, n, delta)
    if wrong == n:
        return 1.0
    from scipy.special import betaincinv  # here and not above: a guard never asks for a bound

    return float(betaincinv(wrong + 1, n - wrong, 1.0 - delta))


def exact_interval(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the two-sided interval of a share by Clopper and Pearson (1934); 0 to 1 without any trial.

    Args:
        count: Trials that count.
        n: All trials.
        confidence: How often the interval holds the true share, at least; in (0, 1).

    Raises:
        ConfigError: The counts are impossible, or `confidence` is outside (0, 1).

    Example:
        >>> [round(end, 3) for end in exact_interval(90, 92)]
        [0.924, 0.997]
    """
    delta = (1.0 - confidence) / 2
    low = 1.0 - upper_bound(n - count, n, delta) if n else 0.0
    return low, upper_bound(count, n, delta)


def binomial_p_value(wrong: int, n: int, risk: float) -> float:
    """Return the chance of at most `wrong` of `n` if the true share were `risk`: a p-value against a higher one.

    Args:
        wrong: Trials that were wrong.
        n: All trials.
        risk: The share that is to be ruled out, in (0, 1).

    Raises:
        ConfigError: The counts are impossible, or `risk` is outside (0, 1).

    Example:
        >>> round(binomial_p_value(0, 299, 0.01), 4)
        0.0495
    """
    _check(wrong, n, risk)
    if n == 0:
        return 1.0
    from scipy.special import bdtr

    return float(bdtr(wrong, n, risk))


def hoeffding_bentkus_p_value(mean: float, n: int, risk: float) -> float:
    """Return a p-value against "the mean loss is above `risk`", for losses in [0, 1] that are no mere 0 and 1.

    The smaller of Hoeffding's (1963) and Bentkus' (2004), as Bates and others combine them (arXiv 2101.02703).

    Args:
        mean: Mean loss of the trials.
        n: Trials.
        risk: The mean that is to be ruled out, in (0, 1).

    Raises:
        ConfigError: The mean is outside [0, 1], or `risk` outside (0, 1).

    Example:
        >>> round(hoeffding_bentkus_p_value(0.01, 1000, 0.03), 6)
        4.9e-05
    """
    if not 0.0 <= mean <= 1.0:
        raise ConfigError(f"the mean loss is {mean}; a number in [0, 1] is accepted.")
    _check(0, n, risk)
    if n == 0 or mean >= risk:
        return 1.0
    from scipy.special import bdtr

    hoeffding = math.exp(-n * bernoulli_kl(mean, risk))
    bentkus = math.e * float(bdtr(math.ceil(n * mean), n, risk))
    return min(1.0, hoeffding, bentkus)


def fixed_sequence(p_values: Sequence[float], delta: float) -> int:
    """Return how many hypotheses are rejected, testing in the given order until the first that is not.

    The chance of one false rejection or more is at most `delta`, if the order was fixed without the data that the
    p-values come from (Maurer and others 1995; Learn then Test, arXiv 2110.01052).

    Example:
        >>> fixed_sequence([0.001, 0.02, 0.2, 0.001], 0.05)
        2
    """
    for place, p_value in enumerate(p_values):
        if not p_value <= delta:
            return place
    return len(p_values)


def holm(p_values: Sequence[float], delta: float) -> list[bool]:
    """Return which hypotheses are rejected by Holm's (1979) procedure, whatever depends on what.

    Example:
        >>> holm([0.04, 0.01, 0.03], 0.05)
        [False, True, False]
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    rejected = [False] * len(p_values)
    for step, place in enumerate(order):
        if not p_values[place] <= delta / (len(p_values) - step):
            break
        rejected[place] = True
    return rejected


def conformal_threshold(scores: Sequence[float], alpha: float) -> float | None:
    """Return the threshold of split conformal prediction: a new exchangeable score is above it with chance ≤ `alpha`.

    With n scores it is the ⌈(n + 1)(1 − alpha)⌉-th smallest (Vovk and others 2005; Papadopoulos and others 2002). The
    chance is over the draw of the scores and the new one together: for one set of scores the share that lies above may
    be larger, by about √(alpha (1 − alpha) / n).

    Args:
        scores: Scores of trials that must not be flagged; higher is more suspicious.
        alpha: Share of false alarms, in (0, 1).

    Returns:
        The threshold; None where there are too few scores: fewer than 1 / alpha − 1.

    Raises:
        ConfigError: A score is NaN, or `alpha` is outside (0, 1).

    Example:
        >>> conformal_threshold(range(1, 20), 0.05), conformal_threshold(range(1, 19), 0.05)
        (19, None)
    """
    if any(math.isnan(score) for score in scores):
        raise ConfigError("a score is NaN; numbers are accepted.", hint="Leave trials out that have none.")
    _check(0, len(scores), alpha)
    # Rounded first: (n + 1)(1 - alpha) may lie a last bit above a whole number.
    place = math.ceil(round((len(scores) + 1) * (1.0 - alpha), 9))
    return sorted(scores)[place - 1] if place <= len(scores) else None


def trials_needed(risk: float, delta: float, wrong: int = 0) -> int:
    """Return the least number of trials at which `wrong` of them still rule a share above `risk` out.

    Example:
        >>> trials_needed(0.01, 0.05), trials_needed(0.01, 0.05, wrong=1)
        (299, 473)
    """
    _check(wrong, wrong, risk)
    low, high = wrong + 1, wrong + 2
    while binomial_p_value(wrong, high, risk) > delta:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        if binomial_p_value(wrong, middle, risk) <= delta:
            high = middle
        else:
            low = middle + 1
    return low


def _check(wrong: int, n: int, share: float) -> None:
    if not 0 <= wrong <= n:
        raise ConfigError(f"{wrong} of {n} trials; 0 ≤ wrong ≤ n is accepted.", hint="Count both over the same trials.")
    if not 0.0 < share < 1.0:
        raise ConfigError(f"{share} is no share; a number strictly between 0 and 1 is accepted.")
