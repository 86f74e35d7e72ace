"""Entropies, divergences, bits-to-trust and their intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.errors import ConfigError
from guardbind.information import (
    Interval,
    bernoulli_kl,
    binary_entropy,
    bits_to_trust,
    clopper_pearson,
    divergence_interval,
    entropy,
    kl_divergence,
    nats_to_bits,
    nats_to_trust,
    trust_interval,
)
from guardbind.information.numeric import FloatArray

probability = st.floats(0.0, 1.0)
inside = st.floats(1e-6, 1.0 - 1e-6)


@st.composite
def distributions(draw: st.DrawFn, outcomes: int) -> FloatArray:
    weights: FloatArray = np.array(draw(st.lists(st.floats(0.01, 1.0), min_size=outcomes, max_size=outcomes)))
    shares: FloatArray = weights / weights.sum()
    return shares


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    a, b = draw(probability), draw(probability)
    return Interval(min(a, b), max(a, b))


# ---- entropy


@given(distributions(5))
def test_entropy_is_the_sum_and_is_largest_for_the_uniform(p: FloatArray) -> None:
    assert entropy(p) == pytest.approx(-sum(x * math.log(x) for x in p))
    assert entropy(p) <= math.log(5) + 1e-12
    assert entropy([0.2] * 5) == pytest.approx(math.log(5))


def test_entropy_of_certainty_is_zero_and_of_a_table_is_joint() -> None:
    assert entropy([0.0, 1.0, 0.0]) == 0.0
    assert entropy([[0.25, 0.25], [0.25, 0.25]]) == pytest.approx(2 * math.log(2))


@pytest.mark.parametrize("bad", [[0.5, 0.4], [0.5, -0.5, 1.0], [0.5, math.nan]])
def test_entropy_refuses_what_is_no_distribution(bad: list[float]) -> None:
    with pytest.raises(ConfigError):
        entropy(bad)


@given(probability)
def test_binary_entropy_is_the_entropy_of_two_outcomes(p: float) -> None:
    assert binary_entropy(p) == pytest.approx(entropy([p, 1 - p]), abs=1e-12)


def test_binary_entropy_at_the_edges_and_on_arrays() -> None:
    assert binary_entropy(0.0) == 0.0 == binary_entropy(1.0)
    assert nats_to_bits(binary_entropy(0.5)) == pytest.approx(1.0)
    both = binary_entropy(np.array([0.0, 0.5]))
    assert both.tolist() == [0.0, binary_entropy(0.5)]
    assert type(binary_entropy(0.5)) is float


# ---- divergence


@given(inside, inside)
def test_bernoulli_kl_is_the_sum(a: float, b: float) -> None:
    expected = a * math.log(a / b) + (1 - a) * math.log((1 - a) / (1 - b))
    assert bernoulli_kl(a, b) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert bernoulli_kl(a, b) == pytest.approx(kl_divergence([a, 1 - a], [b, 1 - b]), rel=1e-9, abs=1e-9)


@given(probability, probability)
def test_bernoulli_kl_is_never_negative_nor_nan_and_zero_at_equality(a: float, b: float) -> None:
    assert bernoulli_kl(a, b) >= 0.0
    assert bernoulli_kl(a, a) == 0.0


def test_bernoulli_kl_is_exact_at_the_edges() -> None:
    assert bernoulli_kl(0.0, 0.25) == pytest.approx(-math.log(0.75))
    assert bernoulli_kl(1.0, 0.25) == pytest.approx(-math.log(0.25))
    assert bernoulli_kl(0.5, 0.0) == math.inf == bernoulli_kl(0.5, 1.0)
    assert bernoulli_kl(1.0, 0.0) == math.inf == bernoulli_kl(0.0, 1.0)
    assert bernoulli_kl(1.0, 5e-324) == pytest.approx(-math.log(5e-324))


def test_bernoulli_kl_broadcasts() -> None:
    values = bernoulli_kl(np.array([0.0, 0.5, 0.9]), 0.05)
    assert values.tolist() == [bernoulli_kl(p, 0.05) for p in (0.0, 0.5, 0.9)]
    assert type(bernoulli_kl(0.5, 0.05)) is float


@given(distributions(4), distributions(4), st.sets(st.integers(0, 3), min_size=1, max_size=3))
def test_no_event_diverges_more_than_the_distributions(p: FloatArray, q: FloatArray, event: set[int]) -> None:
    """Theorem 2: the Bernoulli projection on an event A is a lower bound on KL(P‖Q)."""
    chosen = sorted(event)
    assert kl_divergence(p, q) >= bernoulli_kl(p[chosen].sum(), q[chosen].sum()) - 1e-12


@given(distributions(4), st.floats(0.01, 0.99))
def test_the_projection_bound_is_attained(q: FloatArray, target: float) -> None:
    """Theorem 2: rescaling Q inside and outside A reaches the bound."""
    event = q[:2].sum()
    projected = np.concatenate((q[:2] * target / event, q[2:] * (1 - target) / (1 - event)))
    assert kl_divergence(projected, q) == pytest.approx(bernoulli_kl(target, event), abs=1e-9)


def test_kl_divergence_edges() -> None:
    assert kl_divergence([0.5, 0.5, 0.0], [0.5, 0.0, 0.5]) == math.inf
    assert kl_divergence([1.0, 0.0], [0.5, 0.5]) == pytest.approx(math.log(2))
    with pytest.raises(ConfigError, match="one shape"):
        kl_divergence([1.0], [0.5, 0.5])


# ---- bits-to-trust


def test_the_worked_example_of_the_paper_corrected() -> None:
    """p̃ = 0.05, p = 0.9: 2.376 nats = 3.43 bits (printed: 2.25 and 3.2)."""
    assert nats_to_trust(0.9, 0.05) == pytest.approx(2.376, abs=5e-4)
    assert bits_to_trust(0.9, 0.05) == pytest.approx(3.428, abs=5e-4)


@given(probability, probability)
def test_trust_costs_nothing_once_reached(p: float, p0: float) -> None:
    assert nats_to_trust(p, p0) == (0.0 if p0 >= p else bernoulli_kl(p, p0))


def test_trust_from_an_impossible_prior_costs_infinitely_much() -> None:
    assert nats_to_trust(0.5, 0.0) == math.inf
    assert nats_to_trust(0.0, 0.0) == 0.0


@given(st.floats(0.001, 0.2), st.floats(1e-9, 1e-3))
def test_rare_events_cost_their_log_rarity(epsilon: float, q: float) -> None:
    """EDFL's rare-event rate: (1 − ε) ln(1/q) up to the entropy of ε and O(q)."""
    leading = (1 - epsilon) * math.log(1 / q)
    assert nats_to_trust(1 - epsilon, q) == pytest.approx(leading - binary_entropy(epsilon), abs=2 * q)


# ---- intervals


def binomial_tail(n: int, p: float, at_least: int) -> float:
    return sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(at_least, n + 1))


@given(st.data(), st.integers(1, 40), st.sampled_from([0.8, 0.95, 0.99]))
def test_clopper_pearson_ends_leave_half_the_risk_in_each_tail(data: st.DataObject, n: int, confidence: float) -> None:
    k = data.draw(st.integers(0, n))
    interval = clopper_pearson(k, n, confidence)
    tail = (1 - confidence) / 2
    assert 0.0 <= interval.low <= k / n <= interval.high <= 1.0
    if k > 0:
        assert binomial_tail(n, interval.low, k) == pytest.approx(tail, rel=1e-6)
    if k < n:
        assert 1 - binomial_tail(n, interval.high, k + 1) == pytest.approx(tail, rel=1e-6)


def test_none_of_n_is_not_a_probability_of_zero() -> None:
    interval = clopper_pearson(0, 400)
    assert interval.low == 0.0
    assert interval.high == pytest.approx(1 - 0.025 ** (1 / 400))
    assert clopper_pearson(400, 400).high == 1.0
    assert nats_to_trust(0.9, interval.high) < math.inf == nats_to_trust(0.9, 0 / 400)


@pytest.mark.parametrize(("k", "n", "confidence"), [(-1, 5, 0.9), (6, 5, 0.9), (0, 0, 0.9), (1, 2, 0.0), (1, 2, 1.0)])
def test_clopper_pearson_refuses_impossible_counts(k: int, n: int, confidence: float) -> None:
    with pytest.raises(ConfigError):
        clopper_pearson(k, n, confidence)


@given(intervals(), intervals())
def test_divergence_interval_holds_and_is_reached_on_a_grid(p: Interval, p0: Interval) -> None:
    a = np.linspace(p.low, p.high, 41)[:, None]
    b = np.linspace(p0.low, p0.high, 41)[None, :]
    grid = bernoulli_kl(np.broadcast_to(a, (41, 41)), np.broadcast_to(b, (41, 41)))
    bounds = divergence_interval(p, p0)
    assert bounds.low <= grid.min() + 1e-12
    assert bounds.high == grid.max()
    if p.high < p0.low or p0.high < p.low:
        assert bounds.low == grid.min()


def test_overlapping_intervals_may_hide_no_divergence_at_all() -> None:
    """The corners alone give 0.021 nats here, and none of them is the minimum."""
    p, p0 = Interval(0.4, 0.6), Interval(0.5, 0.9)
    corners = [bernoulli_kl(a, b) for a in (0.4, 0.6) for b in (0.5, 0.9)]
    assert min(corners) > 0.02
    assert divergence_interval(p, p0).low == 0.0


@given(probability, intervals())
def test_trust_interval_covers_every_prior(p: float, p0: Interval) -> None:
    bounds = trust_interval(p, p0)
    values = [nats_to_trust(p, float(prior)) for prior in np.linspace(p0.low, p0.high, 21)]
    assert bounds == Interval(min(values), max(values))


def test_an_interval_the_wrong_way_round_is_refused() -> None:
    for low, high in ((0.5, 0.4), (math.nan, 1.0), (0.0, math.nan)):
        with pytest.raises(ConfigError, match="low ≤ high"):
            Interval(low, high)
