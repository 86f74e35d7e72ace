"""What must hold on any causal language model, however well it binds; on the model that GUARDBIND_MODEL names."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase, TextStreamer

from guardbind import Binding, Guard, GuardConfig, GuardOutput
from guardbind.session.bound_prompt import bind_prompt
from guardbind.session.row import Row
from guardbind_bench.survey.independent import NoReading, hidden_by_ids, hidden_by_mask, read_edited

BADGES = {"Anna": "4821", "Boris": "9370", "Carla": "5504", "Dmitri": "2968", "Elena": "7135", "Farid": "6642"}
STATED = "".join(f"The badge number of {name} is {badge}.\n" for name, badge in BADGES.items())
BINDINGS = [Binding(f"badge number of {name}", badge) for name, badge in BADGES.items()]
NEW = 10
CLOSE = 1e-2  # nats; other kernels, other order of summation

Loaded = tuple[Any, PreTrainedTokenizerBase]


def prompt_of(name: str, before: str = "") -> str:
    return f"{before}{STATED}\nQuestion: What is the badge number of {name}?\nAnswer: The badge number of {name} is"


PROMPTS = [prompt_of(name) for name in BADGES]


def inputs(loaded: Loaded, prompts: list[str]) -> dict[str, Any]:
    encoded = loaded[1](prompts, return_tensors="pt", padding=True)
    settings = {"max_new_tokens": NEW, "do_sample": False, "return_dict_in_generate": True, "output_logits": True}
    return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"], **settings}


def guarded(loaded: Loaded, prompts: list[str], policy: str, **more: Any) -> GuardOutput:
    declared: dict[str, Any] = {"bindings": [BINDINGS] * len(prompts)} if more.pop("told", True) else {}
    guard = Guard(*loaded, GuardConfig(policy=policy, keep_readouts=True))
    return guard.generate(**inputs(loaded, prompts), **declared, **more)


def plain_text(loaded: Loaded, prompt: str) -> str:
    given = inputs(loaded, [prompt])
    sequences = loaded[0].generate(**given).sequences
    return str(loaded[1].batch_decode(sequences[:, given["input_ids"].shape[1] :], skip_special_tokens=True)[0])


def apart(one: Tensor, other: Tensor) -> float:
    one, other = torch.log_softmax(one.float(), -1), torch.log_softmax(other.float(), -1)
    likely = other.topk(32).indices
    return float((one[likely] - other[likely]).abs().max())


@pytest.fixture(scope="module")
def repaired(any_model: Loaded) -> list[GuardOutput]:
    return [guarded(any_model, [prompt], "auto") for prompt in PROMPTS]


def test_an_idle_guard_changes_no_bit(any_model: Loaded) -> None:
    plain, observed = (
        any_model[0].generate(**inputs(any_model, PROMPTS[1:2])),
        guarded(any_model, PROMPTS[1:2], "observe"),
    )
    assert torch.equal(plain.sequences, observed.sequences)
    assert all(torch.equal(one, other) for one, other in zip(plain.logits, observed.raw.logits, strict=True))


def test_each_question_has_a_slot_whose_target_is_its_own(repaired: list[GuardOutput]) -> None:
    for i, output in enumerate(repaired):
        assert output.report.slots
        assert output.report.slots[0].target == i
        assert output.report.slots[0].budget is not None, output.report.slots[0].reason


def test_what_passes_is_the_value_that_was_asked_for(any_model: Loaded, repaired: list[GuardOutput]) -> None:
    right = 0
    for badge, prompt, output in zip(BADGES.values(), PROMPTS, repaired, strict=True):
        first = output.report.slots[0]
        written = output.text[0].lstrip()
        if first.passed:
            assert written.startswith(badge), "a wrong value was certified"
        kept = written.startswith(badge)
        right += kept
        assert kept or not plain_text(any_model, prompt).lstrip().startswith(badge), "a right answer was spoiled"
    assert right >= len(BADGES) - 1


def test_a_name_that_the_prompt_does_not_know_is_given_nobodys_value(any_model: Loaded) -> None:
    for name in ("Zoe", "Ivan"):
        output = guarded(any_model, [prompt_of(name)], "auto", told=False)
        assert output.text[0] == plain_text(any_model, prompt_of(name))
        assert not any(tried.kept for tried in output.report.interventions)
        assert not any(slot.passed for slot in output.report.slots)


def test_the_null_is_what_an_independent_reading_gives(any_model: Loaded) -> None:
    model, tokenizer = any_model
    ids = tokenizer(PROMPTS[1])["input_ids"]
    output = guarded(any_model, PROMPTS[1:2], "observe")
    slot, readout = output.report.slots[0], output.report.readouts[0]
    assert slot.budget is not None
    written = output.sequences[0, : len(ids) + slot.step].tolist()
    items = [*BINDINGS]
    row = Row(bind_prompt(tokenizer, index=0, pad=0, ids=ids, items=items, declared=BINDINGS[1].key, source=None))
    statement = [i for part in row.statements(1) for i in part]
    null, before = slot.budget.null, model.config._attn_implementation
    tail = GuardConfig().tail_tokens if null in ("mask", "mask_rows") else None
    try:
        if null in ("redact", "delete"):
            expected = read_edited(model, cut(tokenizer, written, row, null))
        else:
            try:
                expected = hidden_by_mask(model, written, statement, tail)
            except NoReading:
                expected = hidden_by_ids(model, written, statement, [written[0]] * len(statement))
            if null == "mask_prefill" and apart(readout.nulls[1], expected) > CLOSE:
                # Recurrent layers see what mask functions do not tell them.
                expected = hidden_by_ids(model, written, statement, [written[0]] * len(statement))
    finally:
        model.set_attn_implementation(before)
    assert apart(readout.nulls[1], expected) <= CLOSE
    assert apart(readout.logits, readout.nulls[1]) > CLOSE, "hiding the evidence must matter"


def cut(tokenizer: PreTrainedTokenizerBase, ids: list[int], row: Row, null: str) -> list[int]:
    spans = row.values(1) if null == "redact" else row.statements(1)
    new = list(tokenizer(" [REDACTED]", add_special_tokens=False)["input_ids"]) if null == "redact" else []
    for part in sorted(spans, key=lambda part: part.start, reverse=True):
        ids = [*ids[: part.start], *new, *ids[part.stop :]]
    return ids


def test_rows_of_a_left_padded_batch_are_judged_as_they_are_alone(
    any_model: Loaded, repaired: list[GuardOutput]
) -> None:
    model, _ = any_model
    longer = prompt_of("Carla", before="These are the badges of all who work here.\n\n")
    prompts = [PROMPTS[0], longer]
    together = model.generate(**inputs(any_model, prompts)).logits[0]
    if apart(together[0], model.generate(**inputs(any_model, prompts[:1])).logits[0][0]) > CLOSE:
        pytest.skip("the logits of a padded row are others without a guard too")
    batch = guarded(any_model, prompts, "auto")
    alone = [repaired[0], guarded(any_model, [longer], "auto")]
    for i, single in enumerate(alone):
        assert batch.text[i] == single.text[0]
        verdicts = [(slot.step, slot.target, slot.final_verdict) for slot in batch.report.row(i)]
        assert verdicts == [(slot.step, slot.target, slot.final_verdict) for slot in single.report.slots]


def test_every_policy_comes_to_its_end(any_model: Loaded) -> None:
    for policy in ("contrast", "attend", "veto", "checkpoint", "abstain"):
        assert guarded(any_model, PROMPTS[1:2], policy).report.slots


class Collected(TextStreamer):
    """Keeps the text that it is sent."""

    def __init__(self, tokenizer: Any) -> None:
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self.text = ""

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        self.text += text


def test_what_is_streamed_is_what_is_returned(any_model: Loaded, repaired: list[GuardOutput]) -> None:
    streamer = Collected(any_model[1])
    output = guarded(any_model, PROMPTS[1:2], "auto", streamer=streamer)
    assert streamer.text == output.text[0] == repaired[1].text[0]


def test_nothing_of_the_guard_stays(any_model: Loaded) -> None:
    model, _ = any_model
    before = plain_text(any_model, PROMPTS[2])
    guarded(any_model, PROMPTS[:1], "auto")
    assert "generate" not in vars(model)
    assert plain_text(any_model, PROMPTS[2]) == before
