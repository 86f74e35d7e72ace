"""Fano's bound, its inverse, its slack, and routing efficiency."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.errors import ConfigError
from guardbind.information import (
    binary_entropy,
    entropy,
    fano_information,
    fano_inverse,
    fano_slack,
    mutual_information,
    nats_to_bits,
    routing_efficiency,
    sdpi_bound,
    unused_information,
)
from guardbind.information.numeric import FloatArray

sizes = st.integers(2, 60)


@st.composite
def joints(draw: st.DrawFn, *, uniform: bool) -> FloatArray:
    """Random joint tables with zeros; rows V, columns Y."""
    m = draw(st.integers(2, 5))
    row = st.lists(st.integers(0, 9), min_size=m, max_size=m).filter(any)
    table: FloatArray = np.array([draw(row) for _ in range(m)], dtype=float)
    joint: FloatArray = table / (table.sum(axis=1, keepdims=True) * m if uniform else table.sum())
    return joint


def symmetric(m: int, error: float) -> FloatArray:
    """The joint of a uniform V through the M-ary symmetric channel."""
    joint: FloatArray = ((1 - error) * np.eye(m) + error / (m - 1) * (1 - np.eye(m))) / m
    return joint


# ---- the bound


@given(joints(uniform=True))
def test_fano_is_a_lower_bound_for_uniform_values(joint: FloatArray) -> None:
    error = 1 - np.trace(joint)
    assert mutual_information(joint) >= fano_information(error, len(joint)) - 1e-9


@given(sizes, st.floats(0.0, 1.0))
def test_the_symmetric_channel_attains_it(m: int, error: float) -> None:
    assert mutual_information(symmetric(m, error)) == pytest.approx(fano_information(error, m), abs=1e-9)


@given(sizes, st.floats(0.0, 1.0))
def test_the_bound_is_its_formula(m: int, error: float) -> None:
    formula = math.log(m) - binary_entropy(error) - error * math.log(m - 1)
    assert fano_information(error, m) == pytest.approx(formula, abs=1e-12)


@given(sizes)
def test_the_bound_runs_from_everything_to_nothing(m: int) -> None:
    assert fano_information(0.0, m) == math.log(m)
    assert fano_information(1 - 1 / m, m) == pytest.approx(0.0, abs=1e-12)
    falling = fano_information(np.linspace(0.0, 1 - 1 / m, 50), m)
    assert (np.diff(falling) < 0).all()


def test_a_derangement_errs_always_and_keeps_everything() -> None:
    """High error does not bound the information from above: the draft reads the inequality backwards."""
    joint = np.roll(np.eye(4), 1, axis=1) / 4
    assert np.trace(joint) == 0.0
    assert mutual_information(joint) == pytest.approx(math.log(4))
    assert fano_information(1.0, 4) == pytest.approx(math.log(4 / 3))


# ---- the inverse


@given(sizes, st.floats(0.0, 1.0))
def test_the_inverse_agrees_with_a_grid(m: int, share: float) -> None:
    nats = share * math.log(m)
    error = fano_inverse(nats, m)
    assert 0.0 <= error <= 1 - 1 / m
    assert fano_information(error, m) == pytest.approx(nats, abs=1e-9)
    grid = np.linspace(0.0, 1 - 1 / m, 2001)
    compatible = grid[fano_information(grid, m) <= nats + 1e-12]
    assert compatible[0] - grid[1] - 1e-6 <= error <= compatible[0] + 1e-6


@given(sizes, st.floats(0.0, 0.95))
def test_the_inverse_undoes_the_bound(m: int, share: float) -> None:
    error = share * (1 - 1 / m)
    assert fano_inverse(fano_information(error, m), m) == pytest.approx(error, abs=1e-6)


@given(joints(uniform=True))
def test_no_channel_errs_less_than_its_information_allows(joint: FloatArray) -> None:
    assert 1 - np.trace(joint) >= fano_inverse(mutual_information(joint), len(joint)) - 1e-6


def test_the_inverse_at_its_ends() -> None:
    assert fano_inverse(math.log(4), 4) == 0.0 == fano_inverse(10.0, 4)
    assert fano_inverse(0.0, 4) == pytest.approx(0.75, abs=1e-6)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ConfigError, match="m is 1"):
        fano_information(0.5, 1)
    for nats in (-0.1, math.nan, math.inf):
        with pytest.raises(ConfigError, match="information is"):
            fano_inverse(nats, 4)


# ---- Proposition 3


@given(st.booleans().flatmap(lambda uniform: joints(uniform=uniform)))
def test_the_decomposition_is_exact_on_any_table(joint: FloatArray) -> None:
    slack = fano_slack(joint)
    total = slack.fano - slack.prior_deficit + slack.uneven_errors + slack.uneven_wrong_values
    assert slack.information == pytest.approx(total, abs=1e-9)
    # Independent of the code under test: I = H(V) + H(Y) − H(V,Y).
    by_entropy = entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=0)) - entropy(joint)
    assert slack.information == pytest.approx(by_entropy, abs=1e-9)
    assert min(slack.fano, slack.prior_deficit, slack.uneven_errors, slack.uneven_wrong_values) >= 0.0


@given(joints(uniform=True))
def test_the_brackets_are_the_conditional_entropies(joint: FloatArray) -> None:
    m, outputs = len(joint), joint.sum(axis=0)
    error = 1 - np.trace(joint)
    h_error = sum(p * binary_entropy(1 - joint[y, y] / p) for y, p in enumerate(outputs) if p > 0)
    h_wrong = 0.0
    for y in range(m):
        wrong = np.delete(joint[:, y], y)
        if wrong.sum() > 0:
            h_wrong += wrong.sum() * entropy(wrong / wrong.sum())
    slack = fano_slack(joint)
    assert slack.uneven_errors == pytest.approx(binary_entropy(error) - h_error, abs=1e-7)
    assert slack.uneven_wrong_values == pytest.approx(error * math.log(m - 1) - h_wrong, abs=1e-9)
    assert slack.prior_deficit == pytest.approx(0.0, abs=1e-9)


def test_each_bracket_has_its_cause() -> None:
    even = fano_slack(symmetric(4, 0.3))
    assert (even.uneven_errors, even.uneven_wrong_values) == pytest.approx((0.0, 0.0), abs=1e-12)
    one_competitor = fano_slack((0.7 * np.eye(4) + 0.3 * np.roll(np.eye(4), 1, axis=1)) / 4)
    assert one_competitor.uneven_errors == pytest.approx(0.0, abs=1e-12)
    assert one_competitor.uneven_wrong_values == pytest.approx(0.3 * math.log(3))
    one_bad_output = fano_slack(np.array([[0.5, 0.0], [0.2, 0.3]]))
    assert one_bad_output.uneven_errors > 0.05
    assert one_bad_output.uneven_wrong_values == 0.0


def test_counts_and_probabilities_decompose_alike() -> None:
    counts = np.array([[8, 1, 1], [2, 6, 2], [0, 5, 5]])
    assert fano_slack(counts) == fano_slack(counts / counts.sum())
    with pytest.raises(ConfigError, match="square"):
        fano_slack(np.ones((2, 3)))


# ---- the paper's numbers


@pytest.mark.parametrize(
    ("row", "candidate_accuracy", "probe_accuracy", "used", "available", "ratio"),
    [
        ("competing_vars 256", 0.255, 0.739, 0.445, 2.322, 0.192),
        ("competing_vars 512", 0.000, 0.390, 0.020, 0.869, 0.023),
        ("primacy_recency 256", 0.074, 0.354, 0.044, 0.748, 0.059),
        ("primacy_recency 512", 0.000, 0.124, 0.020, 0.128, 0.158),
    ],
)
def test_the_routing_efficiency_of_the_paper_reproduces(
    row: str, candidate_accuracy: float, probe_accuracy: float, used: float, available: float, ratio: float
) -> None:
    phi_used, phi_probe = fano_information(1 - candidate_accuracy, 50), fano_information(1 - probe_accuracy, 50)
    assert phi_used == pytest.approx(used, abs=5.1e-4), row
    assert phi_probe == pytest.approx(available, abs=5.1e-4), row
    assert routing_efficiency(phi_used, phi_probe) == pytest.approx(ratio, abs=5.1e-4), row


def test_the_printed_0_45_nats_are_those_of_51_candidates() -> None:
    assert round(fano_information(0.745, 50), 2) == 0.44
    assert round(fano_information(0.745, 51), 2) == 0.45


def test_perfect_choice_among_four_options_is_log_four() -> None:
    assert fano_information(0.0, 4) == pytest.approx(1.386, abs=5e-4)


# ---- routing


def test_efficiency_of_lower_bounds_is_no_bound() -> None:
    """A derangement uses everything, yet Fano over Fano says that it uses almost nothing."""
    certified_share = routing_efficiency(fano_information(1.0, 50), fano_information(0.1, 50))
    assert certified_share < 0.01
    with pytest.raises(ConfigError, match="available is 0"):
        routing_efficiency(0.1, 0.0)
    with pytest.raises(ConfigError):
        routing_efficiency(-0.1, 1.0)


def test_unused_information_needs_an_upper_bound_on_the_output() -> None:
    # A constant output carries nothing: its entropy is the upper bound.
    assert unused_information(fano_information(0.261, 50), entropy([1.0])) == pytest.approx(2.322, abs=1e-3)
    assert unused_information(0.5, math.log(50)) == 0.0


@given(joints(uniform=True), st.data())
def test_processing_never_adds_information(joint: FloatArray, data: st.DataObject) -> None:
    """Propositions 1 and 4, on V → H → Y with Y a function of H and any probe f(H)."""
    m = len(joint)
    maps = st.lists(st.integers(0, m - 1), min_size=m, max_size=m)
    output, probe = (joint @ np.eye(m)[data.draw(maps)] for _ in range(2))
    available = mutual_information(joint)
    assert mutual_information(output) <= available + 1e-12
    gap = available - mutual_information(output)
    assert unused_information(mutual_information(probe), mutual_information(output)) <= gap + 1e-12


# ---- contraction


def through(joint: FloatArray, channel: FloatArray) -> float:
    return mutual_information(joint @ channel)


@given(joints(uniform=False), st.floats(0.0, 1.0))
def test_erasure_contracts_by_exactly_its_copy_rate(joint: FloatArray, alpha: float) -> None:
    m = len(joint)
    erasure = np.hstack((alpha * np.eye(m), np.full((m, 1), 1 - alpha)))
    assert through(joint, erasure) == pytest.approx(sdpi_bound(mutual_information(joint), [alpha]), abs=1e-12)


@given(joints(uniform=False), st.floats(0.0, 1.0), st.data())
def test_copy_or_noise_contracts_at_least_that_much(joint: FloatArray, alpha: float, data: st.DataObject) -> None:
    m = len(joint)
    weights = np.array(data.draw(st.lists(st.floats(0.01, 1.0), min_size=m, max_size=m)))
    channel = alpha * np.eye(m) + (1 - alpha) * weights / weights.sum()
    assert through(joint, channel) <= sdpi_bound(mutual_information(joint), [alpha]) + 1e-12


@given(st.lists(st.floats(0.0, 0.5), min_size=1, max_size=4))
def test_a_chain_contracts_by_the_product(flips: list[float]) -> None:
    """The contraction coefficient of a binary symmetric channel is (1 − 2e)²."""
    chain = np.eye(2)
    for e in flips:
        chain = chain @ np.array([[1 - e, e], [e, 1 - e]])
    bound = sdpi_bound(math.log(2), [(1 - 2 * e) ** 2 for e in flips])
    assert through(np.eye(2) / 2, chain) <= bound + 1e-12


def test_the_counterexample_to_proposition_5() -> None:
    """A fair bit, copied with probability ½ and else replaced by a fair bit, keeps 0.189 bit, not 0.5."""
    channel = 0.5 * np.eye(2) + 0.5 * np.full((2, 2), 0.5)
    assert nats_to_bits(through(np.eye(2) / 2, channel)) == pytest.approx(0.189, abs=5e-4)
    assert nats_to_bits(sdpi_bound(math.log(2), [0.5])) == pytest.approx(0.5)


def test_contraction_refuses_what_does_not_contract() -> None:
    with pytest.raises(ConfigError, match="coefficients"):
        sdpi_bound(1.0, [0.5, 1.5])
    assert sdpi_bound(1.0, []) == 1.0
