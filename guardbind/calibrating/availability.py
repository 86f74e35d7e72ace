"""Measures what a probe's scores are worth: whether they tell right values from others, and how often they are right.

What a guard asks of a probe is whether a value that the model is *not* about to write is there all the same. So values
are compared that are not written: the right one, where the model writes another, with the others, which a wrong target
would be. The model's own choice is left out: it is known without a probe.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor

from guardbind.calibrating.residuals import ProbeTrial
from guardbind.calibration.artefact import Reliability, ReliabilityBin
from guardbind.calibration.probe import Probe, log_share

__all__ = ["Separation", "candidate_scores", "reliability_of", "separation"]

_BINS = 8
_DRAWS = 400


@dataclass(frozen=True, slots=True)
class Separation:
    """How scores tell right values that are not written from other values that are not.

    Attributes:
        threshold: The score from which on a value counts as available.
        errors: Trials where the model begins another value than the right one.
        others: Other values that are not written, in all trials where some value is begun.
        found: Right values of the errors that are available.
        mistaken: Other values that are.
        auroc: Chance that a right value scores higher than another; .5 where there is nothing to compare.
        low: Lower end of its 95 % interval, by a bootstrap of trials; 0 where there is nothing to compare.
        high: Upper end.
    """

    threshold: float
    errors: int
    others: int
    found: int
    mistaken: int
    auroc: float
    low: float
    high: float


def candidate_scores(
    probe: Probe, trials: Sequence[ProbeTrial], unembedding: Tensor, *, logs: bool = False
) -> list[dict[int, float]]:
    """Return for each trial candidate to its share of the probability, or to the logarithm of that; see `log_share`.

    Candidates that no token tells from others are left out.

    Args:
        probe: The probe.
        trials: The trials.
        unembedding: Rows of the output head `[vocabulary, hidden]`.
        logs: Whether natural logarithms are returned.
    """
    found = []
    for trial in trials:
        logprobs = probe.scores(trial.residuals[probe.layer], unembedding[list(trial.tokens)])
        told = {candidate: log_share(logprobs, trial.owners, candidate) for candidate in set().union(*trial.owners)}
        known = {candidate: share for candidate, share in sorted(told.items()) if share is not None}
        found.append(known if logs else {candidate: math.exp(share) for candidate, share in known.items()})
    return found


def separation(
    trials: Sequence[ProbeTrial], scored: Sequence[dict[int, float]], *, threshold: float | None = None
) -> Separation:
    """Compare right values with others, where neither is what the model begins.

    Args:
        trials: The trials.
        scored: Their scores.
        threshold: The threshold; by default the one with the largest share of right values found less that of others.
    """
    pairs = [_unwritten(trial, scores) for trial, scores in zip(trials, scored, strict=True) if trial.begun]
    right, others = _pooled(pairs)
    if threshold is None:
        threshold = _best_threshold(right, others)
    draw = random.Random(0)
    areas = sorted(
        area for _ in range(_DRAWS) if (area := _auroc(*_pooled(draw.choices(pairs, k=len(pairs))))) is not None
    )
    area = _auroc(right, others)
    known = area is not None and bool(areas)
    return Separation(
        threshold=threshold,
        errors=len(right),
        others=len(others),
        found=sum(score >= threshold for score in right),
        mistaken=sum(score >= threshold for score in others),
        auroc=0.5 if area is None else area,
        low=areas[int(0.025 * len(areas))] if known else 0.0,
        high=areas[min(len(areas) - 1, int(0.975 * len(areas)))] if known else 1.0,
    )


def reliability_of(trials: Sequence[ProbeTrial], scored: Sequence[dict[int, float]]) -> Reliability:
    """Return how often a candidate was right by its score, in bins of about equal counts."""
    told = sorted(
        (score, candidate == trial.right)
        for trial, scores in zip(trials, scored, strict=True)
        for candidate, score in scores.items()
    )
    edges = [round(place * len(told) / _BINS) for place in range(_BINS + 1)]
    bins = [told[first:last] for first, last in pairwise(edges) if first < last]
    return Reliability(
        name="available",
        bins=tuple(
            ReliabilityBin(low=some[0][0], high=some[-1][0], n=len(some), right=sum(right for _, right in some))
            for some in bins
        ),
    )


_Unwritten = tuple[tuple[float, ...], tuple[float, ...]]


def _unwritten(trial: ProbeTrial, scores: dict[int, float]) -> _Unwritten:
    """Return the scores of the right value, and of the others, that the model does not begin."""
    right = () if trial.right in trial.begun else (scores[trial.right],)
    others = (score for candidate, score in scores.items() if candidate not in trial.begun and candidate != trial.right)
    return right, tuple(others)


def _pooled(pairs: Sequence[_Unwritten]) -> tuple[list[float], list[float]]:
    return [s for right, _ in pairs for s in right], sorted(s for _, others in pairs for s in others)


def _best_threshold(right: Sequence[float], others: Sequence[float]) -> float:
    """Return the score with the largest share of right values at or above it less that of others; 1 without any."""
    ascending, others = sorted(right), sorted(others)

    def gain(score: float) -> float:
        found = (len(ascending) - bisect_left(ascending, score)) / len(ascending)
        return found - (len(others) - bisect_left(others, score)) / max(1, len(others))

    return max(ascending, key=gain, default=1.0)


def _auroc(right: Sequence[float], others: Sequence[float]) -> float | None:
    """Return the chance that a right value scores higher; ties count half. `others` is sorted."""
    if not right or not others:
        return None
    wins = sum(bisect_left(others, score) + bisect_right(others, score) for score in right) / 2
    return wins / len(right) / len(others)
