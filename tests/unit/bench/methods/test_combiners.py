"""Ways to combine two distributions, by the identities that each of them has."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from guardbind.policies.contrast import contrasted
from guardbind_bench.methods.combiners import coda, entropy, extrapolated, jensen_shannon, plausible, pointwise
from guardbind_bench.methods.dola import dola
from guardbind_bench.methods.early_exit import surest_layer
from guardbind_bench.methods.sgrs import saliency
from guardbind_bench.methods.sink_calibration import sinks
from guardbind_bench.methods.soft_pointer import mixed
from guardbind_bench.methods.vhr import dependent_heads


def drawn(*shape: int, seed: int = 0, scale: float = 2.0) -> Tensor:
    return torch.log_softmax(scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), -1)


P1, P0 = drawn(4, 11), drawn(4, 11, seed=1)


def test_nothing_added_is_the_first_distribution_and_so_are_two_equal_ones() -> None:
    assert torch.equal(extrapolated(P1, P0, 0.0), P1) and torch.equal(extrapolated(P1, P1, 7.0), P1)
    assert torch.equal(mixed(P1, P0.exp(), 0.0), P1.exp().log())
    sure = torch.full((1, 5), -math.inf)
    sure[0, 2] = 0.0
    assert torch.equal(mixed(sure, torch.eye(5)[:1], 9.0).argmax(-1), torch.tensor([2]))  # sure of it, it stays


def test_the_guards_contrast_without_choices_is_the_same_rule() -> None:
    for alpha in (0.5, 2.0):
        theirs = extrapolated(P1, P0, alpha, 0.1)
        for row in range(4):
            ours = contrasted(P1[row], P0[row], alpha, plausibility=0.1)
            assert torch.allclose(torch.log_softmax(theirs[row], -1), ours, atol=1e-6)


def test_a_constant_in_the_logits_changes_nothing() -> None:
    logits = torch.randn(4, 11, generator=torch.Generator().manual_seed(2))
    for made in (entropy, lambda p: coda(p, P0, 0.1), lambda p: extrapolated(p, P0, jensen_shannon(p, P0))):
        moved, plain = (made(torch.log_softmax(logits + shift, -1)) for shift in (5.0, 0.0))
        assert torch.allclose(moved.nan_to_num(neginf=-99.0), plain.nan_to_num(neginf=-99.0), atol=1e-5)


def test_divergence_is_symmetric_bounded_and_0_for_equal_ones() -> None:
    assert torch.allclose(jensen_shannon(P1, P0), jensen_shannon(P0, P1), atol=1e-6)
    assert float(jensen_shannon(P1, P1).max()) < 1e-6 < float(jensen_shannon(P1, P0).min())
    apart = torch.tensor([[0.0, -math.inf]])
    assert math.isclose(float(jensen_shannon(apart, apart.flip(1))), math.log(2), rel_tol=1e-6)
    assert math.isclose(float(entropy(torch.full((1, 8), -math.log(8.0)))), math.log(8), rel_tol=1e-6)


def test_coda_takes_the_largest_gain_where_nothing_escapes() -> None:
    loose = 1e-9  # everything is plausible under both
    assert torch.equal(coda(P1, P0, loose).argmax(-1), (P1 - P0).argmax(-1))
    assert torch.equal(coda(P1, P0, loose), pointwise(P1, P0, loose))


def test_coda_gives_a_token_that_escaped_a_floor_for_its_prior() -> None:
    p1 = torch.tensor([[0.5, 0.3, 0.2, 1e-9]]).log()
    p0 = torch.tensor([[0.4, 0.6, 1e-12, 1e-12]]).log()
    scores = coda(p1, p0, 0.01)
    # The second token loses by the condition, so its log p0 is the floor of the third.
    assert scores[0].tolist() == pytest.approx(
        [math.log(0.5 / 0.4), math.log(0.3 / 0.6), math.log(0.2 / 0.6), -math.inf]
    )
    assert int(scores.argmax()) == 0


def test_what_is_plausible() -> None:
    assert plausible(torch.tensor([[0.8, 0.1, 0.05]]).log(), 0.1).tolist() == [[True, True, False]]
    assert bool(plausible(P1, 0.0).all())


def test_one_layer_to_choose_from_makes_the_choice_irrelevant() -> None:
    layers = torch.stack([drawn(3, 9, seed=seed) for seed in range(5)])
    for layer in range(4):
        assert torch.equal(dola(layers, [layer], 0.1), pointwise(layers[-1], layers[layer], 0.1))
        assert torch.equal(dola(layers, [layer], 0.1), dola(layers, [layer], 0.1, swapped=True))
    itself = dola(layers, [4], 0.1)
    assert set(itself[itself.isfinite()].tolist()) == {0.0}


def test_an_exit_goes_down_only_while_the_entropy_falls() -> None:
    sharp, flat, sharper = (drawn(1, 9, scale=scale) for scale in (3.0, 1.0, 6.0))
    layers = torch.stack([sharper, flat, sharp, flat])
    assert [int(surest_layer(layers, window)) for window in (0, 1, 2, 9)] == [3, 2, 2, 2]
    falling = torch.stack([flat, sharp, sharper])
    assert int(surest_layer(falling, 9)) == 2  # down, it rises


def test_sinks_leave_the_first_column_out() -> None:
    weights = torch.tensor([[[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]]])
    assert sinks(weights, 0.15).tolist() == [[False, True, False]]


def test_reinforced_heads_stand_above_the_median_and_are_no_outliers() -> None:
    full = torch.tensor([[1.0, 2.0, 3.0, 9.0]])[..., None]
    blind = torch.zeros_like(full)
    assert dependent_heads(full, blind, relative=False, outliers=False).tolist() == [[False, False, True, False]]
    assert dependent_heads(full, blind, relative=False, outliers=True).tolist() == [[False, False, True, True]]
    assert not dependent_heads(full, full, relative=True, outliers=True).any()


def test_saliency_of_a_row_sums_to_1() -> None:
    weights, gradients = [torch.rand(2, 3, 1, 5)], [torch.randn(2, 3, 1, 5)]
    assert torch.allclose(saliency(weights, gradients).sum(-1), torch.ones(2))
