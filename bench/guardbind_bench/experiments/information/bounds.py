"""Bounds the information that an output uses and a state holds about the right value, each with its confidence.

V is the right value, H the state at the readout, Y = y(H) the best candidate. Every limit is one-sided at 97.5 %, so
that a lower and an upper one together hold with 95 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from guardbind.information import (
    clopper_pearson,
    confusion_counts,
    entropy,
    fano_information,
    miller_madow,
    mutual_information,
    permutation_null,
)
from guardbind_bench.arrays import Flags, Indices

__all__ = ["Available", "Used", "available", "fano_limit", "grouping", "groups_of", "used"]

_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Used:
    """I(V;Y) in nats.

    Attributes:
        plug_in: Of the counted table, biased up by about (rows - 1)(columns - 1) / 2n.
        miller_madow: The same, less an estimate of the bias; may be negative.
        chance: Mean plug-in information when the outputs are shuffled.
        p: Of no information, by permutation.
        low: Lower limit: Fano on the upper Clopper-Pearson limit of the error.
        high: Upper limit: 97.5 % quantile of H(V) - H(V|Y) over resampled trials; H(V), known by design, is the most.
            Counted on trials H(V|Y) is too small on average (it is concave in the table), so that this errs upwards,
            as an upper limit may; the plug-in does not where the output makes no error.
    """

    plug_in: float
    miller_madow: float
    chance: float
    p: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Available:
    """I(V;H) in nats, by a probe f that was neither fitted nor chosen on these trials.

    Attributes:
        fano: Fano on the probe's error itself: an estimate of a lower bound.
        low: Lower limit: Fano on the upper Clopper-Pearson limit of that error. I(V;H) >= I(V;f(H)) >= low.
        high: H(V), which nothing exceeds.
        n: Trials.
    """

    fano: float
    low: float
    high: float
    n: int


def grouping(values: int, groups: int) -> Indices:
    """Return the group of each value `[values]`: neighbours in the pool, in groups that differ by one at most."""
    places: Indices = np.arange(values) * min(groups, values) // values
    return places


def groups_of(sizes: Indices) -> float:
    """Return H(g(V)) in nats for V uniform over the values, given the group of each value."""
    return entropy(np.bincount(sizes) / len(sizes))


def fano_limit(errors: int, trials: int, values: int, prior: float | None = None) -> float:
    """Return a lower limit on I(V;Y), 97.5 %, from held-out errors (paper Theorem 1).

    Args:
        errors: Trials with Y != V.
        trials: All trials of the population.
        values: How many values V can take, at least 2.
        prior: H(V) in nats; ln `values`, that of a uniform V, by default.
    """
    error = clopper_pearson(errors, trials).high
    return _fano(error, values, prior)


def _fano(error: float, values: int, prior: float | None) -> float:
    # Past chance, more errors say less about the bound, not more.
    if error >= 1 - 1 / values:
        return 0.0
    deficit = 0.0 if prior is None else math.log(values) - prior
    return max(0.0, fano_information(error, values) - deficit)


def used(
    truth: Indices,
    output: Indices,
    outputs: int,
    *,
    right: Flags,
    values: int,
    prior: float,
    permutations: int,
) -> Used:
    """Estimate and bound I(V;Y) over all trials of a cell.

    Args:
        truth: Right value of each trial, 0 to `outputs` - 1 `[trials]`.
        output: Y of each trial `[trials]`.
        outputs: How many values Y can take.
        right: Whether Y names the right value; where `truth` is a group, the right group.
        values: How many values V takes.
        prior: H(V) in nats.
        permutations: Shuffles for chance and p.
    """
    counts = confusion_counts(truth, output, outputs)
    generator = np.random.default_rng(0)
    null = permutation_null(counts, permutations, generator)
    n = int(counts.sum())
    # As many draws of each cell of the table as a resample of the trials has.
    tables = generator.multinomial(n, counts.ravel() / n, size=_RESAMPLES).reshape(-1, *counts.shape)
    limit = float(np.quantile([prior - _left_over(table) for table in tables], 0.975))
    return Used(
        plug_in=null.observed,
        miller_madow=miller_madow(counts),
        chance=null.mean,
        p=null.p_value,
        low=fano_limit(int((~right).sum()), n, values, prior),
        high=min(limit, prior),
    )


def _left_over(counts: Indices) -> float:
    """Return H(V|Y) in nats of a table of counts."""
    return entropy(counts.sum(axis=1) / counts.sum()) - mutual_information(counts)


def available(right: Flags, *, values: int, prior: float) -> Available:
    """Bound I(V;H) by the held-out answers of a probe.

    Args:
        right: Whether the probe names the right value, or the right group `[trials]`.
        values: How many values V takes.
        prior: H(V) in nats.
    """
    errors, n = int((~right).sum()), len(right)
    return Available(_fano(errors / n, values, prior), fano_limit(errors, n, values, prior), prior, n)
