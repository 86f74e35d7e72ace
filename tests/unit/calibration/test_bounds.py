"""Bounds of risks against brute force, and against what they promise over many draws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.calibration.bounds import (
    binomial_p_value,
    conformal_threshold,
    exact_interval,
    fixed_sequence,
    hoeffding_bentkus_p_value,
    holm,
    trials_needed,
    upper_bound,
)
from guardbind.errors import ConfigError

shares = st.floats(0.005, 0.5)


def tail(wrong: int, n: int, risk: float) -> float:
    return math.fsum(math.comb(n, k) * risk**k * (1 - risk) ** (n - k) for k in range(wrong + 1))


@given(st.integers(1, 60), shares, st.data())
def test_p_values_are_the_binomial_tail(n: int, risk: float, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, n))
    assert binomial_p_value(wrong, n, risk) == pytest.approx(tail(wrong, n, risk), rel=1e-9)


@given(st.integers(1, 200), st.floats(0.01, 0.3), st.data())
def test_a_risk_is_ruled_out_exactly_where_it_lies_above_the_upper_bound(
    n: int, delta: float, data: st.DataObject
) -> None:
    wrong = data.draw(st.integers(0, n - 1))
    limit = upper_bound(wrong, n, delta)
    assert binomial_p_value(wrong, n, limit) == pytest.approx(delta, rel=1e-6)


@pytest.mark.parametrize(("risk", "n"), [(0.01, 400), (0.05, 100), (0.2, 100)])
def test_upper_bounds_cover_and_are_not_idle(risk: float, n: int) -> None:
    wrong = np.random.default_rng(5).binomial(n, risk, 4000)
    limits = {int(k): upper_bound(int(k), n, 0.1) for k in np.unique(wrong)}
    missed = np.mean([limits[int(k)] < risk for k in wrong])
    assert missed <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 4000)
    assert missed >= 0.01  # a bound of 1 would cover, too


@pytest.mark.parametrize(("share", "n"), [(0.02, 60), (0.5, 40), (0.98, 90)])
def test_intervals_cover_at_both_ends(share: float, n: int) -> None:
    chance = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    ends = [exact_interval(k, n) for k in range(n + 1)]
    for misses in ([low > share for low, _ in ends], [high < share for _, high in ends]):
        assert math.fsum(p for p, missed in zip(chance, misses, strict=True) if missed) <= 0.025
    assert exact_interval(0, 0) == (0.0, 1.0)


def test_values_of_one_answer_are_no_trials_of_their_own() -> None:
    # Of 100 answers each has four values that do harm together or not at all; the true risk is the one to be ruled out.
    chance = [math.comb(100, wrong) * 0.05**wrong * 0.95 ** (100 - wrong) for wrong in range(101)]

    def mistaken(values: int) -> float:
        certified = (binomial_p_value(values * wrong, values * 100, 0.05) <= 0.05 for wrong in range(101))
        return math.fsum(share for share, is_certified in zip(chance, certified, strict=True) if is_certified)

    assert mistaken(1) <= 0.05
    assert mistaken(4) == pytest.approx(0.26, abs=0.005)


@pytest.mark.parametrize("shape", [(0.2, 3.0), (1.0, 9.0)])
def test_hoeffding_bentkus_holds_for_losses_between_0_and_1(shape: tuple[float, float]) -> None:
    mean = shape[0] / sum(shape)
    losses = np.random.default_rng(8).beta(*shape, size=(3000, 150)).mean(1)
    mistaken = np.mean([hoeffding_bentkus_p_value(float(loss), 150, mean) <= 0.1 for loss in losses])
    assert mistaken <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 3000)


def test_hoeffding_bentkus_rules_out_what_is_far_above() -> None:
    assert hoeffding_bentkus_p_value(0.01, 1000, 0.05) < 1e-6
    assert hoeffding_bentkus_p_value(0.1, 1000, 0.05) == 1.0


@given(st.lists(st.floats(0, 1), max_size=8), st.floats(0.01, 0.5))
def test_a_sequence_stops_at_the_first_that_is_not_rejected(p_values: list[float], delta: float) -> None:
    count = fixed_sequence(p_values, delta)
    assert all(p <= delta for p in p_values[:count])
    assert count == len(p_values) or p_values[count] > delta


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.01, 0.5))
def test_holm_rejects_what_bonferroni_does_and_nothing_above_delta(p_values: list[float], delta: float) -> None:
    for p_value, rejected in zip(p_values, holm(p_values, delta), strict=True):
        assert rejected or p_value > delta / len(p_values)
        assert not rejected or p_value <= delta


@pytest.mark.parametrize(("n", "alpha"), [(19, 0.05), (60, 0.1), (333, 0.05)])
def test_false_alarms_stay_below_alpha_on_average(n: int, alpha: float) -> None:
    scores = np.random.default_rng(3).normal(size=(6000, n + 1))
    place = math.ceil(round((n + 1) * (1 - alpha), 9)) - 1
    flagged = float(np.mean(scores[:, -1] > np.sort(scores[:, :-1], 1)[:, place]))
    assert conformal_threshold(scores[0, :-1].tolist(), alpha) == np.sort(scores[0, :-1])[place]
    assert alpha - 0.03 <= flagged <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / 6000)


def test_too_few_scores_give_no_threshold() -> None:
    assert conformal_threshold([1.0] * 18, 0.05) is None
    assert conformal_threshold([1.0] * 19, 0.05) == 1.0


@given(st.floats(0.005, 0.2), st.floats(0.01, 0.2), st.integers(0, 4))
def test_the_least_number_of_trials_is_the_least(risk: float, delta: float, wrong: int) -> None:
    n = trials_needed(risk, delta, wrong)
    assert binomial_p_value(wrong, n, risk) <= delta
    assert n == wrong + 1 or binomial_p_value(wrong, n - 1, risk) > delta


@pytest.mark.parametrize(
    "call",
    [
        lambda: upper_bound(3, 2, 0.1),
        lambda: binomial_p_value(0, 5, 0.0),
        lambda: conformal_threshold([math.nan], 0.1),
        lambda: hoeffding_bentkus_p_value(1.5, 5, 0.1),
    ],
)
def test_impossible_counts_are_refused(call: object) -> None:
    with pytest.raises(ConfigError):
        call()  # type: ignore[operator]
