"""What is said of a distribution that was returned in part holds for the whole one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.errors import ConfigError
from guardbind.information import Interval
from guardbind.information.budget import Budget, margin_interval
from guardbind.information.evidence import evidence_bits, signed_divergence
from guardbind.information.partial import (
    PartialDistribution,
    bits_interval,
    decide,
    observed_interval,
    required_interval,
)

SLACK = 1e-9
logits = st.lists(st.floats(-12, 12), min_size=4, max_size=24)


def whole(values: list[float]) -> np.ndarray:
    array = np.array(values)
    return np.asarray(array - np.logaddexp.reduce(array))


def sieved(logprobs: np.ndarray, k: int, *, places: int | None = None) -> PartialDistribution:
    order = np.argsort(-logprobs, kind="stable")[:k]
    kept = {int(token): float(logprobs[token]) for token in order}
    if places is None:
        return PartialDistribution(kept, whole=k >= len(logprobs))
    rounded = {token: min(0.0, round(value, places)) for token, value in kept.items()}
    return PartialDistribution(rounded, whole=k >= len(logprobs), rounding=10.0**-places)


def holds(interval: Interval, value: float) -> bool:
    return interval.low - SLACK <= value <= interval.high + SLACK


@given(logits, st.integers(1, 20), st.sets(st.integers(0, 23), min_size=1, max_size=6), st.sampled_from([None, 2, 4]))
def test_ranges_hold_the_exact_value_at_every_k(
    values: list[float], k: int, forms: set[int], places: int | None
) -> None:
    exact = whole(values)
    inside = sorted(form for form in forms if form < len(exact))
    outside = [token for token in range(len(exact)) if token not in forms]
    if not inside or not outside:
        return
    seen = sieved(exact, min(k, len(exact)), places=places)
    assert holds(seen.mass(inside), float(np.exp(exact[inside]).sum()))
    assert holds(seen.best(inside), float(exact[inside].max()))
    assert holds(seen.best_outside(inside), float(exact[outside].max()))
    assert holds(seen.gate_gap(inside), float(exact[inside].max() - exact[outside].max()))
    target, others = inside[:1], inside[1:]
    if others:
        assert holds(seen.value_gap(target, others), float(exact[target].max() - exact[others].max()))


@given(logits, st.integers(1, 20), st.sets(st.integers(0, 23), min_size=1, max_size=6))
def test_tokens_that_were_asked_for_bound_the_others_by_what_they_leave(
    values: list[float], k: int, forms: set[int]
) -> None:
    exact = whole(values)
    asked = list(range(min(k, len(exact) - 1)))
    seen = PartialDistribution({token: float(exact[token]) for token in asked}, ranked=False)
    inside = sorted(form for form in forms if form < len(exact))
    if inside:
        assert holds(seen.mass(inside), float(np.exp(exact[inside]).sum()))
        assert holds(seen.best(inside), float(exact[inside].max()))


@given(logits, logits, st.integers(1, 20), st.sets(st.integers(0, 3), min_size=1), st.sampled_from([0.5, 0.75, 0.95]))
def test_bits_and_budgets_hold_the_exact_ones(
    full: list[float], null: list[float], k: int, forms: set[int], tau: float
) -> None:
    exact = [whole(full), whole(null)]
    p1, p0 = (sieved(each, min(k, len(each))).mass(forms) for each in exact)
    q1, q0 = (min(1.0, float(np.exp(each[sorted(forms)]).sum())) for each in exact)
    assert holds(bits_interval(p1, p0), evidence_bits(q1, q0))
    assert holds(observed_interval(p1, p0), signed_divergence(q1, q0))
    assert holds(required_interval(p0, tau), Budget(q1, q0, tau).required_nats)
    margin = margin_interval(p1, p0, tau)
    exactly = Budget(q1, q0, tau).margin_nats
    assert holds(margin, exactly)
    if abs(exactly) > 1e-6:
        assert decide(margin, 0.0) in ("undecided", "yes" if exactly >= 0 else "no")


def test_more_tokens_never_widen_a_range() -> None:
    exact = whole([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    widths = [seen.high - seen.low for seen in (sieved(exact, k).mass([0, 3]) for k in range(1, 7))]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(0.0, abs=1e-5)


def test_a_whole_distribution_decides_everything() -> None:
    exact = whole([3.0, 1.0, 0.0])
    seen = sieved(exact, 3)
    assert seen.rest == 0.0
    assert seen.gate_gap([0]).low == pytest.approx(2.0, abs=1e-5)


def test_texts_that_may_stand_for_several_ids_are_not_counted() -> None:
    seen = PartialDistribution({" a": math.log(0.5), " b": math.log(0.1)}, unique=False)
    assert seen.mass([" a"]).high == pytest.approx(0.9, abs=1e-5)
    assert PartialDistribution({" a": math.log(0.5), " b": math.log(0.1)}).mass([" a"]).high == pytest.approx(
        0.5, abs=1e-5
    )


@given(logits, st.integers(1, 12), st.sets(st.integers(0, 23), max_size=6), st.sets(st.integers(0, 23), min_size=1))
def test_tokens_that_were_asked_for_beside_a_ranking_bound_no_other_token(
    values: list[float], k: int, asked: set[int], forms: set[int]
) -> None:
    exact = whole(values)
    k = min(k, len(exact) - 1)
    ranking = sieved(exact, k).logprobs
    further = {token: float(exact[token]) for token in asked if token < len(exact)}
    seen = PartialDistribution({**ranking, **further}, cut=min(ranking.values()))
    inside = sorted(form for form in forms if form < len(exact))
    outside = [token for token in range(len(exact)) if token not in forms]
    if inside and outside:
        assert holds(seen.mass(inside), float(np.exp(exact[inside]).sum()))
        assert holds(seen.best(inside), float(exact[inside].max()))
        assert holds(seen.best_outside(inside), float(exact[outside].max()))


def test_a_text_that_another_of_its_spelling_took_the_place_of_is_known_from_below_only() -> None:
    # The server returned a mapping, in which the less likely of two tokens was written over the likelier.
    seen = PartialDistribution({"a": math.log(0.05), "b": math.log(0.1)}, ranked=False, unique=False)
    assert holds(seen.best({"a"}), math.log(0.8))
    assert holds(seen.mass({"a"}), 0.85)


@pytest.mark.parametrize(
    "logprobs", [{}, {"a": 0.5}, {"a": math.nan}, {"a": math.log(0.7), "b": math.log(0.7)}], ids=str
)
def test_what_is_no_distribution_is_refused(logprobs: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        PartialDistribution(logprobs)
