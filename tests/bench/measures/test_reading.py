from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from bench_tiny import bench_tokenizer
from families import speaking
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from guardbind.candidates.trie import surface_forms
from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, ContextLengthError
from guardbind.evidence import Binding
from guardbind.guard import Guard
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.reading import MEASURE, ReadingRecord, read_trial
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.tasks.competing_vars import CompetingVars
from guardbind_bench.prompts.trial import Trial

TOKENIZER = bench_tokenizer()
TASK = CompetingVars(TOKENIZER, k=4)
TINY = speaking("llama", TOKENIZER)
LAB = Lab(TINY, TOKENIZER)
VOCABULARY = len(TOKENIZER)
READ = tuple(name for name in ReadingRecord.model_fields if name not in {"index", "counts", "failed"})
AFTER = READ[READ.index("prompt_tokens") + 1 :]


def lse(numbers: Iterable[float]) -> float:
    terms = list(numbers)
    peak = max(terms)
    return peak + math.log(sum(math.exp(term - peak) for term in terms))


def stage_of(token: int, own: set[int], everyone: set[int]) -> str:
    return "right" if token in own else "2B" if token in everyone else "2A"


def gaps(z: Sequence[float], tokens: Sequence[set[int]], target: int) -> tuple[float, float]:
    everyone = set().union(*tokens)
    others = [
        lse(z[t] for t in own - tokens[target]) for i, own in enumerate(tokens) if i != target if own - tokens[target]
    ]
    gate = max(lse(z[t] for t in own) for own in tokens) - max(z[t] for t in range(len(z)) if t not in everyone)
    return gate, lse(z[t] for t in tokens[target]) - max(others)


def by_hand(trial: Trial, z: Sequence[float]) -> dict[str, Any]:
    words = [value.word for value in trial.candidates]
    target, ids = trial.target.value, [value.token for value in trial.candidates]
    place = words.index(target.word)
    token = min(range(len(z)), key=lambda t: (-z[t], t))
    order = sorted(range(len(ids)), key=lambda i: (-z[ids[i]], ids[i]))
    exact = [{t} for t in ids]
    spelled = [set(value.aliases) for value in trial.candidates]
    bound = [{form[0] for form in surface_forms(TOKENIZER, b.value.word)} for b in trial.bound]
    stage = stage_of(token, {target.token}, set(ids))
    wrong = None
    if stage == "2B":
        wrong = "bound" if token in {b.value.token for b in trial.bound} else "unseen"
        wrong = "competitor" if token == trial.competitor.token else wrong
    if stage == "2A":
        wrong = "variant" if any(token in tokens for tokens in spelled) else "other"
    gate, value = gaps(z, exact, place)
    falling = sorted(z, reverse=True)
    total = lse(z)
    p = [math.exp(x - total) for x in z]
    return {
        "key": trial.target.key,
        "target": target.word,
        "target_index": place,
        "target_token": target.token,
        "competitor": trial.competitor.word,
        "competitor_index": words.index(trial.competitor.word),
        "candidates": len(words),
        "distance": len(trial.ids) - 1 - trial.target.position,
        "prompt_tokens": len(trial.ids),
        "token": token,
        "text": TOKENIZER.decode([token], clean_up_tokenization_spaces=False),
        "best_index": order[0],
        "second_index": order[1],
        "stage": stage,
        "wrong": wrong,
        "gate_gap": gate,
        "value_gap": value,
        "tie": falling[0] == falling[1] or value == 0,
        "rank": 1 + order.index(place),
        "vocabulary_rank": 1 + sorted(range(len(z)), key=lambda t: (-z[t], t)).index(target.token),
        "target_logprob": math.log(p[target.token]),
        "posterior": p[target.token] / sum(p[t] for t in ids),
        "margin": falling[0] - falling[1],
        "max_probability": max(p),
        "entropy_bits": -sum(x * math.log2(x) for x in p),
        "spelled_stage": stage_of(token, spelled[place], set().union(*spelled)),
        "spelled_gate_gap": gaps(z, spelled, place)[0],
        "spelled_value_gap": gaps(z, spelled, place)[1],
        "bound_stage": stage_of(token, bound[trial.asked], set().union(*bound)),
        "bound_gate_gap": gaps(z, bound, trial.asked)[0],
        "bound_value_gap": gaps(z, bound, trial.asked)[1],
    }


@st.composite
def readings(draw: st.DrawFn) -> tuple[Trial, Tensor]:
    """A trial and coarse logits, so that ties are common, in which candidates and their spellings stand out."""
    trial = TASK.trial(draw(st.integers(0, 40)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    z = torch.randint(-8, 3, (VOCABULARY,), generator=generator) / 4
    standing_out = [trial.target.value.token, trial.competitor.token, trial.candidates[7].token]
    standing_out += [*trial.target.value.aliases, *trial.competitor.aliases, 5]
    for token in standing_out:
        z[token] = draw(st.integers(-2, 6)) / 4
    return trial, z


@given(readings())
def test_every_field_is_what_a_count_by_hand_gives(drawn: tuple[Trial, Tensor]) -> None:
    trial, logits = drawn
    record, expected = read_trial(LAB, trial, logits), by_hand(trial, logits.tolist())
    assert list(expected) == list(READ)
    assert record.failed is None and record.counts and record.index == trial.index
    for name, value in expected.items():
        found = getattr(record, name)
        assert found == (pytest.approx(value, abs=1e-4) if isinstance(value, float) else value), name
    if record.stage == "right":
        assert record.best_index == record.target_index and record.spelled_stage == "right"


def test_of_equal_logits_the_lowest_id_is_written_and_the_tie_is_said() -> None:
    trial = TASK.trial(0)
    low, high = sorted((trial.target.value.token, trial.competitor.token))
    logits = torch.zeros(VOCABULARY)
    logits[[low, high]] = 3.0
    record = read_trial(LAB, trial, logits)
    assert (record.token, record.tie, record.value_gap, record.margin) == (low, True, 0.0, 0.0)
    assert record.stage == ("right" if low == trial.target.value.token else "2B")
    assert record.rank == record.vocabulary_rank == (1 if low == trial.target.value.token else 2)


def test_a_wrong_token_is_told_by_what_it_stands_for() -> None:
    trial = TASK.trial(0)
    bound = {b.value.token for b in trial.bound}
    unseen = next(v for v in trial.candidates if v.token not in bound)
    # A third binding that is not the competitor.
    trial = replace(trial, bound=(*trial.bound, replace(trial.bound[0], key="KEY3", value=unseen)))
    other = next(v for v in trial.candidates if v.token not in bound | {unseen.token})
    spelled = replace(other, aliases=other.aliases | {9})
    trial = replace(trial, candidates=tuple(spelled if v == other else v for v in trial.candidates))
    kinds = {
        trial.target.value.token: ("right", None, "right"),
        trial.competitor.token: ("2B", "competitor", "2B"),
        unseen.token: ("2B", "bound", "2B"),
        other.token: ("2B", "unseen", "2B"),
        9: ("2A", "variant", "2B"),
        10: ("2A", "other", "2A"),
    }
    for token, expected in kinds.items():
        logits = torch.zeros(VOCABULARY)
        logits[token] = 4.0
        record = read_trial(LAB, trial, logits)
        assert (record.stage, record.wrong, record.spelled_stage) == expected


def test_one_candidate_has_no_rival() -> None:
    trial = TASK.trial(0)
    record = read_trial(LAB, replace(trial, candidates=(trial.target.value,)), torch.zeros(VOCABULARY))
    assert (record.candidates, record.best_index, record.second_index) == (1, 0, None)
    assert (record.value_gap, record.rank, record.competitor_index) == (None, 1, None)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_reading_that_is_no_number_fails_and_is_kept(bad: float) -> None:
    logits = torch.zeros(VOCABULARY)
    logits[3] = bad
    record = read_trial(LAB, TASK.trial(5), logits)
    assert record.failed is not None and "log-sum-exp" in record.failed
    assert record.index == 5 and record.counts and record.target == TASK.trial(5).target.value.word
    assert all(getattr(record, name) is None for name in AFTER)


def test_a_banned_token_is_no_failure() -> None:
    logits = torch.zeros(VOCABULARY)
    logits[3] = -math.inf
    record = read_trial(LAB, TASK.trial(5), logits)
    assert record.failed is None
    assert record.entropy_bits == pytest.approx(math.log2(VOCABULARY - 1), abs=1e-5)


def assert_guard_reads_the_same(lab: Lab, task: CompetingVars, indices: range) -> None:
    """Rows of one batch, of one length: the prefill of `generate` is then the same pass as `Lab.logits`."""
    trials = [task.trial(i) for i in indices]
    ids = torch.tensor([trial.ids for trial in trials])
    output = Guard(lab.model, lab.tokenizer, GuardConfig(policy="observe", keep_readouts=True)).generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        bindings=[[Binding(b.key, b.value.word) for b in trial.bound] for trial in trials],
        target=[trial.target.key for trial in trials],
        max_new_tokens=1,
        do_sample=False,
    )
    ours = lab.logits([trial.ids for trial in trials])
    slots = [output.report.row(i)[0] for i in range(len(trials))]
    for trial, slot, seen, row in zip(trials, slots, output.report.readouts, ours, strict=True):
        record = read_trial(lab, trial, seen.logits)
        assert (slot.gate_gap, slot.value_gap) == (record.bound_gate_gap, record.bound_value_gap)
        for name in ("margin", "max_probability", "entropy_bits", "token"):
            assert getattr(slot, name) == getattr(record, name)
        again = read_trial(lab, trial, row)
        for name in READ:
            value = getattr(record, name)
            assert getattr(again, name) == (pytest.approx(value, abs=1e-4) if isinstance(value, float) else value), name


def test_the_guard_reads_the_same_on_a_tiny_model() -> None:
    assert_guard_reads_the_same(LAB, TASK, range(4))


def test_the_guard_reads_the_same_on_the_demo_model(demo_model: tuple[Any, Any]) -> None:
    assert_guard_reads_the_same(Lab(*demo_model), CompetingVars(demo_model[1], k=8), range(3))


def test_a_session_reads_the_trials_of_its_cell() -> None:
    cell = BenchCell(measure="reading", task="competing_vars", k=4)
    session = MEASURE.prepare(LAB, cell)
    task = LAB.task(cell)
    assert session.tokens == len(task.trial(0).ids)
    records = session.run([2, 5])
    assert [record.index for record in records] == [2, 5]
    assert records == session.run([2, 5])
    alone = read_trial(LAB, task.trial(5), LAB.logits([task.trial(5).ids])[0])
    assert isinstance(records[1], MEASURE.record) and isinstance(records[1], ReadingRecord)
    assert records[1].token == alone.token and records[1].value_gap == pytest.approx(alone.value_gap, abs=1e-4)


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(ContextLengthError, match="context holds 256"):
        MEASURE.prepare(LAB, BenchCell(measure="reading", task="competing_vars", k=128, filler="repeat"))
    with pytest.raises(ConfigError, match=r"no options; \['layers'\]"):
        MEASURE.prepare(LAB, BenchCell(measure="reading", task="competing_vars", k=4, options={"layers": [1]}))
