"""Sums up what the nulls leave of the right answer, how far they agree, and the published test under their family."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from guardbind.config import GuardConfig
from guardbind.information import bernoulli_kl, clopper_pearson, divergence_interval, nats_to_bits, trust_interval
from guardbind.information.intervals import Interval
from guardbind.policies.slot import budget_of
from guardbind_bench.arrays import Flags, Floats
from guardbind_bench.experiments.pseudo_prior.null_arrays import NullArrays
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.stats.statistics import difference, mean, ratio_of_means, share

__all__ = ["FAMILY", "agreement", "family", "passes_signed", "pseudo_prior", "published_margin"]

FAMILY = ("redact", "delete", "same_length", "no_evidence")
"""The nulls of the published family."""

_GUARD = GuardConfig()
_RESAMPLES = 1000
# What a softmax in float32 tells from 0 or 1; the guard's own budgets have the same floor.
_FLOOR = 1e-6


def passes_signed(logprob: float, prior: float, tau: float) -> bool:
    """Whether the guard's budget suffices, from log p1 and log p0 (nats)."""
    return budget_of(logprob, prior, tau).sufficient


def published_margin(logprob: float, prior: float, tau: float) -> float:
    """Return what the published unsigned test leaves over, KL(p1 || p0) - KL(tau || p0) in nats; it passes from 0 on.

    Args:
        logprob: Log p1, nats.
        prior: Log p0, nats.
        tau: Reliability asked for.
    """
    p1, p0 = (float(np.clip(np.exp(value), _FLOOR, 1 - _FLOOR)) for value in (logprob, prior))
    return bernoulli_kl(p1, p0) - bernoulli_kl(tau, p0)


def pseudo_prior(readings: NullArrays, null: str) -> dict[str, Estimate]:
    """Return the row of a null; only trials that it was read on count."""
    place = readings.nulls.index(null)
    read = ~np.isnan(readings.null_right[:, place])
    n = int(read.sum())
    if n == 0:
        return {}
    right, left = int(readings.right[read].sum()), int(readings.null_right[read, place].sum())
    full, prior = clopper_pearson(right, n), clopper_pearson(left, n)
    used, needed = divergence_interval(full, prior), trust_interval(_GUARD.tau, prior)
    return {
        "accuracy": share(readings.right[read]),
        "p_tilde": Estimate(value=left / n, low=prior.low, high=prior.high, n=n, method="clopper-pearson"),
        "mean_p1": mean(np.exp(readings.target[read])),
        "mean_p0": mean(np.exp(readings.target_priors[read, place])),
        "mean_posterior": mean(readings.posteriors[read, place]),
        "divergence_nats": _at_least(used, n),
        "divergence_bits": _at_least(_in_bits(used), n),
        "trust_nats": _at_least(needed, n),
        "trust_bits": _at_least(_in_bits(needed), n),
    }


def _in_bits(nats: Interval) -> Interval:
    return Interval(nats_to_bits(nats.low), nats_to_bits(nats.high))


def _at_least(interval: Interval, n: int) -> Estimate:
    """The conservative end is the number: at a rate of 0 out of n a point estimate would be infinite."""
    high = interval.high if np.isfinite(interval.high) else None
    return Estimate(value=interval.low, low=interval.low, high=high, n=n, method="clopper-pearson")


def agreement(readings: NullArrays, null: str, reference: str) -> dict[str, Estimate]:
    """Return how far a null agrees with a reference on the emitted token, and what it costs beside it."""
    columns = [readings.nulls.index(name) for name in (null, reference)]
    read = ~np.isnan(readings.token_priors[:, columns]).any(axis=1)
    if not read.any():
        return {}
    bits, expected = (readings.bits_under(name)[read] for name in (null, reference))
    passed, expected_to = (
        np.array([passes_signed(p1, p0, _GUARD.tau) for p1, p0 in zip(readings.token[read], priors, strict=True)])
        for priors in readings.token_priors[read][:, columns].T
    )
    least = _GUARD.min_evidence_bits
    here, there = columns
    return {
        "rank_correlation": _rank_correlation(bits, expected),
        "bits_difference": difference(bits, expected),
        "sufficient_agreement": share(passed == expected_to),
        "rests_agreement": share((bits >= least) == (expected >= least)),
        "forwards": mean(readings.forwards[read, here]),
        "tokens_ratio": ratio_of_means(readings.tokens_read[read, here], readings.tokens_read[read, there]),
        "seconds_ratio": ratio_of_means(readings.seconds[read, here], readings.seconds[read, there]),
    }


def _rank_correlation(first: Floats, second: Floats) -> Estimate:
    """Spearman's correlation with its percentile bootstrap interval over trials."""
    n = len(first)
    value = float(_spearman(first[None], second[None])[0])
    if not np.isfinite(value):
        return Estimate(value=None, n=n)
    chosen = np.random.default_rng(0).integers(n, size=(_RESAMPLES, n))
    low, high = np.nanquantile(_spearman(first[chosen], second[chosen]), [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high), n=n, method="bootstrap")


def _spearman(first: Floats, second: Floats) -> Floats:
    """Spearman's correlation of each row `[samples, trials]`; NaN where one is constant."""
    a, b = (rankdata(values, axis=1) for values in (first, second))
    a, b = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (a, b))
    with np.errstate(invalid="ignore"):
        correlation: Floats = (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return correlation


def family(readings: NullArrays, tau: float) -> dict[str, Estimate]:
    """Return the row of the published family at one reliability; empty where a null of it was not read.

    Probabilities are those of the target among the candidates.
    """
    if not set(FAMILY) <= set(readings.nulls):
        return {}
    priors = readings.posteriors[:, [readings.nulls.index(name) for name in FAMILY]]
    read = ~np.isnan(priors).any(axis=1)
    full, priors = readings.posterior[read], priors[read]
    if not len(full):
        return {}
    with np.errstate(divide="ignore"):
        pairs = list(zip(np.log(full), np.log(priors), strict=True))
    published = np.array([all(published_margin(p1, p0, tau) >= 0 for p0 in row) for p1, row in pairs])
    signed = np.array([all(passes_signed(p1, p0, tau) for p0 in row) for p1, row in pairs])
    return {
        "pass_pct": _percent(published),
        "mean_p1": mean(full),
        "mean_p0_min": mean(priors.min(axis=1)),
        "mean_p0_max": mean(priors.max(axis=1)),
        "pass_pct_signed": _percent(signed),
        "pass_pct_trivial": _percent(full >= tau),
    }


def _percent(flags: Flags) -> Estimate:
    found = share(flags)
    scaled = {name: 100 * number for name in ("value", "low", "high") if (number := getattr(found, name)) is not None}
    return found.model_copy(update=scaled)
