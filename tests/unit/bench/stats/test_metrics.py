from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, rankdata
from sklearn.metrics import roc_auc_score

from guardbind.errors import ConfigError
from guardbind.information import wilson
from guardbind_bench.stats.metrics import auroc, auroc_interval

scores = st.lists(st.sampled_from([-math.inf, -1.5, 0.0, 0.5, 2.0, math.inf]), min_size=1, max_size=12)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_ends_where_the_score_test_does(counts: tuple[int, int], confidence: float) -> None:
    successes, trials = counts
    share = successes / trials
    interval = wilson(successes, trials, confidence)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    assert 0 <= interval.low <= share <= interval.high <= 1
    for end in (interval.low, interval.high):
        assert abs(share - end) == pytest.approx(z * math.sqrt(end * (1 - end) / trials), abs=1e-7)


def test_wilson_of_known_counts() -> None:
    interval = wilson(65, 100)
    assert (interval.low, interval.high) == pytest.approx((0.5525, 0.7364), abs=5e-5)
    assert wilson(0, 10).low == 0.0
    assert wilson(10, 10).high == 1.0


@pytest.mark.parametrize(
    ("successes", "trials", "confidence"), [(1, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)]
)
def test_impossible_counts_are_refused(successes: int, trials: int, confidence: float) -> None:
    with pytest.raises(ConfigError):
        wilson(successes, trials, confidence)


@given(scores, scores)
def test_auroc_is_the_share_of_pairs_in_order(positive: list[float], negative: list[float]) -> None:
    pairs = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positive for n in negative]
    assert auroc(positive, negative) == pytest.approx(sum(pairs) / len(pairs))


@given(scores, scores)
def test_auroc_is_the_one_of_sklearn(positive: list[float], negative: list[float]) -> None:
    # Ranks, because sklearn takes no infinite scores.
    ranks = rankdata([*positive, *negative])
    expected = roc_auc_score([True] * len(positive) + [False] * len(negative), ranks)
    assert auroc(positive, negative) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_interval_of_auroc_is_near_the_bootstrap_of_scipy(seed: int) -> None:
    draw = np.random.default_rng(seed)
    positive, negative = np.round(draw.normal(1.0, 1.0, 60), 1), np.round(draw.normal(0.0, 1.0, 40), 1)
    drawn = bootstrap(
        (positive, negative),
        lambda p, n: auroc(p.tolist(), n.tolist()),
        n_resamples=1000,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    interval = auroc_interval(positive.tolist(), negative.tolist())
    assert interval is not None
    # Two bootstraps of 1000 resamples: their ends differ by their own noise.
    ends = [float(end) for end in drawn.confidence_interval]
    assert [interval.low, interval.high] == pytest.approx(ends, abs=0.02)


def test_the_digits_of_an_interval_do_not_move() -> None:
    interval = auroc_interval([0.37 * i % 1 + 0.3 for i in range(15)], [0.61 * i % 1 for i in range(12)])
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.5665277777777779, 0.9111111111111111), abs=1e-12)


def test_auroc_needs_both_kinds() -> None:
    assert auroc([], [1.0]) is None
    assert auroc([1.0], []) is None
    assert auroc_interval([], [1.0]) is None


def test_the_interval_of_auroc_narrows_with_the_number_of_trials() -> None:
    few, many = ([1.0, 3.0, 2.0] * n for n in (3, 60))
    wide, narrow = (auroc_interval(s, [value - 0.5 for value in s]) for s in (few, many))
    assert wide is not None and narrow is not None
    area = auroc(few, [value - 0.5 for value in few])
    assert area is not None
    assert wide.low < narrow.low < area < narrow.high < wide.high
    assert auroc_interval(few, [value - 0.5 for value in few]) == wide


def test_a_perfect_ranking_has_a_point_for_an_interval() -> None:
    interval = auroc_interval([2.0, 3.0], [0.0, 1.0])
    assert interval is not None
    assert (interval.low, interval.high) == (1.0, 1.0)
