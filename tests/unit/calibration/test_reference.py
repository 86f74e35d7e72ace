"""What is kept of a sample: order statistics below which further values fall as often as their ranks say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from log_records import a_slot
from pydantic import ValidationError
from scipy.stats import binom

from guardbind.calibration.reference import ReferenceSample, SignalReference
from guardbind.calibration.signals import NAMES, SIGNALS, signals_of
from guardbind.errors import ConfigError
from guardbind.events.records import BudgetRecord


@pytest.mark.parametrize("coarse", [False, True])
def test_a_further_value_lies_below_a_kept_one_as_often_as_its_rank_says(coarse: bool) -> None:
    rng = np.random.default_rng(5)
    trials, n = 3000, 9
    below = np.zeros(n)
    for seed in range(trials):
        drawn = rng.normal(size=n + 1)
        # Rounded, many are equal; and some are not measured.
        values = [None if coarse and value < -1 else float(np.round(value) if coarse else value) for value in drawn]
        reference = SignalReference.of("margin", values[:n], seed=seed)
        last = (-math.inf if values[n] is None else values[n], rng.random())
        places = [rank - 1 for rank in reference.ranks]
        below[places] += [last < edge for edge in reference.edges]
        assert reference.ranks == tuple(range(1, n + 1))
    expected = np.arange(1, n + 1) / (n + 1)
    assert (binom.ppf(1e-4, trials, expected) <= below).all()
    assert (below <= binom.ppf(1 - 1e-4, trials, expected)).all()


@pytest.mark.parametrize("n", [1, 2, 50, 1234])
def test_the_gaps_are_those_of_the_sample(n: int) -> None:
    reference = SignalReference.of("margin", np.random.default_rng(0).normal(size=n))
    assert sum(reference.gaps) == n + 1
    assert min(reference.gaps) >= 1
    assert SignalReference.model_validate_json(reference.model_dump_json()) == reference


def test_what_was_not_measured_comes_first() -> None:
    reference = SignalReference.of("margin", [math.nan, 3.0, math.inf, None, 1.0])
    assert reference.quantiles == (None, None, None, 1.0, 3.0)
    assert (reference.n, reference.missing) == (5, 3)
    with pytest.raises(ConfigError, match="no values"):
        SignalReference.of("margin", [])


@pytest.mark.parametrize(
    "change",
    [
        {"ranks": (2, 1)},
        {"ranks": (1, 9)},
        {"ties": (0.5,)},
        {"quantiles": (2.0, 1.0)},
        {"quantiles": (1.0, None)},
        {"quantiles": (1.0, math.inf)},
        {"missing": 3},
    ],
)
def test_a_reference_that_does_not_fit_together_is_refused(change: dict[str, object]) -> None:
    data = {"name": "margin", "n": 2, "missing": 0, "ranks": (1, 2), "quantiles": (1.0, 2.0), "ties": (0.5, 0.5)}
    assert SignalReference.model_validate(data).gaps == (1, 1, 1)
    with pytest.raises(ValidationError):
        SignalReference.model_validate({**data, **change})


def test_of_a_long_log_a_random_part_is_kept() -> None:
    sample = ReferenceSample(size=100, seed=3)
    for number in range(1000):
        sample.add({"margin": float(number)})
    found = {reference.name: reference for reference in sample.references()}
    assert sorted(found) == sorted(NAMES)
    assert (found["margin"].n, found["margin"].missing, found["gate_gap"].missing) == (100, 0, 100)
    median = found["margin"].quantiles[len(found["margin"].quantiles) // 2]
    assert median is not None
    assert 300 < median < 700
    assert ReferenceSample().references() == ()


def test_the_signals_of_a_slot_are_those_that_were_measured() -> None:
    def budget(margin: float) -> BudgetRecord:
        return BudgetRecord(null="mask", p1=0, p0=0, tau=0.9, observed_bits=0, required_bits=0, margin_bits=margin)

    bare = a_slot(gate_gap=None, evidence_bits=math.inf, entropy_bits=math.nan)
    assert set(signals_of(bare)) == {"value_gap", "target_score", "margin", "max_probability"}
    own = signals_of(a_slot(budget=budget(-1.0)))
    assert (own["budget_margin_bits"], own["final_margin_bits"]) == (-1.0, -1.0)
    written = signals_of(a_slot(budget=budget(-1.0), final_budget=budget(2.0), question_lead=0.5))
    assert (written["budget_margin_bits"], written["final_margin_bits"]) == (-1.0, 2.0)
    assert set(written) == set(NAMES)
    assert {name for name, signal in SIGNALS.items() if signal.suspicious == "high"} == {"entropy_bits"}
