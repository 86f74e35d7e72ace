from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bench_memory import MemoryData, measure
from bench_tiny import speaking_lab
from hypothesis import given
from hypothesis import strategies as st
from required import required

from guardbind.errors import ConfigError, UnknownNameError
from guardbind.information import clopper_pearson, fano_information, mutual_information, routing_efficiency
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.information.bounds import available, fano_limit, grouping, groups_of, used
from guardbind_bench.experiments.information.experiment import EXPERIMENT
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.registry import EXPERIMENTS

LAB = speaking_lab()
WORDS = [f"word{i:02}" for i in range(8)]


def symmetric(m: int, error: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Trials of the M-ary symmetric channel, which Fano's bound is exact for."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(m, size=n)
    wrong = (truth + draw.integers(1, m, size=n)) % m
    return truth, np.where(draw.random(n) < error, wrong, truth)


def use(truth: np.ndarray, output: np.ndarray, m: int) -> Any:
    return used(truth, output, m, right=truth == output, values=m, prior=math.log(m), permutations=50)


@pytest.mark.parametrize(("m", "error", "n"), [(4, 0.3, 200), (8, 0.6, 400), (8, 0.0, 100), (16, 0.8, 300)])
def test_the_limits_hold_the_information_of_a_symmetric_channel(m: int, error: float, n: int) -> None:
    true = fano_information(error, m)
    found = [use(*symmetric(m, error, n, seed), m) for seed in range(30)]
    assert sum(one.low <= true + 1e-9 for one in found) >= 28
    assert sum(one.high >= true - 1e-9 for one in found) >= 28
    # The plug-in is biased up, Miller-Madow much less so.
    if error > 0:
        plug_in = np.mean([one.plug_in for one in found])
        corrected = np.mean([one.miller_madow for one in found])
        assert abs(corrected - true) < plug_in - true
    for one in found:
        assert 0 <= one.low <= one.high <= math.log(m)


def test_an_erasure_channel_loses_what_it_erases() -> None:
    draw = np.random.default_rng(0)
    m, kept, n = 6, 0.4, 3000
    truth = draw.integers(m, size=n)
    output = np.where(draw.random(n) < kept, truth, m)
    found = used(truth, output, m + 1, right=truth == output, values=m, prior=math.log(m), permutations=50)
    true = kept * math.log(m)
    assert found.low <= true <= found.high
    assert found.miller_madow == pytest.approx(true, abs=0.05)
    assert found.p == pytest.approx(1 / 51) and found.chance < 0.02


def test_an_output_without_information_is_told_by_its_p() -> None:
    draw = np.random.default_rng(0)
    found = use(draw.integers(8, size=400), draw.integers(8, size=400), 8)
    assert found.low == 0 and found.p > 0.05
    assert found.plug_in > 0.04 and abs(found.miller_madow) < 0.05
    assert found.chance == pytest.approx(49 / 800, rel=0.2)


def test_a_derangement_uses_everything_though_it_always_errs() -> None:
    truth = np.tile(np.arange(5), 40)
    found = use(truth, (truth + 1) % 5, 5)
    assert found.low == 0 and found.high == pytest.approx(math.log(5)) == pytest.approx(found.plug_in)


@given(st.integers(2, 60), st.integers(1, 500), st.data())
def test_the_lower_limit_is_fano_on_the_upper_limit_of_the_error(m: int, n: int, data: st.DataObject) -> None:
    errors = data.draw(st.integers(0, n))
    limit = clopper_pearson(errors, n).high
    expected = fano_information(limit, m) if limit < 1 - 1 / m else 0.0
    assert fano_limit(errors, n, m) == pytest.approx(expected, abs=1e-12)
    assert fano_limit(errors, n, m, prior=math.log(m) - 0.1) == pytest.approx(max(0.0, expected - 0.1), abs=1e-12)
    if errors:
        assert fano_limit(errors - 1, n, m) >= fano_limit(errors, n, m)


@given(st.integers(2, 60), st.integers(2, 60))
def test_groups_are_neighbours_of_nearly_one_size(values: int, groups: int) -> None:
    group = grouping(values, groups)
    sizes = np.bincount(group)
    assert len(sizes) == min(groups, values) and sizes.max() - sizes.min() <= 1
    assert list(group) == sorted(group)
    assert groups_of(group) == pytest.approx(-sum(s / values * math.log(s / values) for s in sizes))


@given(st.integers(0, 2**20), st.sampled_from([2, 3, 4]))
def test_unused_information_about_a_group_is_no_more_than_about_the_value(seed: int, groups: int) -> None:
    """I(gV;H) - I(gV;Y) <= I(V;H) - I(V;Y) for Y a function of H, whatever the joint of V and H."""
    draw = np.random.default_rng(seed)
    joint = draw.dirichlet(np.full(6 * 7, 0.2)).reshape(6, 7)
    of_state = draw.integers(4, size=7)
    output = np.stack([joint[:, of_state == y].sum(axis=1) for y in range(4)], axis=1)
    group = grouping(6, groups)
    joint_g, output_g = (np.stack([table[group == g].sum(axis=0) for g in range(groups)]) for table in (joint, output))
    about_value = mutual_information(joint) - mutual_information(output)
    assert mutual_information(joint_g) - mutual_information(output_g) <= about_value + 1e-9


def test_the_limit_of_groups_of_unequal_size_holds() -> None:
    group = grouping(50, 8)
    prior = groups_of(group)
    assert prior < math.log(8)
    right = np.ones(4000, dtype=bool)
    found = available(right, values=8, prior=prior)
    assert found.fano == pytest.approx(prior) == pytest.approx(found.high)
    assert found.low < prior and found.low == pytest.approx(prior, abs=0.02)


@pytest.mark.parametrize(
    ("cand_acc", "probe", "numbers"),
    [
        (0.255, 0.739, (0.445, 2.322, 0.192)),
        (0.0, 0.390, (0.020, 0.869, 0.023)),
        (0.074, 0.354, (0.044, 0.748, 0.059)),
        (0.0, 0.124, (0.020, 0.128, 0.158)),
    ],
)
def test_the_published_recipe_gives_the_published_numbers(
    cand_acc: float, probe: float, numbers: tuple[float, float, float]
) -> None:
    used_bound, proxy = fano_information(1 - cand_acc, 50), fano_information(1 - probe, 50)
    assert (used_bound, proxy, routing_efficiency(used_bound, proxy)) == pytest.approx(numbers, abs=6e-4)


def frame(n: int, first: int, knows: float, writes: float, seed: int) -> pd.DataFrame:
    """Records of trials whose last layer holds the value in a share `knows` of them and that write it in `writes`."""
    draw = np.random.default_rng(seed)
    m = len(WORDS)
    codes = np.random.default_rng(99).normal(size=(m, 12))
    rows = []
    for i in range(n):
        target, competitor = draw.choice(m, size=2, replace=False).tolist()
        held = target if draw.random() < knows else int(draw.integers(m))
        best = target if draw.random() < writes else competitor
        noise = draw.normal(size=12)
        rows.append(
            {
                "index": first + i,
                "failed": None,
                "target": WORDS[target],
                "target_index": target,
                "competitor": WORDS[competitor],
                "competitor_index": competitor,
                "candidates": m,
                "bound": [target, competitor],
                "best_index": best,
                "second_index": competitor if best == target else target,
                "rank": 1 if best == target else 2,
                "stage": "right" if best == target else "2B",
                "layers": [0, 5],
                "residual": [*noise.tolist(), *(3 * codes[held] + 0.3 * noise).tolist()],
                "lens": [0.0] * (2 * m),
            }
        )
    return pd.DataFrame(rows)


def rows_of(cells: dict[int, tuple[float, float]], trials: int = 300, **options: Any) -> list[TableRow]:
    chosen = Settings(
        ks=tuple(cells), trials=trials, options={"train_trials": 300, "groups": 3, "permutations": 50, **options}
    )
    frames = {}
    for request in EXPERIMENT.plan(chosen):
        knows, writes = cells[request.cell.k]
        frames[request.model_dump_json()] = frame(request.trials, request.first, knows, writes, request.first + 1)
    return EXPERIMENT.summarise(MemoryData(frames), chosen, lambda _: None)


def test_information_that_is_there_and_not_written_is_established() -> None:
    rows = {row.table: row for row in rows_of({8: (1.0, 0.15)})}
    about = rows["information"].values
    low, high = about["unused"].low, about["unused"].high
    assert low is not None and high is not None and low > 0.5 and high <= math.log(8)
    assert about["unused"].low == pytest.approx(required(about["available"].low) - required(about["used"].high))
    assert about["efficiency"].high == pytest.approx(required(about["used"].high) / required(about["available"].low))
    assert about["efficiency"].low == pytest.approx(required(about["used"].low) / math.log(8))
    assert any("is established" in note for note in rows["information"].notes)
    assert any("layer 5" in note for note in rows["information"].notes)
    assert any("is established" in note for note in rows["information_groups"].notes)
    assert rows["information_groups"].values["groups"].value == 3
    parts = [required(about[name].value) for name in ("fano", "slack_uneven_errors", "slack_uneven_values")]
    # Less what the drawn targets lack to be uniform.
    assert sum(parts) == pytest.approx(about["used_plug_in"].value, abs=0.05)
    columns = {table.id: set(table.columns) for table in EXPERIMENT.tables}
    assert all(set(row.values) == columns[name] for name, row in rows.items())


@pytest.mark.parametrize("cell", [(1.0, 1.0), (0.0, 0.15)])
def test_where_all_is_written_or_nothing_is_there_none_is_established(cell: tuple[float, float]) -> None:
    rows = {row.table: row for row in rows_of({8: cell})}
    unused = rows["information"].values["unused"]
    assert required(unused.low) <= 0 <= required(unused.high)
    for name in ("information", "information_groups"):
        assert any("not established" in note for note in rows[name].notes)


def test_the_recipe_of_the_paper_mixes_populations() -> None:
    (row,) = (row for row in rows_of({8: (0.8, 0.4)}) if row.table == "published_recipe")
    accuracy, recovered = row.values["cand_acc"], row.values["probe_acc_last"]
    assert accuracy.value is not None and recovered.value is not None
    assert accuracy.n == 300 and recovered.n == round(300 * (1 - accuracy.value))
    expected = fano_information(1 - accuracy.value, 8), fano_information(1 - recovered.value, 8)
    assert row.values["i_used_lower_bound_nats"].value == pytest.approx(expected[0])
    assert row.values["i_avail_proxy_nats"].value == pytest.approx(expected[1])
    assert row.values["eta"].value == pytest.approx(expected[0] / expected[1])


def test_without_2b_errors_the_recipe_has_no_number() -> None:
    (row,) = (row for row in rows_of({8: (1.0, 1.0)}) if row.table == "published_recipe")
    assert set(row.values) == {"cand_acc", "probe_acc_last"} and "no number" in row.notes[1]


def test_contraction_compares_neighbouring_sizes() -> None:
    rows = rows_of({32: (0.4, 0.3), 8: (0.9, 0.3)})
    (row,) = (row for row in rows if row.table == "contraction")
    assert (row.keys["from_k"], row.keys["k"]) == (8, 32)
    found = {row.keys["k"]: row.values["available"] for row in rows if row.table == "information"}
    ratio = row.values["ratio"]
    assert ratio.value == pytest.approx(required(found[32].value) / required(found[8].value))
    assert required(ratio.value) < 1
    assert ratio.low == pytest.approx(required(found[32].low) / math.log(8))
    assert ratio.high == pytest.approx(math.log(8) / required(found[8].low))


def test_failed_trials_are_left_out_of_every_number_and_counted() -> None:
    chosen = Settings(ks=(8,), trials=100, options={"train_trials": 200, "groups": 2, "permutations": 20})
    frames = {}
    for request in EXPERIMENT.plan(chosen):
        records = frame(request.trials, request.first, 0.9, 0.4, request.first + 1)
        records.loc[:4, "failed"] = "NaN"
        frames[request.model_dump_json()] = records
    for row in EXPERIMENT.summarise(MemoryData(frames), chosen, lambda _: None):
        assert row.values["cand_acc" if "cand_acc" in row.values else "used"].n == 95
        assert row.notes[-2].startswith("5 of 100 test trials are left out of every number")
        assert row.notes[-1].startswith("5 of ") and "training trials are left out of every fit" in row.notes[-1]


def test_the_same_records_give_the_same_rows() -> None:
    assert rows_of({8: (0.7, 0.3)}, 100) == rows_of({8: (0.7, 0.3)}, 100)


def test_a_refused_cell_says_why() -> None:
    chosen = Settings(ks=(8,), trials=5)
    refusals = {request.model_dump_json(): "too long." for request in EXPERIMENT.plan(chosen)}
    (row,) = EXPERIMENT.summarise(MemoryData({}, refusals), chosen, lambda _: None)
    assert (row.table, row.values, row.notes) == ("information", {}, ("too long.",))
    (row,) = EXPERIMENT.summarise(MemoryData({}), chosen, lambda _: None)
    assert row.notes == ("too few trials could be read.",)


def test_it_shares_its_trials_with_the_probes() -> None:
    chosen = Settings(ks=(8, 16), trials=5, options={"asked": ["fixed", "random"], "train_trials": 60})
    theirs = [request.model_dump_json() for request in EXPERIMENTS.get("probe").plan(chosen)]
    ours = [request.model_dump_json() for request in EXPERIMENT.plan(chosen)]
    assert len(ours) == 8 and set(ours) < set(theirs)


@pytest.mark.parametrize(
    ("chosen", "error", "says"),
    [
        (Settings(tasks=("notes_binding",)), ConfigError, "not uniform"),
        (Settings(tasks=("competing",)), UnknownNameError, "no task 'competing'"),
        (Settings(options={"groups": 1}), ConfigError, "groups"),
    ],
)
def test_what_does_not_fit_is_refused(chosen: Settings, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        EXPERIMENT.plan(chosen)


def test_a_run_on_a_model() -> None:
    chosen = Settings(
        fillers=("repeat",), ks=(0,), trials=60, options={"train_trials": 120, "layers": [0, -1], "permutations": 20}
    )
    data = MemoryData({request.model_dump_json(): measure(LAB, request, 30) for request in EXPERIMENT.plan(chosen)})
    rows = EXPERIMENT.summarise(data, chosen, lambda _: None)
    assert [row.table for row in rows] == ["information", "information_groups", "published_recipe"]
    for row, name in product(rows[:2], ("used", "available", "unused")):
        estimate = row.values[name]
        assert estimate.low is not None and estimate.high is not None and estimate.low <= estimate.high
        assert estimate.n == 60
