"""How well scores find errors, beside scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from guardbind_bench.stats.detection import detection, judged_at, threshold_at

DRAW = np.random.default_rng(3)
WRONG = np.arange(120) % 3 == 0
NOISY = DRAW.normal(size=120) + WRONG
TIED = np.round(NOISY)


@pytest.mark.parametrize("scores", [NOISY, TIED, np.zeros(120)])
def test_areas_are_those_of_scikit_learn_with_ties_too(scores: np.ndarray) -> None:
    found = detection([(scores, WRONG)])
    assert found.values["auroc"] == pytest.approx(roc_auc_score(WRONG, scores))
    assert found.values["average_precision"] == pytest.approx(average_precision_score(WRONG, scores))
    for name in found.values:
        estimate = found.estimate(name)
        assert (estimate.low or 0) <= found.values[name] + 1e-9 and found.values[name] <= (estimate.high or 0) + 1e-9
        assert (estimate.n, estimate.method) == (120, "bootstrap")


def test_recall_is_what_a_threshold_of_few_false_alarms_finds() -> None:
    at = threshold_at(NOISY, WRONG)
    recalled, alarmed = judged_at(NOISY, WRONG, at)
    assert alarmed.mean() <= 0.05 and detection([(NOISY, WRONG)]).values["recall"] == pytest.approx(recalled.mean())
    assert threshold_at(np.zeros(4), np.array([True, False, False, True])) == np.inf
    assert not judged_at(NOISY, WRONG, np.inf)[0].any()


def test_cells_are_never_ranked_against_each_other() -> None:
    cells = [(NOISY, WRONG), (NOISY + 100, WRONG), (TIED, np.zeros(120, dtype=bool))]
    found = detection(cells)
    assert found.values["auroc"] == pytest.approx(roc_auc_score(WRONG, NOISY)) and found.n == 240
    assert detection(cells[2:]).estimate("auroc").value is None


def test_two_scores_are_compared_in_pairs() -> None:
    one, other = detection([(NOISY, WRONG)]), detection([(NOISY + 0.3 * DRAW.normal(size=120), WRONG)])
    same = one.ahead_of(detection([(2 * NOISY, WRONG)]), "auroc")
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    ahead = one.ahead_of(other, "auroc")
    assert ahead.value == pytest.approx(one.values["auroc"] - other.values["auroc"])
    apart = one.estimate("auroc")
    assert (ahead.high or 0) - (ahead.low or 0) < (apart.high or 0) - (apart.low or 0)
    assert one.ahead_of(detection([(NOISY[:60], WRONG[:60])]), "auroc").value is None
