from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from guardbind_bench.experiments.probe import bilinear as probe_bilinear
from guardbind_bench.experiments.probe import linear as probes
from guardbind_bench.experiments.probe.bilinear import BilinearProbe, fit_bilinear, halves
from guardbind_bench.experiments.probe.linear import FeatureEnvelope, LinearProbe, fit_published, fit_standardised

Floats = NDArray[np.float32]
HIDDEN, WORDS = 24, 8
FITS = (fit_published, fit_standardised)


def planted(trials: int, noise: float = 0.3, seed: int = 0) -> tuple[Floats, NDArray[np.str_]]:
    """Features that hold a code of the word, and noise."""
    codes = np.random.default_rng(99).normal(size=(WORDS, HIDDEN))
    draw = np.random.default_rng(seed)
    labels = draw.integers(WORDS, size=trials)
    features = codes[labels] + noise * draw.normal(size=(trials, HIDDEN))
    return features.astype(np.float32), np.array([f"word{label}" for label in labels])


def accuracy(probe: LinearProbe, features: Floats, words: NDArray[np.str_]) -> float:
    return float((probe.predict(features) == words).mean())


@pytest.mark.parametrize("module", [probes, probe_bilinear])
def test_exports_are_sorted(module: object) -> None:
    exported = module.__all__  # type: ignore[attr-defined]
    assert exported == sorted(exported)


@pytest.mark.parametrize("fit", FITS)
def test_a_linear_probe_finds_what_is_there(fit: object) -> None:
    train, test = planted(400), planted(200, seed=1)
    assert accuracy(fit(*train, 0), *test) > 0.95  # type: ignore[operator]


@pytest.mark.parametrize("fit", FITS)
def test_a_linear_probe_finds_nothing_in_shuffled_words(fit: object) -> None:
    (features, words), test = planted(400), planted(400, seed=1)
    shuffled = np.random.default_rng(0).permutation(words)
    assert accuracy(fit(features, shuffled, 0), *test) < 3 / WORDS  # type: ignore[operator]


def test_many_words_with_few_trials_each_are_fitted_without_a_warning() -> None:
    features, _ = planted(60)
    words = np.array([f"word{i % 40}" for i in range(60)])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert len(fit_standardised(features, words, 0).classes) > 30


@pytest.mark.parametrize("fit", FITS)
def test_the_same_seed_gives_the_same_probe_and_no_global_generator_is_used(fit: object) -> None:
    train = planted(100)
    before, legacy = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index]
    first, second, other = (fit(*train, seed) for seed in (0, 0, 1))  # type: ignore[operator]
    assert np.array_equal(first.weight, second.weight)
    assert not np.array_equal(first.weight, other.weight)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], legacy)  # type: ignore[index]


def test_the_standardised_probe_is_blind_to_the_scale_of_features() -> None:
    (features, words), (other, _) = planted(200), planted(100, seed=1)
    stretch = np.logspace(-3, 3, HIDDEN, dtype=np.float32)
    plain, stretched = fit_standardised(features, words, 0), fit_standardised(features * stretch + 5, words, 0)
    agree = plain.predict(other) == stretched.predict(other * stretch + 5)
    assert agree.mean() > 0.97


def test_the_standardised_probe_copes_with_features_that_do_not_vary_and_with_two_words() -> None:
    features, words = planted(200)
    features[:, 3] = 7
    kept = np.isin(words, ["word0", "word1"])
    probe = fit_standardised(features[kept], words[kept], 0)
    assert probe.weight.shape == (2, HIDDEN)
    assert accuracy(probe, features[kept], words[kept]) > 0.95


def test_the_standardised_probe_is_fitted_on_four_fifths_of_the_trials() -> None:
    assert fit_standardised(*planted(200), 0).envelope.trials == 160
    assert fit_published(*planted(200), 0).envelope.trials == 200


@given(st.integers(2, 60), st.integers(0, 10_000))
def test_inside_the_envelope_the_mean_square_distance_is_one(trials: int, seed: int) -> None:
    features = np.random.default_rng(seed).normal(3, 2, size=(trials, 5)).astype(np.float32)
    distances = FeatureEnvelope.of(features).distance(features)
    assert np.isclose((distances**2).mean(), 1, rtol=1e-3)


@given(st.floats(0.1, 10), st.integers(0, 10_000))
def test_the_norm_ratio_is_the_factor_between_features(factor: float, seed: int) -> None:
    features = np.random.default_rng(seed).normal(size=(20, 5)).astype(np.float32)
    assert np.isclose(FeatureEnvelope.of(features).norm_ratio(features * np.float32(factor)), factor, rtol=1e-4)


def test_features_elsewhere_are_far_away() -> None:
    features, _ = planted(100)
    assert FeatureEnvelope.of(features).distance(features + 20).min() > 5


@given(st.integers(2, 60), st.integers(1, 4), st.integers(0, 100))
def test_halves_part_the_values_in_both_directions(values: int, splits: int, seed: int) -> None:
    found = list(halves(values, splits, seed))
    assert len(found) == 2 * splits
    for (known, new), (back, forth) in zip(found[::2], found[1::2], strict=True):
        assert np.array_equal(known, ~new)
        assert np.array_equal(known, forth) and np.array_equal(new, back)
        assert known.sum() == values // 2


VALUES = 40


def values_of(width: int = HIDDEN) -> Floats:
    return np.random.default_rng(5).normal(size=(VALUES, width)).astype(np.float32)


def told_apart(trials: int, seed: int, among: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Features that hold the embedding of the target, of two values."""
    draw = np.random.default_rng(seed)
    pairs = np.array([draw.choice(among, 2, replace=False) for _ in range(trials)])
    features = values_of()[pairs[:, 0]] + 0.3 * draw.normal(size=(trials, HIDDEN))
    allowed = np.zeros((trials, VALUES), dtype=bool)
    np.put_along_axis(allowed, pairs, True, axis=1)
    return features.astype(np.float32), pairs[:, 0], allowed


def test_a_bilinear_probe_carries_over_to_values_that_it_was_not_fitted_on() -> None:
    features, targets, allowed = told_apart(300, 0, np.arange(20))
    probe = fit_bilinear(features, values_of(), targets, allowed, rank=8, seed=0)
    features, targets, allowed = told_apart(300, 1, np.arange(20, 40))
    assert (probe.choose(features, values_of(), allowed) == targets).mean() > 0.9
    assert (probe.choose(features, values_of(), np.ones_like(allowed)) == targets).mean() > 0.5


def test_values_that_are_never_allowed_are_not_looked_at() -> None:
    features, targets, allowed = told_apart(100, 0, np.arange(20))
    other = values_of()
    other[20:] = 1e3
    fits = [fit_bilinear(features, e, targets, allowed, rank=4, seed=0) for e in (values_of(), other)]
    assert np.array_equal(fits[0].left, fits[1].left)
    assert fits[0].direct == fits[1].direct


def test_a_bilinear_probe_takes_embeddings_of_another_width() -> None:
    features, targets, allowed = told_apart(400, 0, np.arange(VALUES))
    embeddings = values_of(10)
    probe = fit_bilinear(features, embeddings, targets, allowed, rank=8, seed=0)
    assert probe.direct == 0
    assert probe.left.shape == (HIDDEN, 8) and probe.right.shape == (10, 8)
    assert (probe.choose(features, embeddings, allowed) == targets).mean() > 0.8


@given(st.integers(0, 10_000))
def test_the_choice_is_the_allowed_value_of_highest_score(seed: int) -> None:
    draw = np.random.default_rng(seed)
    features, embeddings = (draw.normal(size=(9, 6)).astype(np.float32) for _ in range(2))
    allowed = draw.random((9, 9)) < 0.4
    allowed[np.arange(9), draw.integers(9, size=9)] = True
    left, right = (draw.normal(size=(6, 2)).astype(np.float32) for _ in range(2))
    around, known = FeatureEnvelope.of(features), FeatureEnvelope.of(embeddings)
    chosen = BilinearProbe(left, right, 1.5, around, known).choose(features, embeddings, allowed)
    h = (features - around.mean) / around.scale / 6**0.5
    e = (embeddings - known.mean) / np.sqrt((known.scale**2).sum())
    for i, place in enumerate(chosen):
        scores = {j: h[i] @ (left @ right.T + 1.5 * np.eye(6)) @ e[j] for j in np.flatnonzero(allowed[i])}
        assert scores[place] == pytest.approx(max(scores.values()), abs=1e-5)


def test_fitting_a_bilinear_probe_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    features, targets, allowed = told_apart(50, 0, np.arange(20))
    fits = [fit_bilinear(features, values_of(), targets, allowed, rank=4, seed=3) for _ in range(2)]
    assert np.array_equal(fits[0].left, fits[1].left)
    assert torch.equal(torch.get_rng_state(), before)
