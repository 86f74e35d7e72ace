from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from bench_memory import MemoryData, measure
from bench_tiny import speaking_lab
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from guardbind_bench.experiments.distance.experiment import EXPERIMENT
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.registry import EXPERIMENTS
from guardbind_bench.stats.decay_fit import fit_decay

LAB = speaking_lab()


def trials(
    half: float, slope: float, places: tuple[int, ...], each: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    distance = np.repeat(places, each).astype(float)
    right = np.random.default_rng(seed).random(len(distance)) < 1 / (1 + (distance / half) ** slope)
    return distance, right


@settings(max_examples=25)
@given(st.integers(0, 2**20), st.floats(60, 300), st.floats(0.5, 4))
def test_the_fit_is_the_maximum_of_the_likelihood(seed: int, half: float, slope: float) -> None:
    distance, right = trials(half, slope, (40, 80, 160, 320), 60, seed)
    fit = fit_decay(distance, right)
    if fit.half.value is None or fit.slope.value is None:
        assert fit.note
        return

    def likelihood(level: float, slope: float) -> float:
        p = np.clip(expit(level - slope * np.log(distance / 100)), 1e-300, 1 - 1e-16)
        return float(np.where(right, np.log(p), np.log1p(-p)).sum())

    level = fit.slope.value * math.log(fit.half.value / 100)
    best = likelihood(level, fit.slope.value)
    for change in (-0.5, -0.1, -0.01, 0.01, 0.1, 0.5):
        assert likelihood(level + change, fit.slope.value) <= best + 1e-4
        assert likelihood(level, fit.slope.value + change) <= best + 1e-4
    for end in (fit.slope.low, fit.slope.high):
        if end is not None:
            profile = max(likelihood(level + change, end) for change in np.linspace(-3, 3, 1201))
            assert best - profile == pytest.approx(1.92, abs=0.02)


def test_intervals_hold_about_as_often_as_they_say() -> None:
    slopes = halves = 0
    for seed in range(60):
        fit = fit_decay(*trials(150, 1.5, (40, 80, 160, 320), 80, seed))
        assert fit.slope.low is not None and fit.slope.high is not None
        assert fit.half.low is not None and fit.half.high is not None
        slopes += fit.slope.low <= 1.5 <= fit.slope.high
        halves += fit.half.low <= 150 <= fit.half.high
    assert slopes >= 52 and halves >= 52


@pytest.mark.parametrize(
    ("right", "says"), [([False] * 4, "no answers are right"), ([True] * 4, "all answers are right")]
)
def test_without_wrong_or_right_answers_there_is_no_decay(right: list[bool], says: str) -> None:
    fit = fit_decay([10, 20, 10, 20], right)
    assert (fit.half.value, fit.slope.value, fit.p_fit) == (None, None, None) and says in fit.note


def test_one_distance_is_no_curve() -> None:
    assert "at least two distances" in fit_decay([10, 10], [True, False]).note


def test_flat_accuracies_have_no_half_distance() -> None:
    fit = fit_decay(np.repeat([20, 40, 80], 100), np.tile([True, False], 150))
    assert fit.half.value is None and fit.slope.value == pytest.approx(0, abs=1e-3)
    assert "no change with distance is established" in fit.note


def test_a_step_leaves_the_half_distance_between_two_distances() -> None:
    distance = np.repeat([50, 100, 300, 600], 50)
    fit = fit_decay(distance, distance < 200)
    assert fit.half.value is None and fit.slope.value is None and "a step" in fit.note
    assert fit.half.low == pytest.approx(100, rel=0.15) and fit.half.high == pytest.approx(300, rel=0.15)
    assert fit.slope.low is not None and fit.slope.low > 3 and fit.slope.high is None


def test_a_level_that_is_no_such_curve_is_told() -> None:
    distance = np.repeat([20, 40, 80, 160, 320], 200)
    falls = np.repeat([0.99, 0.5, 0.5, 0.5, 0.5], 200)
    fit = fit_decay(distance, np.random.default_rng(0).random(1000) < falls)
    assert fit.p_fit is not None and fit.p_fit < 0.01 and "do not follow this curve" in fit.note


def test_an_extrapolation_is_told() -> None:
    assert "extrapolation" in fit_decay(*trials(900, 1.5, (100, 200, 400), 400)).note


def reading(distances: list[float], right: list[bool]) -> pd.DataFrame:
    n = len(right)
    frame = pd.DataFrame({"index": range(n), "failed": [None] * n, "distance": distances})
    frame["stage"] = ["right" if flag else "2B" for flag in right]
    frame["wrong"] = [None if flag else "competitor" for flag in right]
    frame = frame.assign(
        text=" a", target_index=0, best_index=0, second_index=1, gate_gap=1.0, value_gap=1.0, tie=False
    )
    gaps = {"spelled_gate_gap": 1.0, "spelled_value_gap": 1.0, "bound_value_gap": 1.0}
    return frame.assign(spelled_stage=frame["stage"], bound_stage=frame["stage"], **gaps)


def test_rows_by_k_and_one_fit_over_all_trials() -> None:
    chosen = Settings(ks=(10, 20, 30, 40), trials=100)
    requests = EXPERIMENT.plan(chosen)
    frames = {}
    for request in requests[:3]:
        k = request.cell.k
        # Two distances at each k, as when either key may be asked for.
        distance, right = trials(50, 2, (k + 9, 2 * k + 20), 50, seed=k)
        frames[request.model_dump_json()] = reading(distance.tolist(), right.tolist())
    data = MemoryData(frames, {requests[3].model_dump_json(): "too long."})
    rows = EXPERIMENT.summarise(data, chosen, lambda _: None)
    *others, fit = rows
    cells = [row for row in others if row.table == "distance"]
    assert [(row.table, row.keys["k"], bool(row.values)) for row in cells] == [
        ("distance", 10, True),
        ("distance", 20, True),
        ("distance", 30, True),
        ("distance", 40, False),
    ]
    assert fit.table == "decay" and "k" not in fit.keys
    everything = pd.concat(list(frames.values()))
    alone = fit_decay(everything["distance"], everything["stage"] == "right")
    assert fit.values["half_distance"] == alone.half and fit.values["slope"] == alone.slope
    assert fit.values["distances"].value == 6 and fit.values["distances"].n == 300
    assert fit.notes[0] == "k = 40 is missing: too long."
    assert any("vary together" in note for note in fit.notes)


def test_it_reads_the_cells_of_stages() -> None:
    chosen = Settings(tasks=("primacy_recency", "competing_vars"), ks=(4, 8), trials=5)
    assert EXPERIMENT.plan(chosen) == EXPERIMENTS.get("stages").plan(chosen)


def test_a_run_on_a_model() -> None:
    chosen = Settings(fillers=("repeat",), ks=(0, 8), trials=6)
    data = MemoryData({request.model_dump_json(): measure(LAB, request) for request in EXPERIMENT.plan(chosen)})
    rows = EXPERIMENT.summarise(data, chosen, lambda _: None)
    assert [row.table for row in rows if row.table != "distance_by_place"] == ["distance", "distance", "decay"]
    columns = {table.id: set(table.columns) for table in EXPERIMENT.tables}
    assert all(set(row.values) == columns[row.table] for row in rows)


def test_a_refused_group_has_a_fit_row_that_says_why() -> None:
    chosen = Settings(ks=(4,), trials=5)
    data = MemoryData({}, {EXPERIMENT.plan(chosen)[0].model_dump_json(): "too long."})
    rows = EXPERIMENT.summarise(data, chosen, lambda _: None)
    assert [(row.table, row.values) for row in rows] == [("distance", {}), ("decay", {})]
    assert rows[1].notes == ("k = 4 is missing: too long.",)


def test_accuracy_is_told_apart_by_the_statement_that_is_asked_for() -> None:
    chosen = Settings(ks=(10,), trials=100)
    [request] = EXPERIMENT.plan(chosen)
    # Always right about the nearer statement, never about the other: no curve over distance says so.
    frame = reading([60.0] * 40 + [20.0] * 60, [False] * 40 + [True] * 60)
    rows = EXPERIMENT.summarise(MemoryData({request.model_dump_json(): frame}), chosen, lambda _: None)
    places = [row for row in rows if row.table == "distance_by_place"]
    found = [(row.keys["asked_for"], row.values["acc"].value, row.values["distance"].value) for row in places]
    assert found == [("statement 1 of 2 asked for", 0.0, 60.0), ("statement 2 of 2 asked for", 1.0, 20.0)]
    assert [row.values["competitor_share"].n for row in places] == [40, 0]
