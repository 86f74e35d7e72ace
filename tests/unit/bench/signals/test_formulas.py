"""Formulas of signals on plain tensors, by the identities that each of them has."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from torch import Tensor

from guardbind.errors import ConfigError
from guardbind_bench.signals.budget_rules import published_margin_of
from guardbind_bench.signals.confidence import entropy_of, margin_of
from guardbind_bench.signals.eigenscore import eigenscore
from guardbind_bench.signals.evidence_attention import mass, sinks, without_sinks
from guardbind_bench.signals.fitting import area, best_column, check_sample, cross_validated, logistic, mlp
from guardbind_bench.signals.foreign_probe import statements
from guardbind_bench.signals.head_cosine import pairwise_cosine
from guardbind_bench.signals.lookback import lookback
from guardbind_bench.signals.redeep import context_scores, knowledge_scores
from guardbind_bench.signals.rotation import angles
from guardbind_bench.signals.suppression import pushed_down


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_uniform_logits_have_the_entropy_of_the_vocabulary_and_no_margin() -> None:
    for size in (2, 49, 1000):
        uniform = torch.log_softmax(torch.full((size,), 3.0), -1)
        assert float(entropy_of(uniform)) == pytest.approx(math.log(size), rel=1e-5)
        assert float(margin_of(uniform)) == 0.0
    sure = torch.full((5,), -math.inf)
    sure[3] = 0.0
    assert float(entropy_of(sure)) == 0.0 and float(margin_of(sure)) == -math.inf


def test_a_constant_on_all_logits_changes_nothing() -> None:
    logits = drawn(4, 30)
    for formula in (entropy_of, margin_of):
        one, other = (formula(torch.log_softmax(logits + by, -1)) for by in (0.0, 5.0))
        assert torch.allclose(one, other, atol=1e-5)


def test_uniform_attention_looks_back_by_half_however_long_the_context() -> None:
    for start in (1, 7, 99):
        assert float(lookback(torch.full((100,), 0.01), start)) == pytest.approx(0.5)
    assert float(lookback(torch.tensor([0.5, 0.5, 0.0]), 2)) == 1.0


def test_sinks_are_left_out_and_the_rest_sums_to_one() -> None:
    attention = torch.full((2, 4, 10), 0.1)
    attention[1, :3] = torch.tensor([0.1, 0.0, 0.8, 0.1] + [0.0] * 6)
    assert sinks(attention)[0].tolist() == [True] + [False] * 9
    assert sinks(attention)[1].nonzero().flatten().tolist() == [0, 2]
    kept = without_sinks(attention)
    assert torch.allclose(kept.sum(-1), torch.ones(2, 4)) and not bool(kept[1, :, [0, 2]].any())
    # What is left of uniform attention lies on a span by its length.
    assert float(mass(kept[:1], None, [3, 4, 5])) == pytest.approx(3 / 9)
    assert float(mass(kept, [(0, 1)], [3])) == pytest.approx(1 / 9)


def test_the_last_column_is_no_sink() -> None:
    attention = torch.zeros(1, 3, 5)
    attention[..., -1] = 1.0
    assert torch.equal(without_sinks(attention)[..., -1], torch.ones(1, 3))


def test_identical_samples_leave_the_ridge_alone_but_once() -> None:
    row, ridge, count = drawn(16), 1e-3, 6
    alike = float(eigenscore(row.expand(count, -1), ridge))
    largest = count * float(row.var()) + ridge
    assert alike == pytest.approx((math.log10(largest) + (count - 1) * math.log10(ridge)) / count, rel=1e-4)
    assert float(eigenscore(drawn(count, 16), ridge)) > alike


def test_a_divergence_is_symmetric_bounded_and_nothing_between_equals() -> None:
    one, other = (torch.log_softmax(3 * drawn(5, 40, seed=seed), -1) for seed in (0, 1))
    found = knowledge_scores(one, other)
    assert torch.allclose(found, knowledge_scores(other, one)) and bool((found > 0).all() & (found < math.log(2)).all())
    assert torch.allclose(knowledge_scores(one, one), torch.zeros(5), atol=1e-7)


def test_the_context_score_is_the_cosine_to_the_mean_of_the_most_attended_tenth() -> None:
    states = drawn(1, 21, 8)
    states[0, 5] = 2 * states[0, -1]  # along the last state
    states[0, 6] = 3 * states[0, -1]
    attention = torch.zeros(1, 1, 2, 21)
    attention[0, 0, 0, [5, 6]] = 0.5
    attention[0, 0, 1, [1, 2]] = 0.5
    found = context_scores(attention, states)[0, 0]
    expected = torch.cosine_similarity(states[0, [1, 2]].mean(0), states[0, -1], dim=0)
    assert float(found[0]) == pytest.approx(1.0, rel=1e-5) and float(found[1]) == pytest.approx(float(expected))


def test_equal_heads_have_cosine_one_and_orthogonal_ones_none() -> None:
    assert float(pairwise_cosine(drawn(8).expand(5, -1))) == pytest.approx(1.0, rel=1e-5)
    assert float(pairwise_cosine(torch.eye(6))) == 0.0 and float(pairwise_cosine(drawn(1, 8))) == 1.0


def test_residuals_that_do_not_differ_do_not_turn() -> None:
    same = drawn(1, 3, 2, 16).expand(4, -1, -1, -1)
    assert float(angles(same, same[0], "others").abs().max()) < 1e-3
    assert float(angles(same, same[0], "prompt").abs().max()) < 1e-3
    pair = drawn(2, 3, 5, 16)
    one, other = angles(pair, pair[0], "others")
    assert torch.allclose(one, other)  # of two, each turns away from the other
    assert torch.allclose(angles(-pair, pair[0], "prompt")[0], torch.full((5,), math.pi), atol=1e-3)


def test_a_candidate_that_a_trial_does_not_have_has_no_part_in_its_angles() -> None:
    some = torch.randn(3, 2, 2, 5)
    kept = torch.tensor([[True, True], [True, True], [True, False]])
    found = angles(some, some[0, :], "others", kept)
    assert torch.allclose(found[:, 0], angles(some, some[0], "others")[:, 0], atol=1e-3)
    assert torch.allclose(found[:2, 1], angles(some[:2], some[0], "others")[:, 1], atol=1e-3)
    assert float(found[2, 1]) == math.inf
    alone = angles(some, some[0], "others", torch.tensor([[True, True], [False, True], [False, True]]))
    assert float(alone[0, 0]) < 1e-3


def test_suppression_counts_what_is_pushed_below_the_mean_only() -> None:
    assert pushed_down(torch.tensor([-5.0, 1.0, 2.0]), 0) > 1
    assert pushed_down(torch.tensor([5.0, 1.0, 2.0]), 0) == 0


def test_a_budget_is_just_enough_where_the_answer_is_as_sure_as_was_asked_for() -> None:
    for tau, prior in ((0.75, 0.1), (0.95, 0.5)):
        assert published_margin_of(math.log(tau), math.log(prior), tau) == pytest.approx(0.0)
        assert published_margin_of(math.log(0.99), math.log(prior), tau) > 0
    # Unsigned: evidence against the answer passes, too.
    assert published_margin_of(math.log(0.01), math.log(0.9), 0.75) > 0


def test_statements_are_as_often_true_as_false_and_say_each_answer_once_each_way() -> None:
    made = statements()
    assert sum(true for _, true in made) * 2 == len(made) == len({text for text, _ in made})
    endings = Counter((text.rsplit(" ", 1)[-1], true) for text, true in made)
    assert all(endings[word, True] == endings[word, False] for word, _ in endings)


def test_what_ranks_errors_is_found_and_noise_is_not() -> None:
    wrong = torch.arange(60) % 3 == 0
    features = drawn(60, 12)
    features[:, 7] += 6 * wrong
    assert best_column(features, wrong) == 7
    flags, noise = wrong.numpy(), drawn(60, 12, seed=1).numpy()
    for fitter in (logistic(0.1), logistic(1.0, standardised=False), mlp()):
        assert area(fitter(features.numpy(), flags)(features.numpy()), flags) > 0.85
    assert cross_validated(features.numpy(), flags, logistic(0.01)) > 0.9
    assert abs(cross_validated(noise, flags, logistic(0.01)) - 0.5) < 0.2
    with pytest.raises(ConfigError, match="1 are errors"):
        check_sample(np.arange(30) == 0)
