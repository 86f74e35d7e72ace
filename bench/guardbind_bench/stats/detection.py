"""Measures how well scores find errors: area under the curve, average precision, recall at few false alarms.

Each number is a mean over cells, so that scores of one cell are never ranked against those of another; resamples draw
errors and right answers of a cell apart from each other, the same ones for every score on the same trials, so that two
scores are compared in pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guardbind_bench.arrays import Flags, Floats
from guardbind_bench.experiments.table import Estimate

__all__ = ["FALSE_ALARMS", "RankingQuality", "detection", "judged_at", "threshold_at"]

FALSE_ALARMS = 0.05
"""Share of right answers that may be flagged where a recall is given."""
_RESAMPLES = 1000
_NAMES = ("auroc", "average_precision", "recall")


@dataclass(frozen=True, slots=True, eq=False)
class RankingQuality:
    """How well some scores find errors.

    Attributes:
        values: Name to number: `auroc`, `average_precision`, `recall`.
        drawn: Name to the numbers of the resamples `[resamples]`; empty where a cell lacks errors or right answers.
        n: Trials, all cells together.
    """

    values: dict[str, float]
    drawn: dict[str, Floats]
    n: int

    def estimate(self, name: str) -> Estimate:
        """Return a number with its interval."""
        if name not in self.values:
            return Estimate(value=None, n=self.n)
        low, high = np.quantile(self.drawn[name], [0.025, 0.975])
        return Estimate(value=self.values[name], low=float(low), high=float(high), n=self.n, method="bootstrap")

    def ahead_of(self, other: RankingQuality, name: str) -> Estimate:
        """Return by how much a number is above that of other scores on the same trials, over paired resamples."""
        if name not in self.values or name not in other.values or self.n != other.n:
            return Estimate(value=None, n=self.n)
        low, high = np.quantile(self.drawn[name] - other.drawn[name], [0.025, 0.975])
        value = self.values[name] - other.values[name]
        return Estimate(value=value, low=float(low), high=float(high), n=self.n, method="bootstrap")


def detection(cells: Sequence[tuple[Floats, Flags]], *, resamples: int = _RESAMPLES, seed: int = 0) -> RankingQuality:
    """Measure scores, the mean over cells.

    A cell without errors or without right answers is left out.

    Args:
        cells: Scores, higher for errors, and whether each trial is an error; each `[trials]`.
        resamples: How often trials are drawn anew.
        seed: Of the draws.

    Example:
        >>> import numpy as np
        >>> found = detection([(np.array([0.9, 0.8, 0.1, 0.2]), np.array([True, True, False, False]))])
        >>> found.values["auroc"], found.values["average_precision"], found.values["recall"]
        (1.0, 1.0, 1.0)
    """
    told = [(scores, wrong) for scores, wrong in cells if wrong.any() and not wrong.all()]
    n = sum(len(scores) for scores, _ in told)
    if not told:
        return RankingQuality({}, {}, n)
    found = []
    for place, (scores, wrong) in enumerate(told):
        draw = np.random.default_rng([seed, place])
        weights = np.ones((resamples + 1, len(scores)))  # the first row is the sample itself
        for part in (wrong, ~wrong):
            count = int(part.sum())
            weights[1:, part] = draw.multinomial(count, np.full(count, 1 / count), size=resamples)
        found.append(_measured(scores, wrong, weights))
    means = {name: np.mean([cell[name] for cell in found], axis=0) for name in _NAMES}
    return RankingQuality(
        {name: float(of[0]) for name, of in means.items()}, {name: of[1:] for name, of in means.items()}, n
    )


def threshold_at(scores: Floats, is_wrong: Flags, false_alarms: float = FALSE_ALARMS) -> float:
    """Return the least score from which on flagging raises at most so many false alarms; infinity where none does.

    Example:
        >>> import numpy as np
        >>> threshold_at(np.array([0.9, 0.8, 0.1, 0.2]), np.array([True, False, False, True]), 0.5)
        0.2
    """
    right = scores[~is_wrong]
    fit = [float(at) for at in np.unique(scores) if (right >= at).mean() <= false_alarms]
    return min(fit, default=float("inf"))


def judged_at(scores: Floats, is_wrong: Flags, threshold: float) -> tuple[Flags, Flags]:
    """Return which errors and which right answers a threshold flags."""
    flagged = scores >= threshold
    return flagged[is_wrong], flagged[~is_wrong]


def _measured(scores: Floats, wrong: Flags, weights: Floats) -> dict[str, NDArray[np.float64]]:
    """Return each number for each row of weights `[rows]`."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # equal scores are flagged together
    hits = (weights[:, order] * wrong[order]).cumsum(1)[:, ends]
    alarms = (weights[:, order] * ~wrong[order]).cumsum(1)[:, ends]
    recall, rate = hits / hits[:, -1:], alarms / alarms[:, -1:]
    start = np.zeros((len(weights), 1))
    gained, width = np.diff(recall, axis=1, prepend=start), np.diff(rate, axis=1, prepend=start)
    before = np.concatenate([start, recall[:, :-1]], axis=1)
    with np.errstate(invalid="ignore"):
        precision = np.nan_to_num(hits / (hits + alarms))
    return {
        "auroc": (width * (before + recall) / 2).sum(1),
        "average_precision": (gained * precision).sum(1),
        "recall": np.where(rate <= FALSE_ALARMS + 1e-12, recall, 0.0).max(1),
    }
