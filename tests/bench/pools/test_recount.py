"""The recount of coverage: it agrees with what is known, and a certifier that is broken is caught by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pytest
from calibrated import an_outcome, drawn

from guardbind.calibration.acting import acting_rules, lets_pass
from guardbind.calibration.artefact import ActingRule, FlagRule
from guardbind.calibration.bounds import binomial_p_value
from guardbind.calibration.outcome import Outcome
from guardbind_bench.pools.population import Population, as_run, dosed
from guardbind_bench.pools.recount import (
    Certify,
    Recount,
    acting_row,
    by_counted_share,
    flag_rows,
    is_refuted,
    transfer_row,
)

WAYS = ("entity", "query", "sentence", "slot_prefix")
RISK = 0.1


def kinds(ways: Sequence[str] = WAYS, n: int = 100) -> tuple[list[Outcome], list[Outcome]]:
    """Return interventions of some ways that do no harm, and the same ones doing harm."""
    rng = np.random.default_rng(12)
    mild = [o for way in ways for o in drawn(rng, "fit", n, 0.0, way=way)]
    # The same bits, so that every pair of thresholds has the same harm: all of them are wrong at once.
    return mild, [o.model_copy(update={"own_right": True, "written_right": False}) for o in mild]


def at(harm: float, ways: Sequence[str] = WAYS) -> Population:
    population = dosed(f"{harm} in {len(ways)} ways", *kinds(ways), harm)
    assert population is not None
    return population


def without_multiplicity(outcomes: Sequence[Outcome], risk: float, confidence: float) -> tuple[ActingRule, ...]:
    """Certify each pair of thresholds by a p-value of its own."""
    return _every_way(outcomes, lambda wrong, n: binomial_p_value(wrong, n, risk) <= 1 - confidence)


def without_sharing(outcomes: Sequence[Outcome], risk: float, confidence: float) -> tuple[ActingRule, ...]:
    """Certify as guardbind does, but give each way the whole chance of a mistake."""
    return tuple(
        rule
        for way in WAYS
        for rule in acting_rules([o for o in outcomes if o.way == way], risk=risk, confidence=confidence)
    )


def _every_way(outcomes: Sequence[Outcome], passes: Callable[[int, int], bool]) -> tuple[ActingRule, ...]:
    found: list[ActingRule] = []
    for way, bits, gain in product(WAYS, (3.0, 6.0, 9.0), (0.0, 2.0, 4.0)):
        fitted = [o for o in outcomes if o.split == "fit" and o.way == way]
        mine = [o for o in fitted if lets_pass(o.evidence_bits, o.gain_bits, bits, gain)]
        wrong = sum(o.harmful for o in mine)
        if passes(wrong, len(mine)) and way not in {rule.way for rule in found}:
            found.append(ActingRule(way=way, min_evidence_bits=bits, min_gain_bits=gain, n=len(mine), wrong=wrong))
    return tuple(found)


def test_a_dose_is_met_exactly_and_only_where_it_can_be() -> None:
    mild, harmful = kinds()
    assert at(0.07).loose_harm == pytest.approx(0.07, abs=1e-12)
    assert at(0.07).chances.sum() == pytest.approx(1.0)
    assert dosed("too much", mild, drawn(np.random.default_rng(0), "fit", 50, 0.2), 0.9) is None
    assert dosed("the wrong way round", harmful, mild, 0.5) is None


def test_risks_are_those_of_many_draws() -> None:
    population = at(0.2, ("query",))
    rule = ActingRule(way="query", min_evidence_bits=6.0, min_gain_bits=2.0, n=1, wrong=0)
    rng = np.random.default_rng(3)
    many = population.draw(rng, 0, 60_000)
    passed = [o for o in many if o.pushed and (o.evidence_bits or 0) >= 6.0 and (o.gain_bits or 0) >= 2.0]
    assert population.harm([rule]) == pytest.approx(sum(o.harmful for o in passed) / len(passed), abs=0.01)
    repaired = sum(not o.harmful for o in passed) / sum(not o.own_right for o in many)
    assert population.repaired([rule]) == pytest.approx(repaired, abs=0.01)
    assert population.harm([rule.model_copy(update={"way": "entity"})]) is None


def test_draws_are_those_of_a_calibration_and_the_same_again() -> None:
    recount, population = Recount(draws=2, trials=200), at(0.1)
    first, second = recount.drawn(population, RISK)
    assert [sum(o.split == split for o in first) for split in ("choose", "fit", "report")] == [30, 140, 0]
    assert [o.trial for o in first] != [o.trial for o in second]
    assert first == next(iter(recount.drawn(population, RISK)))
    assert first != next(iter(Recount(draws=2, trials=200, seed=1).drawn(population, RISK)))


@pytest.mark.parametrize("dose", [0.5, 1.05, 2.0])
def test_what_guardbind_certifies_keeps_its_promise(dose: float) -> None:
    row = acting_row(at(dose * RISK), RISK, Recount(draws=200, trials=700))
    assert not is_refuted(row, 0.95)
    assert dose != 1.05 or (row.values["above_careless"].low or 0) > 0.3  # the same draws would tell
    certified, above = row.values["certified"].value, row.values["above"].value
    assert certified is not None and above is not None and above <= 0.05 + 0.03
    assert (certified > 0.5) == (dose < 1)


@pytest.mark.parametrize("broken", [by_counted_share, without_multiplicity, without_sharing])
def test_a_broken_certifier_is_caught(broken: Certify) -> None:
    row = acting_row(at(1.001 * RISK), RISK, Recount(draws=300, trials=900, certify=broken))
    assert is_refuted(row, 0.95)
    assert (row.values["above"].low or 0) > 0.05


def test_flags_keep_their_promise_and_a_threshold_that_is_too_low_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    right = [
        an_outcome(str(i), own_right=True, pushed=False, signals={"margin": float(rng.exponential())})
        for i in range(400)
    ]
    population, recount = as_run("right", right), Recount(draws=200, trials=150)
    [row] = flag_rows(population, 0.05, recount)
    flagged = row.values["flagged"]
    assert not is_refuted(row, 0.95) and 0.03 < (flagged.value or 0) <= 0.05
    assert (row.values["above_bound"].low or 0) <= 0.05

    def the_plain_quantile(fitted: Sequence[Outcome], alpha: float) -> list[FlagRule]:
        margins = sorted(o.signals["margin"] for o in fitted)
        cut = margins[int(1.5 * alpha * len(margins))]
        return [FlagRule(signal="margin", suspicious="low", threshold=cut, alpha=alpha, n=len(margins))]

    monkeypatch.setattr("guardbind_bench.pools.recount.flag_rules", the_plain_quantile)
    [row] = flag_rows(population, 0.05, recount)
    assert is_refuted(row, 0.95)


def test_harm_that_comes_with_another_population_shows() -> None:
    row = transfer_row(at(0.02), at(0.3), RISK, Recount(draws=40, trials=700))
    assert row.values["certified"].value == row.values["acting"].value == row.values["above"].value == 1.0
    assert row.values["harm"].value == pytest.approx(0.3, abs=0.05)
    unknown = as_run("other ways", drawn(np.random.default_rng(1), "fit", 60, 0.5, way="only"))
    row = transfer_row(at(0.02), unknown, RISK, Recount(draws=5, trials=700))
    assert row.values["acting"].value == 0.0 and row.values["harm"].value is None
