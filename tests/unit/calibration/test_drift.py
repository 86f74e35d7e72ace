"""The test for drift: without drift it is silent in all but alpha of streams for ever, with drift it speaks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from guardbind.calibration.drift import DriftReport, DriftState, DriftTest
from guardbind.calibration.reference import SignalReference
from guardbind.errors import ConfigError

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


def plain(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    return rng.normal(size=size)


def coarse(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Few different values, and some that were not measured."""
    return np.where(rng.random(size) < 0.3, np.nan, np.round(rng.normal(size=size)))


def streams(count: int, n: int, steps: int, draw: Draw, drifted: Draw | None = None, *, after: int = 0) -> DriftReport:
    """Run many streams at once, each with a reference of its own, as if they were the signals of one."""
    rng = np.random.default_rng(count + n + steps)
    names = [f"s{number}" for number in range(count)]
    test = DriftTest([SignalReference.of(name, draw(rng, n), seed=seed) for seed, name in enumerate(names)])
    for step in range(steps):
        values = (draw if drifted is None or step < after else drifted)(rng, count)
        test.add(dict(zip(names, values.tolist(), strict=True)))
    return test.report()


def crossing(report: DriftReport, alpha: float) -> int:
    """How many streams ever reached what one of its own alone would have to."""
    return sum(signal.largest >= 1 / alpha for signal in report.signals)


@pytest.mark.parametrize("draw", [plain, coarse])
@pytest.mark.parametrize(("n", "steps"), [(15, 500), (1000, 500)])
def test_without_drift_few_streams_ever_cross(draw: Draw, n: int, steps: int) -> None:
    report = streams(500, n, steps, draw)
    for alpha in (0.3, 0.1, 0.02):
        assert crossing(report, alpha) <= binom.ppf(0.999, 500, alpha)
    # It bets at all: a bound that nothing comes near would be kept by doing nothing.
    assert crossing(report, 0.3) > 20


def test_without_drift_few_logs_of_several_signals_are_said_to_drift() -> None:
    alpha, logs, said = 0.2, 150, 0
    for seed in range(logs):
        rng = np.random.default_rng(seed)

        def signals(size: int, rng: np.random.Generator = rng) -> NDArray[np.float64]:
            common = rng.normal(size=(size, 1))
            return np.concatenate((common, -common, common + rng.normal(size=(size, 2))), axis=1)

        sample = signals(60)
        test = DriftTest([SignalReference.of(str(place), sample[:, place]) for place in range(4)], alpha=alpha)
        for row in signals(120):
            test.add({str(place): float(value) for place, value in enumerate(row)})
        said += test.report().drifted
    assert said <= binom.ppf(0.999, logs, alpha)


@pytest.mark.parametrize(
    ("name", "drifted", "after", "side"),
    [
        ("lower", lambda rng, size: rng.normal(size=size) - 1, 0, -1),
        ("higher", lambda rng, size: rng.normal(size=size) + 1, 0, 1),
        ("wider", lambda rng, size: 2.5 * rng.normal(size=size), 0, 0),
        ("narrower", lambda rng, size: 0.3 * rng.normal(size=size), 0, 0),
        ("a few very low", lambda rng, size: np.where(rng.random(size) < 0.2, -9, rng.normal(size=size)), 0, -1),
        ("not measured", lambda rng, size: np.where(rng.random(size) < 0.2, np.nan, rng.normal(size=size)), 0, -1),
        ("late", lambda rng, size: rng.normal(size=size) - 1, 1000, -1),
    ],
)
def test_a_drift_is_found(name: str, drifted: Draw, after: int, side: int) -> None:
    report = streams(50, 400, after + 400, plain, drifted, after=after)
    assert sum(signal.largest >= 100 for signal in report.signals) >= 48, name
    ranks = np.mean([signal.recent_rank for signal in report.signals])
    assert side == 0 or math.copysign(1, ranks - 0.5) == side


def test_what_drifted_is_named_and_when() -> None:
    rng = np.random.default_rng(2)
    names = ("evidence_bits", "margin", "gate_gap")
    test = DriftTest([SignalReference.of(name, rng.normal(size=300)) for name in names], alpha=0.05)
    for step in range(300):
        shift = -2.0 if step >= 100 else 0.0
        found = {name: float(rng.normal()) for name in names}
        test.add({**found, "margin": found["margin"] + shift, "unknown": 1.0}, time=1000.0 + step)
    report = test.report()
    assert [signal.name for signal in report.signals if signal.drifted] == ["margin"]
    margin = report.signals[1]
    assert margin.crossed_at is not None
    assert 100 < margin.crossed_at < 160
    assert margin.crossed_time == 1000.0 + margin.crossed_at - 1
    assert (report.seen, report.threshold, report.drifted) == (300, 3 / 0.05, True)
    assert report.e_value == pytest.approx(sum(signal.e_value for signal in report.signals) / 3)


def test_a_state_goes_on_as_one_run_would() -> None:
    rng = np.random.default_rng(4)
    references = [
        SignalReference.of("margin", coarse(rng, 200)),
        SignalReference.of("gate_gap", coarse(rng, 3), seed=1),
    ]
    rows = [dict(zip(("margin", "gate_gap"), coarse(rng, 2).tolist(), strict=True)) for _ in range(300)]
    rows[150:] = [{"margin": 3.0} for _ in rows[150:]]
    whole, parts = DriftTest(references, alpha=0.2, seed=7), DriftTest(references, alpha=0.2, seed=7)
    assert parts.state() is None
    for number, row in enumerate(rows):
        whole.add(row, time=float(number))
        parts.add(row, time=float(number))
        if number % 67 == 5:
            state = parts.state()
            assert state is not None
            parts = DriftTest(references, state=DriftState.model_validate_json(state.model_dump_json()))
    assert parts.report() == whole.report()
    assert parts.state() == whole.state()
    assert whole.report().drifted
    state = whole.state()
    assert state is not None
    assert len(state.model_dump_json()) < 5000


def test_the_same_seed_gives_the_same_and_another_draws_anew() -> None:
    def run(seed: int) -> DriftReport:
        test = DriftTest([SignalReference.of("margin", [1.0] * 30)], seed=seed)
        for _ in range(50):
            test.add({"margin": 1.0})
        return test.report()

    assert run(1) == run(1) != run(2)


def test_strong_evidence_stays_a_number() -> None:
    test = DriftTest([SignalReference.of("margin", np.random.default_rng(0).normal(size=5000))])
    for _ in range(3000):
        test.add({"margin": -9.0})
    report = test.report()
    assert report.drifted
    assert math.isfinite(report.e_value)
    assert DriftReport.model_validate_json(report.model_dump_json()) == report


REFERENCE = SignalReference.of("margin", [1.0, 2.0, 3.0])


def a_state() -> DriftState:
    test = DriftTest([REFERENCE])
    for value in (1.5, 2.5, 9.0):
        test.add({"margin": value})
    state = test.state()
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"format": 2}, "format 2; 1 is read"),
        ({"references": "0" * 16}, "is of references"),
        ({"alpha": 0.05}, "0.01 was asked for"),
        ({"seen": ((1, 1),)}, "counts do not fit"),
        ({"seen": ((1, 1, 1, 1),)}, "counts do not fit"),
        ({"seen": ((1, 2), (3,))}, "unlike"),
        ({"awake": ((math.nan,) * 14,)}, "counts do not fit"),
        ({"largest": ()}, "unlike"),
        ({"crossed_time": ()}, "counts do not fit"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(change: dict[str, object], seen: str) -> None:
    state = a_state()
    assert DriftTest([REFERENCE], state=state).report().seen == 3
    with pytest.raises(ConfigError, match=seen):
        DriftTest([REFERENCE], alpha=0.01, state=state.model_copy(update=change))


@pytest.mark.parametrize(
    ("references", "alpha"), [([], 0.01), ([REFERENCE, REFERENCE], 0.01), ([REFERENCE], 0.0), ([REFERENCE], 1.0)]
)
def test_what_cannot_be_tested_is_refused(references: list[SignalReference], alpha: float) -> None:
    with pytest.raises(ConfigError):
        DriftTest(references, alpha=alpha)
