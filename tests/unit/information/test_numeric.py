"""The digits that survive: against arithmetic of 60 digits, and on the safe side of a crossing."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.information import bernoulli_kl, binary_entropy, fano_information, fano_inverse, p_max
from guardbind.information.numeric import crossing

# From the smallest probabilities of a softmax to those beside 1; each is exact as a Decimal.
rare = st.floats(-40.0, -0.01).map(lambda exponent: 10.0**exponent)
chance = st.one_of(rare, st.floats(0.001, 0.999))


def exact_kl(a: float, b: float) -> float:
    with localcontext() as context:
        context.prec = 60
        p, q = Decimal(a), Decimal(b)
        return float(p * (p / q).ln() + (1 - p) * ((1 - p) / (1 - q)).ln())


@given(chance, chance)
def test_divergence_keeps_the_digits_of_rare_values(a: float, b: float) -> None:
    exact = exact_kl(a, b)
    # The two terms cancel where a and b are near; what is lost there is rounding of the terms.
    assert bernoulli_kl(a, b) == pytest.approx(exact, rel=1e-12, abs=4e-16 * max(a, b) * (1 + abs(math.log(a / b))))


@given(chance)
def test_entropy_keeps_the_digits_of_rare_values(p: float) -> None:
    with localcontext() as context:
        context.prec = 60
        x = Decimal(p)
        exact = float(-x * x.ln() - (1 - x) * (1 - x).ln())
    assert binary_entropy(p) == pytest.approx(exact, rel=1e-13)


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e6), st.floats(0.0, 1.0))
def test_a_crossing_is_two_neighbours(low: float, width: float, share: float) -> None:
    high = low + width
    edge = low + share * width
    last, first = crossing(lambda x: x < edge or x == low, low, high)
    assert first == np.nextafter(last, math.inf) or high == low
    assert (last < edge or last == low) and (first >= edge or first == high)


@given(st.floats(0.0, 3.0), rare)
def test_no_probability_above_the_largest_is_affordable(delta: float, prior: float) -> None:
    largest = p_max(delta, prior)
    assert bernoulli_kl(largest, prior) <= delta or largest == prior
    if largest < 1.0:
        assert bernoulli_kl(float(np.nextafter(largest, 1.0)), prior) > delta


@given(st.integers(2, 60), st.floats(0.0, 1.0))
def test_no_error_below_the_smallest_is_compatible(m: int, share: float) -> None:
    nats = share * math.log(m)
    smallest = fano_inverse(nats, m)
    assert fano_information(smallest, m) <= nats or smallest == 1.0 - 1.0 / m
    if smallest > 0.0:
        assert fano_information(float(np.nextafter(smallest, 0.0)), m) > nats
