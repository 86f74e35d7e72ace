"""What a calibration promises holds over many draws of its trials, and follows from them alone."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from calibrated import SETTINGS, a_calibration, an_outcome, drawn

from guardbind.calibration import acting
from guardbind.calibration.acting import acting_rules
from guardbind.calibration.applying import Ran, flags, limits_left, rule_for, runs_elsewhere
from guardbind.calibration.fit import fit_calibration
from guardbind.errors import CalibrationError

RISK, CONFIDENCE = 0.1, 0.9


@pytest.mark.parametrize("harm", [0.06, 0.1001, 0.13])
def test_a_way_above_the_risk_is_rarely_certified(harm: float) -> None:
    rng = np.random.default_rng(17)
    rounds, mistaken, certified = 300, 0, 0
    for _ in range(rounds):
        outcomes = [*drawn(rng, "choose", 120, harm), *drawn(rng, "fit", 120, harm)]
        rules = acting_rules(outcomes, risk=RISK, confidence=CONFIDENCE)
        certified += bool(rules)
        mistaken += bool(rules) and harm > RISK
    assert mistaken <= rounds * (1 - CONFIDENCE) + 3 * math.sqrt(rounds * CONFIDENCE * (1 - CONFIDENCE))
    if harm < RISK:
        assert certified > rounds * 0.2


def test_ways_share_the_chance_of_a_mistake() -> None:
    rng = np.random.default_rng(23)
    rounds, mistaken = 150, 0
    for _ in range(rounds):
        outcomes = [
            outcome
            for way in ("query", "sentence", "slot_prefix")
            for split in ("choose", "fit")
            for outcome in drawn(rng, split, 80, 0.11, way=way)
        ]
        mistaken += bool(acting_rules(outcomes, risk=RISK, confidence=CONFIDENCE))
    assert mistaken <= rounds * (1 - CONFIDENCE) + 3 * math.sqrt(rounds * CONFIDENCE * (1 - CONFIDENCE))


def test_a_coin_toss_loses_its_trust_and_a_good_way_keeps_it() -> None:
    rng = np.random.default_rng(2)
    outcomes = [o for s in ("choose", "fit") for o in drawn(rng, s, 500, 0.0)]
    outcomes += [o for s in ("choose", "fit") for o in drawn(rng, s, 500, 0.5, way="sentence")]
    rules = acting_rules(outcomes, risk=0.01, confidence=0.95)
    assert [rule.way for rule in rules] == ["query"]
    assert rule_for(rules, "query", 12.0, 9.0) is rules[0]
    assert rule_for(rules, "sentence", 12.0, 9.0) is None
    assert rule_for(rules, "query", None, 9.0) is None
    assert rule_for(rules, None, 12.0, 9.0) is None


def test_low_bits_are_cut_off_where_they_do_the_harm() -> None:
    rng = np.random.default_rng(4)
    outcomes = []
    for split in ("choose", "fit"):
        for outcome in drawn(rng, split, 1500, 0.0):
            weak = (outcome.evidence_bits or 0.0) < 4.5
            spoiled = weak and rng.random() < 0.3
            outcomes.append(outcome.model_copy(update={"own_right": spoiled, "written_right": not spoiled}))
    (rule,) = acting_rules(outcomes, risk=0.01, confidence=0.95)
    assert rule.min_evidence_bits >= 4.0
    assert rule.n > 500


def test_ways_that_hardly_come_up_are_not_tested() -> None:
    rng = np.random.default_rng(6)
    outcomes = [o for s in ("choose", "fit") for o in drawn(rng, s, 400, 0.0)]
    outcomes += [o for s in ("choose", "fit") for o in drawn(rng, s, 5, 0.0, way="only")]
    assert acting.tested_ways(outcomes, risk=0.01, confidence=0.95) == ("query",)


def test_the_order_of_the_trials_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    outcomes = [o for s in ("choose", "fit", "report") for o in drawn(rng, s, 300, 0.01)]
    shuffled = random.Random(0).sample(outcomes, len(outcomes))
    within = a_calibration().range
    first, second = (
        fit_calibration(each, risk=0.05, confidence=0.9, alpha=0.1, settings=SETTINGS, within=within, made="")
        for each in (outcomes, shuffled)
    )
    assert first == second


def test_counts_of_the_report_are_those_of_the_trials() -> None:
    calibration = a_calibration()
    reported = calibration.reported
    assert (reported.n, reported.right_before, reported.errors) == (600, 0, 600)
    assert reported.repaired + reported.held_back == 600
    assert reported.harmful == 0
    assert reported.right_after == reported.repaired > 500
    assert [(way.way, way.right, way.n) for way in calibration.ways] == [("query", 700, 700)]


def test_flags_are_those_beyond_a_threshold_of_right_answers() -> None:
    outcomes = [
        an_outcome(f"{split}{i}", split, own_right=True, pushed=False, signals={"margin": float(i)})
        for split in ("choose", "fit", "report")
        for i in range(100)
    ]
    within = a_calibration().range
    made = fit_calibration(outcomes, risk=0.1, confidence=0.9, alpha=0.05, settings=SETTINGS, within=within, made="")
    (rule,) = made.flagging
    assert (rule.signal, rule.suspicious, rule.threshold, rule.n) == ("margin", "low", 4.0, 100)
    assert flags(made.flagging, {"margin": 3.9}) == ("margin",)
    assert flags(made.flagging, {"margin": 4.0}) == flags(made.flagging, {}) == ()
    assert made.reported.false_alarms == 4


def test_other_weights_and_sizes_are_named() -> None:
    within = a_calibration().range
    same = Ran(within.weights, within.dtype, within.attention, within.template_sha256)
    assert runs_elsewhere(within, same) == ()
    assert runs_elsewhere(within, Ran("1" * 16, "bfloat16", "eager", "x")) == (
        "weights",
        "dtype",
        "attention",
        "template",
    )
    assert limits_left(within, prompt_tokens=100, distance=40, bindings=3, residual_norm=20.0) == ()
    assert limits_left(within, prompt_tokens=101, distance=None, bindings=4, residual_norm=None) == (
        "prompt_tokens",
        "bindings",
    )


def test_a_trial_twice_or_an_empty_split_is_refused() -> None:
    within = a_calibration().range
    for outcomes in ([an_outcome("a"), an_outcome("a")], [an_outcome("a")], []):
        with pytest.raises(CalibrationError):
            fit_calibration(outcomes, risk=0.1, confidence=0.9, alpha=0.1, settings=SETTINGS, within=within, made="")


def test_what_was_written_flags_nothing_and_is_the_models_own_where_no_rule_acts() -> None:
    margins = {"final_margin_bits": 5.0, "budget_margin_bits": -2.0}
    outcomes = [an_outcome(f"{s}{i}", s, signals=margins) for s in ("choose", "fit", "report") for i in range(9)]
    outcomes += [an_outcome(f"right{i}", own_right=True, pushed=False, signals=margins) for i in range(40)]
    within = a_calibration().range
    made = fit_calibration(outcomes, risk=0.1, confidence=0.9, alpha=0.05, settings=SETTINGS, within=within, made="")
    assert made.acting == ()
    assert {rule.signal for rule in made.flagging} == {"budget_margin_bits"}
    written = next(reference for reference in made.references if reference.name == "final_margin_bits")
    # Of the 49 slots nine were acted on, and would not be.
    assert sum(value == -2.0 for value in written.quantiles) >= 1 and written.quantiles[-1] == 5.0
