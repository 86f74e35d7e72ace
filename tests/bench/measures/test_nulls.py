from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
import torch
from bench_tiny import bench_tokenizer
from families import speaking
from required import required

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, ContextLengthError, NullUnavailableError
from guardbind.evidence import Binding
from guardbind.guard import Guard
from guardbind.nulls.prefill import NEUTRAL, PLACEHOLDER
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.nulls import MEASURE, NULL_NAMES, NullsRecord
from guardbind_bench.measures.reading import ReadingRecord, read_trial
from guardbind_bench.prompts.cell import BenchCell, PromptForm
from guardbind_bench.prompts.trial import Trial, draw_seed

CELL = BenchCell(measure="nulls", task="competing_vars", k=12)


def lab(family: str = "llama", **settings: Any) -> Lab:
    return Lab(speaking(family, bench_tokenizer(), **settings), bench_tokenizer())


def records(cell: BenchCell = CELL, indices: tuple[int, ...] = (0, 1, 2), **settings: Any) -> list[NullsRecord]:
    return list(MEASURE.prepare(lab(**settings), cell).run(indices))  # type: ignore[arg-type]


def edited(trial: Trial, null: str) -> list[int]:
    """The prompt of a re-prefill null, written by hand."""
    ids, place, statement = list(trial.ids), trial.target.position, trial.target.statement
    tokenizer = bench_tokenizer()
    if null == "redact":
        return ids[:place] + list(tokenizer(f" {PLACEHOLDER}")["input_ids"]) + ids[place + 1 :]
    if null == "same_length":
        written: list[list[int]] = [tokenizer(text)["input_ids"] for text in NEUTRAL]
        return ids[:place] + next(tokens for tokens in written if len(tokens) == 1) + ids[place + 1 :]
    if null == "delete":
        return ids[: statement.start] + ids[statement.stop :]
    stated = {token for bound in trial.bound for token in bound.statement}
    return [token for place, token in enumerate(ids) if place not in stated]


@pytest.mark.parametrize("null", ["redact", "same_length", "delete", "no_evidence"])
def test_a_null_is_the_edited_prompt_read_from_its_first_token(null: str) -> None:
    task = lab().task(CELL)
    for record in records():
        trial = task.trial(record.index)
        logprobs = torch.log_softmax(lab().logits([edited(trial, null)])[0], -1)
        place, token = record.nulls.index(null), record.token
        assert token is not None
        candidates = [value.token for value in trial.candidates]
        posterior = torch.softmax(logprobs[candidates], -1)[candidates.index(trial.target.value.token)]
        assert record.target_log_priors[place] == pytest.approx(float(logprobs[record.target_token]), abs=1e-3)
        assert record.token_log_priors[place] == pytest.approx(float(logprobs[token]), abs=1e-3)
        assert record.null_posteriors[place] == pytest.approx(float(posterior), abs=1e-4)
        assert record.null_tokens[place] == int(logprobs.argmax())


def test_swap_puts_a_value_there_that_the_prompt_does_not_hold() -> None:
    task = lab().task(CELL)
    for record in records():
        trial = task.trial(record.index)
        unseen = [value.token for value in task.pool.values if value.token not in trial.ids]
        ids = list(trial.ids)
        ids[trial.target.position] = Random(draw_seed("competing_vars", 0, trial.index, "swap")).choice(unseen)
        expected = torch.log_softmax(lab().logits([ids])[0], -1)[record.target_token]
        assert record.target_log_priors[record.nulls.index("swap")] == pytest.approx(float(expected), abs=1e-3)


def test_the_masked_step_says_what_a_guard_says() -> None:
    model = lab().model
    guard = Guard(model, bench_tokenizer(), GuardConfig(policy="observe", slots=("prompt_end",)))
    for record in records():
        trial = lab().task(CELL).trial(record.index)
        ids = torch.tensor([trial.ids])
        bindings = [Binding(b.key, b.value.word, token_span=(b.statement.start, b.statement.stop)) for b in trial.bound]
        slot = guard.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=1,
            do_sample=False,
            bindings=bindings,
            target=trial.target.key,
        ).report.slots[0]
        own, other = slot.bits_by_binding[trial.asked], slot.bits_by_binding[1 - trial.asked]
        assert record.guard_null == "mask"
        assert record.token == slot.token
        assert record.target_bits == pytest.approx(own, abs=1e-3)
        assert record.competitor_bits == pytest.approx(other, abs=1e-3)
        mask = record.nulls.index("mask")
        assert record.token_logprob is not None
        nats = record.token_logprob - required(record.token_log_priors[mask])
        assert nats / math.log(2) == pytest.approx(own, abs=1e-3)


def test_the_prompt_in_full_is_read_as_by_reading() -> None:
    for record in records():
        trial = lab().task(CELL).trial(record.index)
        expected = read_trial(lab(), trial, lab().logits([trial.ids])[0]).model_dump()
        found = {name: getattr(record, name) for name in ReadingRecord.model_fields}
        assert found == {
            name: pytest.approx(value, abs=1e-3) if isinstance(value, float) else value
            for name, value in expected.items()
        }


def test_a_trial_is_measured_alone_as_in_a_batch() -> None:
    alone, batch = records(indices=(1,))[0], records()[1]
    assert alone.nulls == batch.nulls == list(NULL_NAMES)
    for name in ("target_log_priors", "token_log_priors", "null_posteriors"):
        assert getattr(alone, name) == pytest.approx(getattr(batch, name), abs=1e-3)
    assert alone.null_tokens == batch.null_tokens
    assert alone.target_bits == pytest.approx(batch.target_bits, abs=1e-3)


def test_the_masked_step_reads_a_few_tokens_and_an_edited_prompt_all_of_them() -> None:
    record = records()[0]
    cost = dict(zip(record.nulls, record.tokens_read, strict=True))
    assert cost["mask"] == cost["mask_rows"] == GuardConfig().tail_tokens
    assert cost["mask_prefill"] == 2 * record.prompt_tokens  # hybrids mask their recurrent input in two rows and more
    assert cost["swap"] == record.prompt_tokens
    assert record.forwards == [1] * len(record.nulls)


def test_a_recurrent_model_has_no_masked_step() -> None:
    record = records(family="falcon_h1", indices=(0,))[0]
    assert record.failed is None
    assert record.guard_null == "mask_prefill"
    assert not {"mask", "mask_rows"} & set(record.nulls)
    with pytest.raises(NullUnavailableError, match="none of the nulls mask"):
        records(CELL.model_copy(update={"options": {"nulls": ["mask"]}}), family="falcon_h1")
    place = record.nulls.index("mask_prefill")
    assert record.token_logprob is not None and record.target_bits is not None
    expected = record.token_logprob - record.target_bits * math.log(2)
    assert record.token_log_priors[place] == pytest.approx(expected, abs=1e-2)


def test_a_competitor_that_is_not_bound_has_no_evidence() -> None:
    record = records(BenchCell(measure="nulls", task="decoy_injection", k=12), (0,))[0]
    assert record.competitor_bits is None
    assert record.target_bits is not None


def test_chosen_nulls_are_read_in_the_order_asked_for() -> None:
    cell = CELL.model_copy(update={"options": {"nulls": ["delete", "mask"]}})
    assert records(cell, (0,))[0].nulls == ["delete", "mask"]


def test_a_failed_reading_is_kept() -> None:
    session = MEASURE.prepare(lab(), CELL)

    def spoil(_module: Any, _args: Any, output: Any) -> Any:
        output.logits[0] = math.nan
        return output

    hook = lab().model.register_forward_hook(spoil)
    try:
        failed, fine = session.run([0, 1])
    finally:
        hook.remove()
    assert isinstance(failed, NullsRecord) and isinstance(fine, NullsRecord)
    assert failed.failed and failed.token is None and failed.nulls == [] and failed.index == 0
    assert fine.token is not None and fine.nulls == list(NULL_NAMES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"options": {"nulls": ["maks"]}}, "maks"),
        ({"options": {"nulls": []}}, "at least one"),
        ({"options": {"layers": [1]}}, "options of `nulls` .*nulls="),
        ({"form": PromptForm(arm="oracle")}, "no null takes away"),
    ],
)
def test_what_cannot_be_measured_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        MEASURE.prepare(lab(), CELL.model_copy(update=change))


def test_a_prompt_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ContextLengthError):
        MEASURE.prepare(lab(context=64), CELL.model_copy(update={"k": 40}))


def test_on_the_demo_model_the_evidence_tells_right_from_wrong(demo_model: Any) -> None:
    model, tokenizer = demo_model
    cell = BenchCell(measure="nulls", task="competing_vars", k=16, options={"nulls": ["mask", "mask_prefill"]})
    found = list(MEASURE.prepare(Lab(model, tokenizer), cell).run(range(4)))
    stages, bits = zip(*((r.stage, r.target_bits) for r in found if isinstance(r, NullsRecord)), strict=True)
    assert stages == ("right", "right", "right", "2B")
    assert min(bits[:3]) > 3 > bits[3]
