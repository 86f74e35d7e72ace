"""Every signal by its identities, on tiny models; and one of another distribution beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

import pytest
import torch
from bench_tiny import bench_tokenizer
from families import copier, speaking
from torch import Tensor

from guardbind.errors import ConfigError, GuardbindError
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.signals import MEASURE, FitSplit, SignalsOptions, SignalsRecord, fitted
from guardbind_bench.methods.head_lists import HeadLists, HeadSearch
from guardbind_bench.methods.head_search import find_heads
from guardbind_bench.methods.seconds import key_masked, span_masked
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.registry import SIGNALS
from guardbind_bench.signals.fitting import area, as_features
from guardbind_bench.signals.lens import BEST_LAYER_LENS, LensSettings
from guardbind_bench.signals.overshadowing import overshadowing
from guardbind_bench.signals.p_true import choice_tokens
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import BUDGET, FitSample, FormulaSignal, SignalSettings, settings_tried

CELL = BenchCell(measure="signals", task="competing_vars", k=8)
FIT = {"k": 8, "trials": 40}
NAMES = sorted(SIGNALS)


@cache
def lab(family: str = "llama") -> Lab:
    return Lab(speaking(family, bench_tokenizer()), bench_tokenizer())


@cache
def copying() -> Lab:
    """A model that writes the first value, whichever key is asked for."""
    return Lab(copier(bench_tokenizer(), "first", 192), bench_tokenizer())


@cache
def heads(where: str = "random") -> HeadLists:
    model = copying() if where == "copying" else lab()
    found = find_heads(model, HeadSearch(k=8, trials=8), "tiny")
    # A random model answers nothing right, so no head of it copies; a list that is empty takes those that attend.
    attending = found.lists["attending"]
    return found.model_copy(update={"lists": {kind: ranked or attending for kind, ranked in found.lists.items()}})


def trials(count: int = 4, where: Lab | None = None, cell: BenchCell = CELL) -> list[Trial]:
    task = (where or lab()).task(cell)
    return [task.trial(index) for index in range(count)]


@cache
def states() -> dict[str, Any]:
    """What each signal was fitted to on a model that makes errors, at its defaults."""
    options = SignalsOptions(fit=FitSplit(k=8, trials=40))
    made = fitted(copying(), [SIGNALS.get(name) for name in NAMES], options, heads("copying"))
    assert all(one.refusal is None for one in made)
    return {one.signal.name: one.state for one in made}


def copied(count: int = 6) -> SlotReading:
    return SlotReading(copying(), trials(count, copying()), heads("copying"))


@pytest.fixture
def reading() -> SlotReading:
    return SlotReading(lab(), trials(), heads())


def read(reading: SlotReading, name: str, **settings: Any) -> Tensor:
    signal = SIGNALS.get(name)
    return signal.read(reading, signal.settings.model_validate(settings), states().get(name)).detach().float()


@pytest.mark.parametrize("name", NAMES)
def test_every_signal_gives_a_number_per_slot_says_what_it_is_and_costs_what_it_says(name: str) -> None:
    reading, signal = copied(), SIGNALS.get(name)
    assert signal.name == name and signal.about.endswith(".") and signal.source
    assert len(settings_tried(signal, grid=True)) <= BUDGET
    assert signal.fitted == (states()[name] is not None) == ("trials" in signal.needs)
    with reading.account() as cost:
        found = read(reading, name)
    assert found.shape == (6,) and bool(found.isfinite().all())
    if "samples" in signal.needs:
        assert cost.forwards <= signal.extra_forwards
    else:
        assert cost.forwards == signal.extra_forwards
    each = {"none": 0, "last token": 2, "question": 100, "prompt": 200}[signal.extra_tokens]
    assert (cost.tokens > 0) == (cost.forwards > 0) and cost.tokens <= each * 6 * max(1, cost.forwards)
    # What was read once is charged again to whoever asks for it.
    with reading.account() as again:
        read(reading, name)
    assert (again.forwards, again.tokens) == (cost.forwards, cost.tokens)


@pytest.mark.parametrize("name", NAMES)
def test_batched_is_single(name: str) -> None:
    batched = read(copied(3), name)
    for place, trial in enumerate(trials(3, copying())):
        alone = read(SlotReading(copying(), [trial], heads("copying")), name)
        assert float(alone[0]) == pytest.approx(float(batched[place]), rel=2e-3, abs=2e-3)


def test_evidence_bits_tell_every_error_of_a_model_that_copies_the_first_value() -> None:
    reading = copied(12)
    stages = [trial.stage(int(token)) for trial, token in zip(reading.trials, reading.emitted, strict=True)]
    assert set(stages) == {"right", "2B"}
    for name in NAMES:
        if name == "evidence_bits" or (name.startswith("evidence_bits_") and not name.endswith("no_evidence")):
            found = read(reading, name).tolist()
            right, wrong = ([x for x, s in zip(found, stages, strict=True) if s == stage] for stage in ("right", "2B"))
            assert max(right) < min(wrong), name


def test_where_the_answer_is_right_its_own_statement_is_the_asked_one() -> None:
    reading = copied(12)
    right = torch.tensor([t.stage(int(e)) == "right" for t, e in zip(reading.trials, reading.emitted, strict=True)])
    own, span = read(reading, "own_evidence_bits"), read(reading, "evidence_bits")
    assert torch.allclose(own[right], span[right], atol=1e-4) and not torch.allclose(
        own[~right], span[~right], atol=0.1
    )


def test_bits_are_of_the_prompt_that_the_null_edits(reading: SlotReading) -> None:
    deleted = [[*t.ids[: t.target.statement.start], *t.ids[t.target.statement.stop :]] for t in reading.trials]
    prior = torch.stack([torch.log_softmax(lab().logits([ids]), -1)[0] for ids in deleted])
    bits = (reading.of_emitted(reading.logprobs) - reading.of_emitted(prior)) / math.log(2)
    assert torch.allclose(read(reading, "evidence_bits_delete"), -bits, atol=1e-3)


def test_an_interaction_is_what_a_null_does_less_what_it_does_where_the_other_is_there(reading: SlotReading) -> None:
    hidden = []
    for place, trial in enumerate(reading.trials):
        key = reading.where(trial.target.key, place, range(reading.start, reading.columns))
        hidden.append([*trial.target.statement, *(c for tokens in key for c in tokens if c < reading.columns - 1)])
    both = torch.log_softmax(reading.tail(hidden)[0], -1)
    whole, no_key, no_span, neither = map(
        reading.of_emitted, (reading.logprobs, key_masked(reading), span_masked(reading), both)
    )
    expected = -(whole - no_key - no_span + neither) / math.log(2)
    assert torch.allclose(read(reading, "null_interaction"), expected, atol=1e-4)
    assert torch.allclose(read(reading, "key_bits"), -(whole - no_key) / math.log(2), atol=1e-4)


def test_many_samples_tell_what_the_probabilities_say(reading: SlotReading) -> None:
    exact = read(reading, "candidate_entropy")
    assert torch.allclose(read(reading, "semantic_entropy", samples=20000), exact, atol=0.05)
    agreement = read(reading, "sample_agreement", samples=20000)
    assert torch.allclose(agreement, read(reading, "max_probability"), atol=0.02)
    assert torch.equal(reading.drawn(7, 1.0), SlotReading(lab(), trials(), heads()).drawn(7, 1.0))


def test_the_last_layer_is_the_model_itself(reading: SlotReading) -> None:
    last = len(reading.residuals()) - 1
    found = BEST_LAYER_LENS.read(reading, LensSettings(), last)
    assert torch.allclose(found, -reading.of_emitted(reading.logprobs), atol=1e-3)
    assert torch.allclose(reading.layers()[-1], reading.logprobs, atol=1e-3)
    assert torch.allclose(reading.last_layer[:, -1], reading.residuals()[-1], atol=1e-4)
    assert reading.last_layer.shape[:2] == (4, reading.columns)
    copy = copied()
    assert bool((read(copy, "layer_consistency", layers=1) == 0).all())  # it writes candidates alone


def test_a_token_behind_is_the_prompt_with_that_token(reading: SlotReading) -> None:
    tokens = [trial.candidates[3].token for trial in reading.trials]
    behind = reading.after(tokens)
    whole = torch.log_softmax(lab().logits([(*t.ids, c) for t, c in zip(reading.trials, tokens, strict=True)]), -1)
    assert torch.allclose(torch.log_softmax(reading.lens.logits(behind[-1]), -1), whole, atol=1e-3)


def test_signs_turn_the_order_about(reading: SlotReading) -> None:
    signed = [name for name in NAMES if "sign" in SIGNALS.get(name).settings.model_fields]
    assert len(signed) > 5
    for name in signed:
        if name != "foreign_probe":
            assert torch.allclose(read(reading, name), -read(reading, name, sign=-1)), name


def test_nothing_is_overshadowed_by_a_condition_that_changes_nothing(reading: SlotReading) -> None:
    assert bool((overshadowing(reading.logprobs, reading.logprobs) == 0).all())
    # The first loses, the second was not plausible before, the third is plausible under neither.
    p1, p0 = (torch.tensor([p]).log() for p in ([0.4, 0.595, 0.0005], [0.99, 0.005, 0.0005]))
    expected = math.log(0.4 / 0.99) + math.log(0.595) - math.log(0.99)
    assert float(overshadowing(p1, p0)) == pytest.approx(expected, rel=1e-5)


def test_a_fall_is_read_from_the_models_own_logits(reading: SlotReading) -> None:
    for place, trial in enumerate(reading.trials[:2]):
        behind = [lab().logits([trial.ids[: column + 1]])[0] for column in range(reading.start, reading.columns)]
        read_on = torch.log_softmax(torch.stack(behind), -1)
        others = sorted({v.token for v in trial.candidates} - {int(reading.emitted[place])})
        expected = float((read_on[:, others].amax(0) - read_on[-1, others]).amax())
        assert float(read(reading, "evidence_cliff")[place]) == pytest.approx(expected, abs=1e-3)


def test_p_true_reads_false_against_true_and_turned_letters_mean_the_opposite(reading: SlotReading) -> None:
    tokenizer = lab().tokenizer
    text = " ]\nIs the proposed answer:\n (A) False\n (B) True\nThe proposed answer is:"
    prompts = [
        (*trial.ids, int(token), *tokenizer(text, add_special_tokens=False)["input_ids"])
        for trial, token in zip(reading.trials, reading.emitted, strict=True)
    ]
    logprobs = torch.log_softmax(lab().logits(prompts), -1)
    true, false = (logprobs[:, choice_tokens(tokenizer, letter)].logsumexp(-1) for letter in ("B", "A"))
    assert torch.allclose(read(reading, "p_true", letters=True, turned=True), false - true, atol=1e-3)


def test_a_tokenizer_without_the_word_is_refused() -> None:
    with pytest.raises(ConfigError, match="no single token"):
        choice_tokens(bench_tokenizer(), "incontrovertible")


def test_shares_are_shares(reading: SlotReading) -> None:
    copy = copied()
    for name in ("saliency", "own_attention", "span_saliency", "evidence_attention", "gate_mass"):
        found = read(copy, name)
        assert bool((found <= 0).all() & (found >= -1.0001).all()), name
    assert bool((read(reading, "ablated_heads_kl") <= 1e-6).all())
    # By hand, for one head of the list.
    [(layer, head)] = heads("copying").best("retrieval", 1)
    weights = copy.attention()[:, layer, head]
    for place, trial in enumerate(copy.trials):
        parts = {bound.value.token: float(weights[place, list(bound.statement)].sum()) for bound in trial.bound}
        share = parts[int(copy.emitted[place])] / sum(parts.values())
        found = read(copy, "own_attention", kind="retrieval", heads=1, sinks=True)
        assert float(found[place]) == pytest.approx(-share, rel=1e-4)


def test_labels_that_are_dealt_anew_teach_nothing() -> None:
    signal: Any = SIGNALS.get("linear_probe")
    wrong = torch.arange(60) % 3 == 0
    features = torch.randn(60, 1, 8, generator=torch.Generator().manual_seed(0))
    features[:, 0, 2] += 4 * wrong
    sample = FitSample(copying(), tuple(trials(1) * 60), torch.zeros(60, dtype=torch.long), wrong)
    areas = {}
    for shuffled in (False, True):
        state = signal.fit(features, sample, signal.settings(shuffled=shuffled))
        assert state.place == 0
        areas[shuffled] = area(state.classifier(as_features(features[:, 0])), wrong.numpy())
    assert areas[False] > 0.95 > 0.8 > areas[True]


def test_too_few_errors_to_learn_from_are_a_refusal() -> None:
    options = SignalsOptions(fit=FitSplit(k=8, trials=4))
    [made] = fitted(copying(), [SIGNALS.get("linear_probe")], options, None)
    assert "are needed" in (made.refusal or "")


def test_what_a_model_does_not_allow_is_refused_by_each_signal_for_itself() -> None:
    capped = lab("gemma2")
    reading = SlotReading(capped, trials(2, capped))
    assert read(reading, "evidence_bits").shape == (2,) and read(reading, "entropy").shape == (2,)
    for name in ("saliency", "head_cosine", "lookback_ratio"):
        with pytest.raises(GuardbindError, match="caps its attention scores"):
            read(reading, name)
    with pytest.raises(GuardbindError, match="no residual between them"):
        SIGNALS.get("redeep_parametric").gather(reading)  # type: ignore[attr-defined]
    recurrent = lab("falcon_h1")
    reading = SlotReading(recurrent, trials(2, recurrent))
    for name in ("entropy", "evidence_bits_delete", "p_true"):
        assert read(reading, name).shape == (2,)
    for name in ("evidence_bits", "head_cosine", "saliency"):
        with pytest.raises(GuardbindError, match="recurrent state"):
            read(reading, name)


def test_a_slot_keeps_all_its_numbers_and_why_others_are_missing() -> None:
    once = CELL.model_copy(
        update={
            "task": "primacy_recency",
            "options": {"signals": ["swap_bits", "entropy", "linear_probe"], "grid": True, "fit": FIT},
        }
    )
    found = [one for one in MEASURE.prepare(copying(), once).run(range(3)) if isinstance(one, SignalsRecord)]
    assert [one.index for one in found] == [0, 1, 2]
    for record in found:
        assert record.signals == ["swap_bits", "entropy", "linear_probe", "linear_probe"]
        assert record.settings == ["{}", "{}", "{}", '{"kind": "mlp"}']
        assert record.scores[0] is None and "one key only" in (record.refused[0] or "")
        assert record.refused[1:] == [None] * 3 and all(score is not None for score in record.scores[1:])
        assert record.forwards[0] is None and record.forwards[1] == 0 and (record.base_seconds or 0) > 0
    with pytest.raises(ConfigError, match="on which they are judged"):
        MEASURE.prepare(copying(), CELL.model_copy(update={"seed": 1002}))


class Length:
    """Counts the tokens of the prompt."""

    name, source, about, told, extra_forwards = "length", "outside", "Counts tokens.", "nothing", 0
    extra_tokens, fitted, settings, grid = "none", False, SignalSettings, ()
    needs: ClassVar[frozenset[str]] = frozenset()

    def read(self, reading: SlotReading, settings: SignalSettings, state: Any) -> Tensor:
        return torch.full((len(reading.trials),), float(reading.columns))


@pytest.fixture
def registered() -> Iterator[None]:
    SIGNALS.register("length", Length())  # type: ignore[arg-type]
    yield
    SIGNALS.unregister("length")


@pytest.mark.usefixtures("registered")
def test_a_signal_from_outside_is_one_of_them() -> None:
    cell = CELL.model_copy(update={"options": {"signals": ["length"]}})
    [record] = [one for one in MEASURE.prepare(lab(), cell).run([2]) if isinstance(one, SignalsRecord)]
    assert record.scores == [float(len(trials(3)[2].ids))]


def test_a_number_that_is_not_finite_is_a_refusal() -> None:
    def undefined(reading: SlotReading, _settings: SignalSettings) -> Tensor:
        return torch.full((len(reading.trials),), math.nan)

    made: Any = FormulaSignal("undefined", "-", "-", frozenset(), "nothing", undefined)
    SIGNALS.register("undefined", made)
    try:
        cell = CELL.model_copy(update={"options": {"signals": ["undefined"]}})
        [record] = [one for one in MEASURE.prepare(lab(), cell).run([0]) if isinstance(one, SignalsRecord)]
    finally:
        SIGNALS.unregister("undefined")
    assert record.scores == [None] and "not finite" in (record.refused[0] or "")


@pytest.mark.parametrize("name", NAMES)
def test_trials_with_fewer_candidates_are_read_beside_others(name: str) -> None:
    first, second, *_ = trials(2, copying())
    few = replace(second, candidates=second.candidates[:2])
    found = read(SlotReading(copying(), [first, few], heads("copying")), name)
    assert found.shape == (2,)
    assert bool(found.isfinite().all())
