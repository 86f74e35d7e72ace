"""Training probes: on what, what they find, and what is said of them."""

from __future__ import annotations

import random
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from bench_tiny import bench_tokenizer

from guardbind.calibrating.availability import candidate_scores, reliability_of, separation
from guardbind.calibrating.probe_prompts import parted_words, probe_prompts, single_words
from guardbind.calibrating.probes import default_layers, fit_probes, train_probes
from guardbind.calibrating.residuals import ProbeTrial
from guardbind.calibration.outcome import Split
from guardbind.calibration.probe import Probe
from guardbind.errors import ConfigError
from guardbind.session.available import SlotProbe
from guardbind.testing.tiny import tiny_model, tiny_tokenizer

WORDS = [a + b for a in ("al", "be", "ga", "de", "ep", "ze", "et", "th", "io", "ka") for b in "abcdefghijklmnop"]
HIDDEN, TOKENS = 24, 400
SPLITS: tuple[Split, ...] = ("fit", "choose", "report")


def planted(count: int = 700, *, seed: int = 0) -> tuple[list[ProbeTrial], torch.Tensor]:
    """Trials whose layer 0 says nothing, and whose layer 1 holds the right value's row, turned in three directions."""
    generator, draw = torch.Generator().manual_seed(seed), random.Random(seed)
    rows = torch.randn(TOKENS, HIDDEN, generator=generator)
    turned = torch.randn(3, HIDDEN, generator=generator)
    trials = []
    for number in range(count):
        split = SPLITS[0] if number % 2 == 0 else SPLITS[1 + number // 2 % 2]
        part = SPLITS.index(split)
        tokens = tuple(sorted(draw.sample(range(100 * part, 100 * part + 100), 3)))
        right = draw.randrange(3)
        noise = torch.randn(2, HIDDEN, generator=generator) * 0.1
        known = rows[tokens[right]][:3] @ turned
        trials.append(
            ProbeTrial(
                split,
                {0: noise[0] * 10, 1: known + noise[1]},
                tokens,
                tuple(frozenset({i}) for i in range(3)),
                right,
                tokens[draw.randrange(3)],
                frozenset(map(str, tokens)),
            )
        )
    return trials, rows


def test_a_probe_finds_what_is_there_in_values_that_it_never_met() -> None:
    trials, rows = planted()
    trained = fit_probes(trials, rows, ranks=(0, 4), seed=0, decides=True)
    named = {(entry.layer, entry.rank): entry.right / entry.n for entry in trained.entries}
    lens = {entry.layer: entry.right_untrained / entry.n for entry in trained.entries}
    assert named[1, 4] > 0.6 and trained.layer == 1 and trained.probes[1].rank == 4
    assert lens[1] < 0.5 and named[0, 4] < 0.5
    assert trained.chosen.low > 0.5 and trained.available_from == trained.chosen.threshold
    assert trained.report.auroc > 0.6 and trained.slot_probe.layer == 1
    kept: Any = SimpleNamespace(available_layer=trained.layer, available_from=trained.available_from)
    again_used = SlotProbe.of(kept, trained.tensors)
    assert again_used is not None and torch.equal(again_used.probe.left, trained.slot_probe.probe.left)
    assert (again_used.layer, again_used.available_from) == (1, trained.available_from)
    assert SlotProbe.of(cast(Any, SimpleNamespace(available_layer=None)), {}) is None
    with pytest.raises(ConfigError, match="reads the residual of layer 7, and has probes of the layers 0, 1"):
        SlotProbe.of(cast(Any, SimpleNamespace(available_layer=7, available_from=None)), trained.tensors)
    again = fit_probes(trials, rows, ranks=(0, 4), seed=0)
    assert all(torch.equal(getattr(again.probes[1], part), getattr(trained.probes[1], part)) for part in ("left",))
    assert (again.chosen, again.report) == (trained.chosen, trained.report)
    # Unless it is asked for, the score is recorded and decides nothing.
    assert again.available_from is None and again.slot_probe.available_from is None


def test_nothing_is_decided_by_a_probe_that_tells_nothing() -> None:
    trials, rows = planted()
    blind = fit_probes([replace(t, residuals={0: t.residuals[0]}) for t in trials], rows, ranks=(4,), decides=True)
    assert blind.available_from is None and blind.slot_probe.available_from is None


def test_words_of_the_training_may_stand_in_no_other_split() -> None:
    trials, rows = planted(200)
    seen = next(trial for trial in trials if trial.split == "fit")
    spoiled = [*trials, replace(seen, split="report")]
    with pytest.raises(ConfigError, match="3 keys or values of the split fit stand in other splits"):
        fit_probes(spoiled, rows)
    with pytest.raises(ConfigError, match="too few trials"):
        fit_probes(trials[:30], rows)


def test_right_values_and_others_are_compared_where_neither_is_written() -> None:
    base = ProbeTrial(
        "report", {0: torch.zeros(2)}, (5, 6, 7), (frozenset({0}), frozenset({1}), frozenset({2})), 0, 6, frozenset()
    )
    trials = [
        base,  # writes 1: the right 0 is compared with 2
        replace(base, written=5),  # right: 1 and 2 are others
        replace(base, written=99),  # no value: left out
    ]
    found = separation(trials, [{0: 0.3, 1: 0.6, 2: 0.1}, {0: 0.5, 1: 0.3, 2: 0.2}, {0: 0.0, 1: 0.0, 2: 1.0}])
    assert (found.errors, found.others, found.found, found.mistaken, found.threshold) == (1, 3, 1, 1, 0.3)
    assert found.auroc == pytest.approx(2.5 / 3)
    told = separation(trials, [{0: 0.3, 1: 0.6, 2: 0.1}] * 3, threshold=0.05)
    assert (told.found, told.mistaken) == (1, 3)
    nothing = separation([replace(base, written=99)], [{0: 1.0}])
    assert (nothing.errors, nothing.auroc, nothing.low) == (0, 0.5, 0.0)


def test_reliability_counts_every_candidate_once() -> None:
    trials, rows = planted(120)
    scored = candidate_scores(Probe.lens(1, hidden=HIDDEN), trials, rows)
    curve = reliability_of(trials, scored)
    assert curve.name == "available" and sum(part.n for part in curve.bins) == 360
    assert sum(part.right for part in curve.bins) == 120
    assert [part.low for part in curve.bins] == sorted(part.low for part in curve.bins)


def test_prompts_of_a_split_have_words_of_their_own_and_every_place_is_asked_for() -> None:
    prompts = probe_prompts(bench_tokenizer(), dict.fromkeys(SPLITS, 40), seed=3, words=WORDS)
    words = {split: {w for p in prompts if p.split == split for w in (*p.keys, *p.values)} for split in SPLITS}
    assert not words["fit"] & words["choose"] and not words["report"] & (words["fit"] | words["choose"])
    assert not {k for p in prompts for k in p.keys} & {v for p in prompts for v in p.values}
    places = {(len(prompt.keys), prompt.asked) for prompt in prompts}
    assert {asked for _, asked in places} >= {0, 1, 2, 3} and len({size for size, _ in places}) == 5
    few = probe_prompts(bench_tokenizer(), {"report": 5}, seed=3, words=WORDS)
    assert few == [prompt for prompt in prompts if prompt.split == "report"][:5]
    assert probe_prompts(bench_tokenizer(), {"report": 5}, seed=4, words=WORDS) != few


def test_too_few_words_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 80 are needed"):
        parted_words(WORDS[:79], 0)
    assert len(single_words(tiny_tokenizer())) == 0


def test_a_model_is_trained_on_from_its_own_residuals() -> None:
    tokenizer: Any = tiny_tokenizer()
    model = tiny_model(tokenizer)
    model.config.max_position_embeddings = 2048  # a token is a byte here
    counts: dict[Split, int] = {"fit": 60, "choose": 30, "report": 30}
    done: list[int] = []
    trained = train_probes(model, tokenizer, ranks=(0, 2), trials=counts, words=WORDS, seed=1, progress=done.append)
    assert done[-1] == 120 and {entry.layer for entry in trained.entries} == {0, 1}
    # At the last layer the lens at rank 0 names what the model's own logits prefer.
    last = next(entry for entry in trained.entries if (entry.layer, entry.rank) == (1, 0))
    assert last.right == last.right_untrained
    assert not any(module._forward_hooks for module in model.modules())


def test_layers_by_default() -> None:
    assert default_layers(1) == (0,) and default_layers(30)[-1] == 29
