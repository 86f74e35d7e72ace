"""Signed budgets, envelopes and certificates."""

from __future__ import annotations

import itertools
import math
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import guardbind.information.budget as budget_module
from guardbind.errors import ConfigError
from guardbind.information import Interval, bernoulli_kl, bits_to_trust, clopper_pearson
from guardbind.information.budget import Budget, certify, envelope, margin_interval, published_rule
from guardbind.information.evidence import evidence_bits, evidence_bits_from_logprobs, signed_divergence

probability = st.floats(0.0, 1.0)
# Away from the edges, so that a gap of 1e-4 in probability is far above rounding in nats.
inside = st.floats(1e-3, 1.0 - 1e-3)
reliability = st.floats(0.01, 0.99)


def apart(*values: float) -> bool:
    ordered = sorted(values)
    return all(b - a > 1e-4 for a, b in itertools.pairwise(ordered))


def test_exports_are_sorted_and_exist() -> None:
    constants = [name for name in budget_module.__all__ if name.isupper()]
    others = [name for name in budget_module.__all__ if not name.isupper()]
    assert budget_module.__all__ == sorted(constants) + sorted(others)
    assert all(hasattr(budget_module, name) for name in budget_module.__all__)


# ---- evidence bits


@pytest.mark.parametrize(("p1", "p0", "bits"), [(0.8, 0.1, 3.0), (0.1, 0.8, -3.0), (0.4, 0.4, 0.0)])
def test_evidence_bits_count_halvings(p1: float, p0: float, bits: float) -> None:
    assert evidence_bits(p1, p0) == pytest.approx(bits)


def test_evidence_bits_at_zero_are_infinite_unless_a_floor_is_given() -> None:
    assert evidence_bits(0.5, 0.0) == math.inf
    assert evidence_bits(0.0, 0.5) == -math.inf
    assert evidence_bits(0.0, 0.0) == 0.0
    assert evidence_bits(0.5, 0.0, floor=0.125) == pytest.approx(2.0)
    assert evidence_bits(1e-9, 1e-12, floor=1e-6) == 0.0


@given(probability, probability)
def test_evidence_bits_are_antisymmetric(p1: float, p0: float) -> None:
    assert evidence_bits(p1, p0) == -evidence_bits(p0, p1)


@given(st.floats(-700.0, 0.0), st.floats(-700.0, 0.0))
def test_evidence_bits_agree_with_logprobs(lp1: float, lp0: float) -> None:
    assert evidence_bits_from_logprobs(lp1, lp0) == pytest.approx(evidence_bits(math.exp(lp1), math.exp(lp0)), abs=1e-6)


def test_logprobs_outlive_underflow() -> None:
    assert evidence_bits_from_logprobs(0.0, -1000.0) == pytest.approx(1000 / math.log(2))
    assert evidence_bits_from_logprobs(-1.0, -math.inf) == math.inf
    assert evidence_bits_from_logprobs(-math.inf, -math.inf) == 0.0
    # log_softmax in float32 may end a little above 0.
    assert evidence_bits_from_logprobs(1e-7, 0.0) == 0.0


def test_evidence_bits_take_arrays() -> None:
    assert evidence_bits(np.array([0.8, 0.0]), 0.1).tolist() == pytest.approx([3.0, -math.inf])
    bits = evidence_bits_from_logprobs(np.log([0.8, 0.1]), np.log([0.1, 0.8]))
    assert bits.tolist() == pytest.approx([3.0, -3.0])
    assert type(evidence_bits(0.8, 0.1)) is float


@pytest.mark.parametrize("bad", [math.nan, 0.1, math.inf])
def test_logits_are_no_logprobs(bad: float) -> None:
    with pytest.raises(ConfigError, match="lp0_nats"):
        evidence_bits_from_logprobs(-1.0, bad)


# ---- signed divergence


@given(probability, probability)
def test_signed_divergence_has_the_size_of_the_divergence_and_the_sign_of_the_change(p1: float, p0: float) -> None:
    value = signed_divergence(p1, p0)
    assert abs(value) == bernoulli_kl(p1, p0)
    if value:
        assert math.copysign(1.0, value) == math.copysign(1.0, p1 - p0)


@given(probability, probability, probability)
def test_signed_divergence_rises_with_p1_and_falls_with_p0(a: float, b: float, other: float) -> None:
    low, high = sorted((a, b))
    assert signed_divergence(low, other) <= signed_divergence(high, other) + 1e-12
    assert signed_divergence(other, high) <= signed_divergence(other, low) + 1e-12


def test_signed_divergence_at_the_edges_and_on_arrays() -> None:
    assert signed_divergence(0.5, 0.0) == math.inf
    assert signed_divergence(0.5, 1.0) == -math.inf
    assert signed_divergence(0.0, 0.0) == 0.0 == signed_divergence(1.0, 1.0)
    assert signed_divergence(np.array([0.9, 0.01]), 0.5).tolist() == [
        signed_divergence(0.9, 0.5),
        signed_divergence(0.01, 0.5),
    ]


# ---- the published rule, and what is wrong with it


@given(inside, inside, reliability)
def test_the_published_rule_collapses_to_a_threshold(p1: float, p0: float, tau: float) -> None:
    assume(p0 < min(p1, tau) and apart(p1, p0, tau))
    assert published_rule(p1, p0, tau) == (p1 >= tau)


def test_the_collapse_has_no_exception_in_200_000_random_triples() -> None:
    p1, p0, tau = np.random.default_rng(0).random((3, 200_000))
    passes = bernoulli_kl(p1, p0) >= bernoulli_kl(tau, p0)
    below = p0 < np.minimum(p1, tau)
    assert (passes[below] == (p1 >= tau)[below]).all()
    # Evidence that lowers the belief passes in about half of the cases, and always where only p0 reaches tau.
    lowered = (p1 < p0) & (p0 < tau)
    assert 0.4 < passes[lowered].mean() < 0.6
    assert passes[(p0 >= tau) & (tau > p1)].all()


@given(inside, inside, reliability)
def test_only_the_published_rule_passes_on_contradicting_evidence(p1: float, p0: float, tau: float) -> None:
    assume(p1 < p0 and apart(p1, p0))
    assert not Budget(p1, p0, tau).sufficient
    if p0 >= tau > p1 and apart(p1, tau):
        assert published_rule(p1, p0, tau)


@pytest.mark.parametrize(
    ("p1", "p0", "tau", "unsigned", "required", "published", "signed"),
    [
        (0.01, 0.5, 0.95, 0.637, 0.495, True, False),
        (0.05, 0.5, 0.75, 0.495, 0.131, True, False),
        (0.995, 0.99, 0.95, 0.0015, 0.041, False, True),
    ],
)
def test_the_three_cases_of_the_audit(
    p1: float, p0: float, tau: float, unsigned: float, required: float, published: bool, signed: bool
) -> None:
    assert bernoulli_kl(p1, p0) == pytest.approx(unsigned, abs=5e-4)
    assert bernoulli_kl(tau, p0) == pytest.approx(required, abs=5e-4)
    assert published_rule(p1, p0, tau) is published
    assert Budget(p1, p0, tau).sufficient is signed


# ---- Budget


def test_the_worked_budget() -> None:
    budget = Budget(p1=0.95, p0=0.05, tau=0.9)
    assert budget.required_nats == pytest.approx(2.376, abs=5e-4)
    assert budget.required_bits == pytest.approx(3.43, abs=5e-3) == bits_to_trust(0.9, 0.05)
    assert budget.observed_nats == bernoulli_kl(0.95, 0.05)
    assert budget.margin_bits == pytest.approx(budget.observed_bits - budget.required_bits)
    assert budget.sufficient
    assert budget.trivial


@given(inside, inside, reliability)
def test_a_budget_suffices_exactly_when_p1_reaches_both_the_null_and_the_target(
    p1: float, p0: float, tau: float
) -> None:
    assume(apart(p1, max(p0, tau)))
    budget = Budget(p1, p0, tau)
    assert budget.sufficient == (p1 >= max(p0, tau))
    assert budget.trivial == (p1 >= tau)
    # It can only be stricter than the baseline that it is shown beside.
    assert budget.trivial or not budget.sufficient


@given(probability, probability, reliability)
def test_a_budget_is_its_definition_and_never_nan(p1: float, p0: float, tau: float) -> None:
    budget = Budget(p1, p0, tau)
    assert budget.observed_nats == signed_divergence(p1, p0)
    assert budget.required_nats == (0.0 if p0 >= tau else bernoulli_kl(tau, p0))
    assert not math.isnan(budget.margin_nats)
    if math.isfinite(budget.required_nats):
        assert budget.margin_nats == budget.observed_nats - budget.required_nats
    assert budget.margin_bits == pytest.approx(budget.margin_nats / math.log(2))


@given(probability, probability, probability, reliability)
def test_the_margin_rises_with_p1(a: float, b: float, p0: float, tau: float) -> None:
    low, high = sorted((a, b))
    assert Budget(low, p0, tau).margin_nats <= Budget(high, p0, tau).margin_nats + 1e-12


@pytest.mark.parametrize(("p1", "margin"), [(0.9, math.inf), (0.75, 0.0), (0.5, -math.inf), (0.0, -math.inf)])
def test_a_prior_of_zero_gives_the_limit_of_small_priors(p1: float, margin: float) -> None:
    assert Budget(p1, 0.0, 0.75).margin_nats == margin
    tiny = Budget(p1, 1e-300, 0.75).margin_nats
    assert math.copysign(1.0, tiny) == math.copysign(1.0, margin) or tiny == margin == 0.0


def test_a_prior_of_zero_has_no_finite_budget_unless_the_caller_states_a_resolution() -> None:
    assert Budget(0.9, 0.0, 0.75).observed_nats == math.inf
    resolution = clopper_pearson(0, 200).high
    floored = Budget(0.9, 0.0, 0.75, floor=resolution)
    assert floored.observed_nats == bernoulli_kl(0.9, resolution)
    assert floored.required_nats == bernoulli_kl(0.75, resolution)
    assert floored.p0 == 0.0


@given(probability, probability, reliability, st.just(0.0) | st.floats(1e-12, 0.009))
def test_a_floor_keeps_every_verdict_about_the_target(p1: float, p0: float, tau: float, floor: float) -> None:
    raw, floored = Budget(p1, p0, tau), Budget(p1, p0, tau, floor=floor)
    if p1 >= max(p0, tau):
        assert floored.margin_nats >= -1e-12
    if p1 < tau - 1e-4:
        assert not floored.sufficient and not raw.sufficient
    if floor > 0:
        assert math.isfinite(floored.margin_nats)
    else:
        assert floored.margin_nats == raw.margin_nats


def test_a_floor_tells_no_two_probabilities_apart_below_it_or_above_its_mirror() -> None:
    assert Budget(1e-5, 1e-9, 0.5, floor=1e-3).observed_nats == 0.0
    assert Budget(0.99991, 0.99999, 0.95).sufficient is False
    assert Budget(0.99991, 0.99999, 0.95, floor=1e-3).sufficient is True
    assert Budget(0.999999, 1.0, 0.95).margin_nats == -math.inf
    assert Budget(0.999999, 1.0, 0.95, floor=1e-5).margin_nats == 0.0


@pytest.mark.parametrize("bad", [math.nan, -0.01, 1.01, math.inf])
@pytest.mark.parametrize("field", ["p1", "p0"])
def test_what_is_no_probability_is_refused_by_name(field: str, bad: float) -> None:
    with pytest.raises(ConfigError, match=f"{field} holds"):
        Budget(**{"p1": 0.5, "p0": 0.5, "tau": 0.5, field: bad})
    with pytest.raises(ConfigError, match=f"{field} holds"):
        evidence_bits(**{"p1": 0.5, "p0": 0.5, field: bad})


@pytest.mark.parametrize("tau", [0.0, 1.0, -0.5, 1.5, math.nan])
def test_tau_lies_strictly_between_0_and_1(tau: float) -> None:
    with pytest.raises(ConfigError, match="tau is"):
        Budget(0.5, 0.5, tau)
    with pytest.raises(ConfigError, match="tau is"):
        published_rule(0.5, 0.5, tau)


@pytest.mark.parametrize("floor", [-1e-9, 0.05 + 1e-9, 0.06, math.nan])
def test_a_floor_that_hides_tau_is_refused(floor: float) -> None:
    with pytest.raises(ConfigError, match="floor is"):
        Budget(0.5, 0.5, 0.95, floor=floor)


def test_a_budget_is_frozen_plain_numbers() -> None:
    budget = Budget(np.float32(0.5), 1.0 + 1e-7, 0.5)  # type: ignore[arg-type]
    assert type(budget.p1) is float
    assert budget.p0 == 1.0
    with pytest.raises(FrozenInstanceError):
        budget.p1 = 0.1  # type: ignore[misc]


# ---- intervals


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, high = sorted((draw(probability), draw(probability)))
    return Interval(low, high)


@given(intervals(), intervals(), reliability)
def test_margin_interval_covers_the_box_and_is_reached(p1: Interval, p0: Interval, tau: float) -> None:
    bounds = margin_interval(p1, p0, tau, floor=1e-4 if tau > 0.5 else 0.0)
    floor = 1e-4 if tau > 0.5 else 0.0
    margins = [
        Budget(float(a), float(b), tau, floor).margin_nats
        for a in (p1.low, (p1.low + p1.high) / 2, p1.high)
        for b in np.linspace(p0.low, p0.high, 17)
    ]
    assert bounds.low <= min(margins) + 1e-9
    assert bounds.high >= max(margins) - 1e-9
    assert any(bounds.low == m for m in margins)


def test_the_highest_null_is_not_always_the_worst() -> None:
    """Where p1 misses the target, a lower pseudo-prior leaves more to make up for."""
    budgets = envelope(0.5, {"low": 0.01, "high": 0.4}, 0.75)
    assert budgets.worst == "low"
    assert envelope(0.9, {"low": 0.01, "high": 0.4}, 0.75).worst == "high"


# ---- envelope


families = st.dictionaries(st.sampled_from(["mask", "redact", "delete", "swap"]), probability, min_size=1)


@given(probability, families, reliability)
def test_the_envelope_is_its_worst_budget(p1: float, nulls: dict[str, float], tau: float) -> None:
    result = envelope(p1, nulls, tau)
    assert dict(result.budgets) == {name: Budget(p1, p0, tau) for name, p0 in nulls.items()}
    assert result.worst_budget == result.budgets[result.worst]
    assert result.worst_budget.margin_nats == min(b.margin_nats for b in result.budgets.values())
    assert result.sufficient == all(b.sufficient for b in result.budgets.values())
    assert result.p0_range == Interval(min(nulls.values()), max(nulls.values()))


def test_an_envelope_keeps_no_hold_on_the_caller_s_mapping() -> None:
    nulls = {"mask": 0.1}
    result = envelope(0.9, nulls, 0.75)
    nulls["swap"] = 0.99
    assert list(result.budgets) == ["mask"]
    assert pickle.loads(pickle.dumps(result)) == result


def test_an_envelope_needs_a_null() -> None:
    with pytest.raises(ConfigError, match="empty"):
        envelope(0.9, {}, 0.75)


def test_an_envelope_hands_its_floor_to_every_budget() -> None:
    result = envelope(0.9, {"mask": 0.0, "swap": 0.1}, 0.75, floor=0.01)
    assert {b.floor for b in result.budgets.values()} == {0.01}


# ---- certificate


@given(probability, families, reliability)
def test_a_certificate_exists_exactly_when_every_null_is_met(p1: float, nulls: dict[str, float], tau: float) -> None:
    result = envelope(p1, nulls, tau)
    certificate = certify(result, "42", ["order_id"])
    assert (certificate is not None) == result.sufficient
    if certificate is not None:
        assert certificate.p1 >= certificate.p0 == max(nulls.values())
        assert certificate.nulls == tuple(nulls)
        assert certificate.worst in nulls


def test_at_the_target_exactly_the_certificate_still_names_the_highest_null() -> None:
    """Every margin is 0 there, whatever the pseudo-prior."""
    result = envelope(0.75, {"mask": 0.1, "swap": 0.5, "delete": 0.2}, 0.75)
    certificate = certify(result, "42", ["order_id"])
    assert certificate is not None
    assert (certificate.worst, certificate.p0) == ("swap", 0.5) == (result.worst, result.worst_budget.p0)


def test_a_certificate_says_what_was_measured() -> None:
    certificate = certify(envelope(0.97, {"mask": 0.02, "swap": 0.05}, 0.9), "A-1044", ["order", "note"])
    assert certificate is not None
    assert (certificate.value, certificate.spans, certificate.worst) == ("A-1044", ("order", "note"), "swap")
    assert (certificate.p1, certificate.p0, certificate.tau) == (0.97, 0.05, 0.9)
    for part in ("'A-1044'", "order, note", "0.97", "0.05", "mask, swap", "3.43 required", "reliability 0.9"):
        assert part in certificate.statement
    assert "without the evidence" not in certificate.statement


def test_a_value_that_needs_no_evidence_is_not_said_to_rest_on_it() -> None:
    certificate = certify(envelope(0.97, {"mask": 0.96}, 0.9), "Paris", ["fact"])
    assert certificate is not None
    assert certificate.required_bits == 0.0
    assert "shows no reliance" in certificate.statement


@pytest.mark.parametrize("spans", [[], "order"])
def test_a_certificate_names_its_spans(spans: list[str] | str) -> None:
    with pytest.raises(ConfigError, match="span id"):
        certify(envelope(0.9, {"mask": 0.1}, 0.75), "42", spans)
