from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from guardbind_bench.stats.statistics import (
    count,
    difference,
    mcnemar,
    mean,
    quantity,
    ratio_of_means,
    share,
    share_removed,
)

numbers = st.floats(-1e6, 1e6)
lists = st.lists(numbers, min_size=1, max_size=30)


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_a_share_has_the_interval_of_wilson(flags: list[bool]) -> None:
    estimate = share(flags)
    n, p, z = len(flags), sum(flags) / len(flags), float(norm.ppf(0.975))
    centre, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert estimate.value == p and estimate.n == n and estimate.method == "wilson"
    assert estimate.low == pytest.approx((centre - half) / (1 + z * z / n), abs=1e-9)
    assert estimate.high == pytest.approx((centre + half) / (1 + z * z / n), abs=1e-9)
    assert share(np.array(flags)) == estimate


def test_nothing_has_no_value() -> None:
    for estimate in (share([]), mean([]), mean([math.nan]), ratio_of_means([], []), difference([], [])):
        assert (estimate.value, estimate.low, estimate.high, estimate.n) == (None, None, None, 0)


@given(st.integers(0, 9), st.integers(0, 9))
def test_mcnemar_counts_the_outcomes_of_fair_coins(right_to_wrong: int, wrong_to_right: int) -> None:
    n = right_to_wrong + wrong_to_right
    tosses = [sum(toss) for toss in product((0, 1), repeat=min(n, 12))] if n <= 12 else None
    weight = [math.comb(n, k) / 2**n for k in range(n + 1)]
    if tosses is not None:
        assert weight == [tosses.count(k) / len(tosses) for k in range(n + 1)]
    expected = sum(w for w in weight if w <= weight[wrong_to_right] * (1 + 1e-9))
    assert mcnemar(right_to_wrong, wrong_to_right) == pytest.approx(expected)
    assert mcnemar(right_to_wrong, wrong_to_right) == mcnemar(wrong_to_right, right_to_wrong)


@given(lists)
def test_a_mean_is_the_mean_and_lies_in_its_interval_of_resamples(values: list[float]) -> None:
    estimate = mean([*values, math.nan])
    assert estimate.n == len(values)
    assert estimate.value == pytest.approx(float(np.mean(values)), abs=1e-6)
    assert estimate == mean([math.nan, *values])
    if len(values) > 1:
        assert estimate.low is not None and estimate.high is not None
        assert min(values) - 1e-6 <= estimate.low <= estimate.high <= max(values) + 1e-6


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20))
def test_a_difference_is_the_mean_of_paired_differences(pairs: list[tuple[float, float]]) -> None:
    after, before = zip(*pairs, strict=True)
    assert difference(after, before) == mean([a - b for a, b in pairs])


def test_a_pair_with_a_missing_side_is_left_out_of_a_difference() -> None:
    assert difference([1.0, math.nan, 3.0], [0.0, 5.0, math.nan]) == mean([1.0])


@given(st.lists(st.tuples(st.floats(0.1, 9), st.floats(0.1, 9)), min_size=2, max_size=30), st.floats(0.1, 10))
def test_a_ratio_of_means_is_no_mean_of_ratios(pairs: list[tuple[float, float]], scale: float) -> None:
    above, below = (np.array(side) for side in zip(*pairs, strict=True))
    estimate = ratio_of_means(above, below)
    assert estimate.value == pytest.approx(above.mean() / below.mean())
    assert estimate.low is not None and estimate.high is not None
    assert (above / below).min() - 1e-9 <= estimate.low <= estimate.high <= (above / below).max() + 1e-9
    scaled = ratio_of_means(scale * above, below)
    assert scaled.high == pytest.approx(scale * estimate.high)


def test_ratios_of_zero_are_not_defined() -> None:
    assert ratio_of_means([1.0, 2.0], [1.0, -1.0]).value is None


def test_a_ratio_needs_pairs() -> None:
    estimate = ratio_of_means([1.0, math.nan, 4.0], [2.0, 3.0, 2.0])
    assert (estimate.value, estimate.n) == (1.25, 2)


@pytest.mark.parametrize("kind", ["mean", "ratio"])
def test_intervals_of_the_bootstrap_hold_about_as_often_as_they_say(kind: str) -> None:
    draw = np.random.default_rng(1)
    truth = 2.0 if kind == "mean" else 0.5
    covered = 0
    for _ in range(120):
        values = draw.gamma(2.0, 1.0, 60)
        estimate = mean(values) if kind == "mean" else ratio_of_means(values, values + draw.gamma(2.0, 1.0, 60))
        assert estimate.low is not None and estimate.high is not None
        covered += estimate.low <= truth <= estimate.high
    # 0.95 of 120 is 114; fewer than 105 would be a mistake.
    assert covered >= 105
    narrow = mean(draw.normal(0, 1, 400))
    assert narrow.low is not None and narrow.high is not None
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96 / 20, rel=0.2)


def test_numbers_without_an_interval() -> None:
    assert count(3, 9).model_dump() == {"value": 3.0, "low": None, "high": None, "n": 9, "method": None}
    assert [quantity(value, 2).value for value in (1.5, None, math.nan, math.inf)] == [1.5, None, None, None]


def test_the_same_trials_give_the_same_interval() -> None:
    values = np.random.default_rng(0).normal(size=50)
    assert mean(values) == mean(values)
    assert mean(values[::-1]).value == pytest.approx(mean(values).value)


def test_the_digits_of_an_interval_do_not_move() -> None:
    estimate = mean([0.1, 0.4, 0.35, 2.0, -1.0, 0.0, 7.25])
    assert (estimate.low, estimate.high) == pytest.approx((-0.16428571428571428, 3.3214285714285716), abs=1e-12)


def test_what_is_removed_is_one_less_the_ratio_of_the_rates() -> None:
    before = np.array([True] * 40 + [False] * 60)
    after = np.array([True] * 10 + [False] * 85 + [True] * 5)
    removed, left = share_removed(after, before), ratio_of_means(after, before)
    assert left.low is not None and left.high is not None
    assert removed.value == pytest.approx(1 - 15 / 40) and (removed.n, removed.method) == (100, "bootstrap")
    assert (removed.low, removed.high) == (1 - left.high, 1 - left.low)
    more = share_removed(before, after).value
    assert more is not None and more == pytest.approx(1 - 40 / 15) and more < 0


def test_of_errors_that_were_not_there_none_is_removed() -> None:
    assert share_removed([True, False], [False, False]).value is None
    assert share_removed([], []).value is None
    # One error in six: some resamples have none before and some after, which leaves the low end open.
    few = share_removed([False, False, False, False, False, True], [True, False, False, False, False, False])
    assert (few.value, few.low) == (0, None)
