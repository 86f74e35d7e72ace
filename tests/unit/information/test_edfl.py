"""EDFL: budgets over orders of the evidence."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.errors import ConfigError
from guardbind.information import (
    b2t,
    bernoulli_kl,
    edfl_decision,
    information_budget,
    isr,
    jensen_penalty,
    js_certificate,
    kl_divergence,
    martingale_violation_bound,
    p_max,
    roh,
)
from guardbind.information.numeric import FloatArray

log_probability = st.floats(-30.0, 0.0)


@st.composite
def families(draw: st.DrawFn) -> FloatArray:
    """Distributions `[orders + 1, outcomes]`: a reference and one per order."""
    orders, outcomes = draw(st.integers(2, 6)), draw(st.integers(2, 4))
    row = st.lists(st.floats(0.01, 1.0), min_size=outcomes, max_size=outcomes)
    table: FloatArray = np.array([draw(row) for _ in range(orders + 1)])
    rows: FloatArray = table / table.sum(axis=1, keepdims=True)
    return rows


# ---- worked numbers


@pytest.mark.parametrize(("q_low", "nats"), [(0.02, 3.519), (0.10, 1.994), (0.30, 0.963)])
def test_b2t_worked_numbers(q_low: float, nats: float) -> None:
    assert b2t(q_low, 0.05) == pytest.approx(nats, abs=5e-4)


@pytest.mark.parametrize(("delta", "p"), [(0.5, 0.495), (1.0, 0.689), (2.0, 0.951), (3.0, 1.0)])
def test_p_max_worked_numbers(delta: float, p: float) -> None:
    assert p_max(delta, 0.10) == pytest.approx(p, abs=5e-4)
    assert roh(delta, 0.10) == pytest.approx(1 - p, abs=5e-4)


@pytest.mark.parametrize(
    ("delta", "required", "ratio", "answers"),
    [
        (0.83, 5.29, 0.16, False),
        (1.91, 3.78, 0.51, False),
        (2.64, 2.48, 1.06, True),
        (2.74, 1.61, 1.70, True),
        (2.81, 0.98, 2.87, True),
        (2.85, 0.51, 5.59, True),
        (2.89, 0.20, 14.45, True),
        (2.95, 0.00, math.inf, True),
    ],
)
def test_rare_event_table_ratios(delta: float, required: float, ratio: float, answers: bool) -> None:
    """The ratio and the decision follow from the printed budgets; the printed B2T needs the unpublished q_lo."""
    assert isr(delta, required) == pytest.approx(ratio, abs=0.006)
    assert (isr(delta, required) >= 1) is answers


# ---- the budget


def test_the_budget_clips_on_both_sides() -> None:
    assert information_budget(-1.0, [-3.0, -2.0]) == pytest.approx(1.5)
    assert information_budget(-1.0, [-math.inf, -1.0]) == pytest.approx(3.0)
    assert information_budget(-10.0, [-1.0, -10.0]) == pytest.approx(-3.0)
    assert information_budget(-1.0, [-3.0, -2.0], clip=1.0) == pytest.approx(1.0)


@given(log_probability, st.lists(log_probability, min_size=1, max_size=8), st.floats(0.1, 12.0))
def test_the_budget_stays_below_the_one_sided_clip(log_p: float, orders: list[float], clip: float) -> None:
    differences = log_p - np.array(orders)
    budget = information_budget(log_p, orders, clip)
    one_sided = np.clip(differences, 0.0, clip).mean()
    assert budget <= one_sided + 1e-12
    if (differences >= -clip).all():
        assert budget <= differences.mean() + 1e-12


def test_the_one_sided_clip_is_no_lower_bound() -> None:
    """Two orders that cancel: the evidence says nothing, the released clip says 1.5 nats."""
    differences = np.array([3.0, -3.0])
    assert information_budget(-4.0, -4.0 - differences) == 0.0
    assert np.clip(differences, 0.0, 6.0).mean() == 1.5


@pytest.mark.parametrize(
    ("log_p", "orders", "clip"),
    [
        (0.5, [-1.0], 6.0),
        (-math.inf, [-1.0], 6.0),
        (-1.0, [0.5], 6.0),
        (-1.0, [], 6.0),
        (-1.0, [math.nan], 6.0),
        (-1.0, [-1.0], 0.0),
        (-1.0, [-1.0], math.nan),
    ],
)
def test_the_budget_refuses_what_is_no_log_probability(log_p: float, orders: list[float], clip: float) -> None:
    with pytest.raises(ConfigError):
        information_budget(log_p, orders, clip)


# ---- required, ratio, risk


def test_nothing_is_required_of_what_is_reliable_in_every_order() -> None:
    assert b2t(0.95, 0.05) == 0.0 == b2t(1.0, 0.05)
    assert b2t(0.0, 0.05) == math.inf


def test_the_ratio_at_its_edges() -> None:
    assert isr(0.0, 0.0) == math.inf
    assert isr(-0.1, 0.0) == -math.inf
    assert isr(2.0, math.inf) == 0.0
    for delta, required in ((math.nan, 1.0), (math.inf, 1.0), (1.0, -1.0), (1.0, math.nan)):
        with pytest.raises(ConfigError):
            isr(delta, required)


@given(st.floats(0.0, 8.0), st.floats(1e-4, 1.0))
def test_p_max_is_the_largest_on_a_grid(delta: float, q: float) -> None:
    grid = np.linspace(0.0, 1.0, 4001)
    affordable = grid[bernoulli_kl(grid, q) <= delta]
    found = p_max(delta, q)
    assert found >= q
    assert bernoulli_kl(found, q) <= delta
    assert found == pytest.approx(max(affordable.max(initial=0.0), q), abs=1 / 4000)


def test_p_max_at_its_edges() -> None:
    assert p_max(5.0, 0.0) == 0.0
    assert p_max(0.0, 0.3) == pytest.approx(0.3, abs=1e-6)
    assert p_max(-1.0, 0.3) == 0.3
    assert p_max(0.0, 1.0) == 1.0


# ---- the decision


def test_the_decision_takes_the_lowest_order_and_the_margin() -> None:
    q = [0.1, 0.5]
    decision = edfl_decision(2.0, q)
    assert (decision.q_low, decision.q_bar) == pytest.approx((0.1, 0.3))
    assert decision.b2t == pytest.approx(1.994, abs=5e-4)
    assert decision.answer
    assert not edfl_decision(2.0, q, margin=0.2).answer
    assert not edfl_decision(1.9, q).answer
    assert decision.roh == roh(2.0, 0.3)


def test_an_impossible_order_is_refused_and_a_negative_budget_too() -> None:
    assert not edfl_decision(6.0, [0.0, 0.9]).answer
    assert not edfl_decision(-0.1, [0.99, 0.99]).answer
    assert edfl_decision(0.0, [0.99, 0.99]).answer
    with pytest.raises(ConfigError, match="per order"):
        edfl_decision(1.0, [])
    with pytest.raises(ConfigError, match="margin"):
        edfl_decision(1.0, [0.5], margin=-0.1)


@given(st.floats(-2.0, 8.0), st.lists(st.floats(0.0, 1.0), min_size=1, max_size=5), st.floats(0.01, 0.5))
def test_an_answer_has_at_most_the_tolerated_risk(delta: float, q: list[float], h_star: float) -> None:
    decision = edfl_decision(delta, q, h_star)
    assert decision.answer == (decision.isr >= 1)
    if decision.answer:
        assert decision.roh <= h_star + 1e-9


# ---- theorems over orders


@given(families())
def test_edfl_on_random_orders(table: FloatArray) -> None:
    """Theorem 5: E KL(P‖S_π) ≥ KL(Ber(p)‖Ber(q̄)), here for the event of the first outcome."""
    truth, orders = table[0], table[1:]
    mean = np.mean([kl_divergence(truth, row) for row in orders])
    assert mean >= bernoulli_kl(truth[0], orders[:, 0].mean()) - 1e-12


@given(families(), st.sets(st.integers(0, 3)))
def test_the_js_certificate_covers_every_event(table: FloatArray, event: set[int]) -> None:
    orders = table[1:]
    q = orders[:, [i for i in sorted(event) if i < orders.shape[1]]].sum(axis=1)
    assert np.abs(q - q.mean()).mean() <= js_certificate(orders) + 1e-9


def test_the_js_certificate_is_zero_for_one_answer_in_all_orders() -> None:
    assert js_certificate([[0.3, 0.7]] * 4) == pytest.approx(0.0, abs=1e-7)
    with pytest.raises(ConfigError, match="orders"):
        js_certificate([0.3, 0.7])


@given(families())
def test_averaging_over_orders_saves_the_jensen_penalty(table: FloatArray) -> None:
    truth, orders = table[0], table[1:]
    losses = [-(truth * np.log(row)).sum() for row in orders]
    mixed = -(truth * np.log(orders.mean(axis=0))).sum()
    assert jensen_penalty(truth, orders) == pytest.approx(np.mean(losses) - mixed, abs=1e-9)


def test_the_jensen_penalty_with_impossible_outcomes() -> None:
    assert jensen_penalty([0.5, 0.5], [[0.5, 0.5], [1.0, 0.0]]) == math.inf
    with pytest.raises(ConfigError, match="every order"):
        jensen_penalty([0.5, 0.5], [[1.0, 0.0], [1.0, 0.0]])


@given(st.lists(st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4), min_size=4, max_size=4))
def test_reordering_moves_a_prediction_by_no_more_than_its_bound(logits: list[list[float]]) -> None:
    """Theorems 1 and 2, over all 24 orders of four chunks whose logit shares depend on their rank."""
    shares = np.array(logits)
    q = [1 / (1 + math.exp(-sum(shares[i, r] for i, r in enumerate(p)))) for p in itertools.permutations(range(4))]
    dispersion = np.abs(np.subtract.outer(q, q)).mean()
    variations = np.abs(np.diff(shares, axis=1)).sum(axis=1)
    assert dispersion <= martingale_violation_bound(variations) + 1e-12


def test_a_rank_sensitivity_of_one_over_t_grows_like_the_logarithm() -> None:
    n = 1000
    bound = martingale_violation_bound([1 / t for t in range(1, n)])
    assert bound == pytest.approx((math.log(n) + 0.5772) / 4, abs=1e-3)
    with pytest.raises(ConfigError):
        martingale_violation_bound([-1.0])
