"""Mutual information from confusion matrices, and its bias."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from guardbind.errors import ConfigError
from guardbind.information import (
    confusion_counts,
    entropy,
    miller_madow,
    mutual_information,
    permutation_null,
    plug_in_bias,
)

counts = st.integers(2, 5).flatmap(
    lambda m: st.lists(st.lists(st.integers(0, 20), min_size=m, max_size=m), min_size=m, max_size=m).filter(
        lambda table: any(map(any, table))
    )
)


def independent_counts(m: int, n: int, seed: int) -> NDArray[np.int64]:
    generator = np.random.default_rng(seed)
    return confusion_counts(generator.integers(m, size=n), generator.integers(m, size=n), m)


@given(counts)
def test_plug_in_is_the_double_sum(table: list[list[int]]) -> None:
    joint = np.array(table) / np.sum(table)
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    expected = sum(joint[v, y] * math.log(joint[v, y] / (rows[v] * columns[y])) for v, y in np.argwhere(joint > 0))
    assert mutual_information(table) == pytest.approx(expected, abs=1e-9)
    assert mutual_information(table) == pytest.approx(mutual_information(joint), abs=1e-12)
    assert mutual_information(table) == pytest.approx(mutual_information(np.transpose(table)), abs=1e-12)


def test_known_tables() -> None:
    assert mutual_information(np.outer([1, 2, 3], [4, 5])) == pytest.approx(0.0, abs=1e-12)
    assert mutual_information(np.eye(8) * 5) == pytest.approx(math.log(8))


@pytest.mark.parametrize("bad", [[1, 2], [[1, -1]], [[0, 0]], [[math.nan, 1]], [[math.inf, 1]]])
def test_what_is_no_table_is_refused(bad: ArrayLike) -> None:
    with pytest.raises(ConfigError, match="two-way table"):
        mutual_information(bad)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_confusion_counts_count_every_trial(trials: list[tuple[int, int]]) -> None:
    truth, output = zip(*trials, strict=True)
    table = confusion_counts(truth, output, 4)
    for v in range(4):
        for y in range(4):
            assert table[v, y] == trials.count((v, y))


@pytest.mark.parametrize(
    ("truth", "output"), [([0, 1], [0]), ([0, 4], [0, 0]), ([0, 0], [-1, 0]), ([0.5], [0]), ([], [])]
)
def test_confusion_counts_refuse_indices_outside_the_candidates(truth: list[int], output: list[int]) -> None:
    with pytest.raises(ConfigError, match="per trial"):
        confusion_counts(truth, output, 4)


# ---- bias


@pytest.mark.parametrize(("m", "n", "nats"), [(10, 200, 0.20), (50, 800, 1.50), (50, 400, 3.00)])
def test_the_leading_bias_of_the_paper(m: int, n: int, nats: float) -> None:
    assert plug_in_bias(m, m, n) == pytest.approx(nats, abs=0.005)
    with pytest.raises(ConfigError):
        plug_in_bias(m, m, 0)


def test_independent_values_look_informative_and_the_corrections_see_it() -> None:
    tables = [independent_counts(10, 1000, seed) for seed in range(20)]
    plug_in = np.mean([mutual_information(t) for t in tables])
    assert plug_in == pytest.approx(plug_in_bias(10, 10, 1000), rel=0.15)
    assert abs(np.mean([miller_madow(t) for t in tables])) < 0.1 * plug_in
    corrected = [permutation_null(t, 20, np.random.default_rng(0)).corrected for t in tables]
    assert abs(np.mean(corrected)) < 0.1 * plug_in


@given(counts)
def test_miller_madow_corrects_each_entropy(table: list[list[int]]) -> None:
    n = int(np.sum(table))

    def corrected(bins: NDArray[np.int64]) -> float:
        return entropy(bins / n) + float(np.count_nonzero(bins) - 1) / (2 * n)

    array = np.array(table)
    expected = corrected(array.sum(axis=1)) + corrected(array.sum(axis=0)) - corrected(array)
    assert miller_madow(table) == pytest.approx(expected, abs=1e-9)


def test_miller_madow_wants_counts() -> None:
    with pytest.raises(ConfigError, match="whole counts"):
        miller_madow([[0.25, 0.25], [0.25, 0.25]])


def test_miller_madow_corrects_too_little_with_fewer_trials_than_cells() -> None:
    """M = 50, n = 800: most of the 2500 cells are empty and much of the bias stays; the permutation null removes it."""
    table = independent_counts(50, 800, seed=0)
    assert miller_madow(table) > 0.4
    assert abs(permutation_null(table, 50, np.random.default_rng(0)).corrected) < 0.1


# ---- permutation null


@given(counts)
def test_shuffles_keep_the_margins(table: list[list[int]]) -> None:
    array = np.array(table)
    null = permutation_null(array, 5, np.random.default_rng(0))
    most = min(entropy(array.sum(axis=axis) / array.sum()) for axis in (0, 1))
    assert null.samples.shape == (5,)
    assert ((null.samples >= 0) & (null.samples <= most + 1e-9)).all()
    assert null.observed == mutual_information(array)


def test_the_null_matches_all_permutations_of_a_small_table() -> None:
    """Two trials per value of a bit: of the 6 ways to place two ones, 2 are informative."""
    null = permutation_null(np.eye(2, dtype=int) * 2, 6000, np.random.default_rng(0))
    informative = null.samples > 0.5
    assert informative.mean() == pytest.approx(1 / 3, abs=0.03)
    assert null.samples[informative] == pytest.approx(math.log(2))
    assert null.p_value == pytest.approx(1 / 3, abs=0.03)


def test_dependence_is_significant_and_independence_is_not() -> None:
    assert permutation_null(np.eye(5, dtype=int) * 10, 99, np.random.default_rng(0)).p_value == 0.01
    p_values = [permutation_null(independent_counts(5, 60, s), 99, np.random.default_rng(s)).p_value for s in range(40)]
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.15)


def test_the_generator_alone_decides_the_shuffles() -> None:
    table = independent_counts(4, 50, seed=1)
    first, again, other = (permutation_null(table, 10, np.random.default_rng(s)).samples for s in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()
    with pytest.raises(ConfigError, match="permutations is 0"):
        permutation_null(table, 0, np.random.default_rng(0))
