"""Every family under every policy, with each kind of cache, left padding, greedy and sampling.

For each family each policy meets each cache and each way of decoding (pairwise). The weights are random, so that what a
model writes means nothing; what must hold does not depend on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import torch
from asking import hooks
from brute_force import contents, prefilled
from families import CausalLM, speaking
from transformers import PreTrainedTokenizerBase, TextIteratorStreamer
from transformers.generation.streamers import BaseStreamer

from guardbind import Binding, BindingFailureError, CheckpointConfig, Guard, GuardConfig, GuardOutput
from guardbind.events import SlotRecord
from guardbind.policies import Follow, Proposal, Restate, Slot, Write

FAMILIES = ["llama", "qwen2", "qwen2_sliding", "qwen3", "mistral", "gemma2", "gemma3_text", "phi3", "gpt2"]
FAMILIES += ["gpt_neox", "opt", "falcon_h1", "granite", "cohere"]

PROMPTS = [
    "alpha = 17\nbeta = 42\ngamma = 63\nbeta = [",
    "Now:\nalpha = 91\nbeta = 80\ngamma = 55\nPrint gamma.\ngamma = [",
    "alpha = 4821\nbeta = 9370\nalpha = [",
]
BINDINGS = [
    [Binding("alpha", "17"), Binding("beta", "42"), Binding("gamma", "63")],
    [Binding("alpha", "91"), Binding("beta", "80"), Binding("gamma", "55")],
    [Binding("alpha", "4821"), Binding("beta", "9370")],
]
NEW_TOKENS = 10
ROOM = 24  # for an insertion as well


def restated(slot: Slot, *, visible: bool) -> Iterator[Proposal]:
    """Restate the evidence and insist on the target: what a model that heeds a restatement makes of it."""
    restatement = slot.restate()
    if slot.continues or restatement is None or slot.node is None or slot.target_candidate is None:
        return
    tokens = [t for t, child in slot.node.children.items() if child.values == {slot.target_candidate}]
    token = max(tokens, key=lambda t: float(restatement.branch.logits[t]))
    sure = torch.full_like(slot.logprobs, math.log(1e-9))
    sure[token] = 0.0
    if slot.kind == "reopened":
        yield Write("insist", token, readout=sure, support=sure)
    elif visible:
        inserted, stated = restatement.tokens, restatement.stated
        yield Restate("visible", token, inserted, stated, readout=sure, support=sure)
    else:
        yield Follow("hidden", token, restatement.branch, readout=sure, support=sure)


def hidden(slot: Slot) -> Iterator[Proposal]:
    return restated(slot, visible=False)


def visible(slot: Slot) -> Iterator[Proposal]:
    return restated(slot, visible=True)


BITS: dict[str, Any] = {"min_evidence_bits": 0.01}
VISIBLE = CheckpointConfig(template="{evidence}; ", placement="slot", visible=True)
POLICIES = {
    "observe": GuardConfig(policy="observe", **BITS),
    "contrast": GuardConfig(policy="contrast", **BITS),
    "veto": GuardConfig(policy="veto", max_vetoes=8, **BITS),
    "auto": GuardConfig(policy="auto", **BITS),
    "abstain": GuardConfig(policy="abstain", abstain_text="unknown]", **BITS),
    "hidden": GuardConfig(policy=hidden, **BITS),
    "visible": GuardConfig(policy=visible, checkpoint=VISIBLE, **BITS),
}
ACTS = {"contrast", "abstain", "hidden", "visible"}  # at least once with the weights of the tests, whatever the family
CACHES: dict[str, dict[str, Any]] = {"dynamic": {}, "static": {"cache_implementation": "static"}}
DECODING: dict[str, dict[str, Any]] = {
    "greedy": {"do_sample": False},
    # Drawn, yet the same in any batch.
    "sampling": {"do_sample": True, "top_k": 1, "temperature": 0.7},
}
CELLS = [
    (policy, cache, decoding)
    for i, policy in enumerate(POLICIES)
    for cache, decoding in zip(CACHES, list(DECODING)[:: 1 if i % 2 else -1], strict=True)
]


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(family: str, tiny_tokenizer: PreTrainedTokenizerBase) -> CausalLM:
    return speaking(family, tiny_tokenizer, seed=2)


def encode(tokenizer: PreTrainedTokenizerBase, prompts: list[str]) -> dict[str, Any]:
    return dict(tokenizer(prompts, return_tensors="pt", padding=True))


def answers(sequences: torch.Tensor, columns: int, pad: int, end: int) -> list[list[int]]:
    """Return what each row wrote, up to its end of sequence."""
    rows = [row[columns:].tolist() for row in sequences]
    rows = [row[: row.index(end) + 1] if end in row else row for row in rows]
    assert not any(pad in row for row in rows)
    return rows


def summary(slot: SlotRecord) -> tuple[Any, ...]:
    return (
        slot.step,
        slot.kind,
        slot.verdict,
        slot.final_verdict,
        slot.action,
        slot.token,
        slot.final_token,
        slot.target,
    )


def numbers(slot: SlotRecord) -> torch.Tensor:
    measured = [slot.gate_gap, slot.value_gap, slot.margin, slot.entropy_bits, *slot.bits_by_binding]
    budgets = [budget.margin_bits for budget in (slot.budget, slot.final_budget) if budget is not None]
    return torch.tensor([math.nan if number is None else number for number in [*measured, *budgets]])


@pytest.mark.parametrize(("policy", "cache", "decoding"), CELLS)
def test_a_batch_gives_what_its_rows_give_alone(
    policy: str, cache: str, decoding: str, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    guard = Guard(model, tiny_tokenizer, POLICIES[policy])
    how = CACHES[cache] | DECODING[decoding] | {"max_new_tokens": ROOM if policy == "visible" else NEW_TOKENS}
    end, pad = tiny_tokenizer.eos_token_id, tiny_tokenizer.pad_token_id

    def run(rows: list[int]) -> tuple[GuardOutput, list[list[int]]]:
        inputs = encode(tiny_tokenizer, [PROMPTS[row] for row in rows])
        output = guard.generate(**inputs, bindings=[BINDINGS[row] for row in rows], **how)
        return output, answers(output.sequences, inputs["input_ids"].shape[1], pad, end)

    batch, written = run([0, 1, 2])
    assert len(batch.report.slots) >= 3
    if policy in ACTS:
        assert any(record.kept for record in batch.report.interventions)
    for row in range(3):
        alone, (own,) = run([row])
        assert written[row] == own
        ours, theirs = batch.report.row(row), alone.report.slots
        assert [summary(slot) for slot in ours] == [summary(slot) for slot in theirs]
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(numbers(one), numbers(other), rtol=1e-3, atol=1e-3, equal_nan=True)
        assert batch.text[row] == alone.text[0]


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("placement", ["line", "slot"])
def test_a_restatement_reads_what_stood_there_had_it_been_written(
    placement: Literal["line", "slot"], cache: str, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    inputs = encode(tiny_tokenizer, PROMPTS)
    rows = [row[mask.bool()].tolist() for row, mask in zip(inputs["input_ids"], inputs["attention_mask"], strict=True)]
    read: set[int] = set()

    def look(slot: Slot) -> None:
        restatement = slot.restate()
        if slot.step or restatement is None:
            return
        begun = len(restatement.tokens) - restatement.stated if placement == "line" else 0
        written = [*rows[slot.row][: len(rows[slot.row]) - begun], *restatement.tokens]
        torch.testing.assert_close(restatement.branch.logits, prefilled(model, written), rtol=0, atol=1e-4)
        for token in tiny_tokenizer.encode("42"):
            written.append(token)
            logits = restatement.branch.advance(token)
            torch.testing.assert_close(logits, prefilled(model, written), rtol=0, atol=1e-4)
        read.add(slot.row)

    config = GuardConfig(policy=look, checkpoint=CheckpointConfig(placement=placement), min_evidence_bits=50.0)
    guard = Guard(model, tiny_tokenizer, config)
    guard.generate(**inputs, bindings=BINDINGS, max_new_tokens=2, do_sample=False, **CACHES[cache])
    assert len(read) >= 2


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("sampling", [False, True], ids=["greedy", "sampling"])
@pytest.mark.parametrize("config", [GuardConfig(slots=()), GuardConfig(policy="observe", patterns=("",))])
def test_an_idle_guard_changes_no_bit(
    config: GuardConfig, sampling: bool, cache: str, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    inputs = encode(tiny_tokenizer, PROMPTS)
    how: dict[str, Any] = {"max_new_tokens": 4, "do_sample": sampling}
    how |= {"return_dict_in_generate": True, "output_logits": True, "output_scores": True} | CACHES[cache]
    guard = Guard(model, tiny_tokenizer, config)

    def run(guarded: bool) -> Any:
        torch.manual_seed(7)
        if guarded:
            return guard.generate(**inputs, bindings=BINDINGS, **how).raw
        return model.generate(**inputs, **how)

    free, watched, again = run(False), run(True), run(False)
    for one in (watched, again):
        assert torch.equal(one.sequences, free.sequences)
        for seen, expected in ((one.logits, free.logits), (one.scores, free.scores)):
            assert all(torch.equal(a, b) for a, b in zip(seen, expected, strict=True))
        live, untouched = contents(one.past_key_values), contents(free.past_key_values)
        assert len(live) == len(untouched) > 0
        assert all(torch.equal(a, b) for a, b in zip(live, untouched, strict=True))


def test_a_detached_guard_leaves_nothing(model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    inputs = encode(tiny_tokenizer, PROMPTS)
    free = model.generate(**inputs, max_new_tokens=6, do_sample=False)
    attributes, before = dict(vars(model)), hooks(model)
    handle = Guard(model, tiny_tokenizer, GuardConfig(policy="abstain")).attach(BINDINGS)
    guarded = model.generate(**inputs, max_new_tokens=6, do_sample=False)
    assert not torch.equal(guarded, free)
    assert len(handle.report.slots) >= 3
    handle.detach()
    assert vars(model) == attributes
    assert hooks(model) == before
    assert torch.equal(model.generate(**inputs, max_new_tokens=6, do_sample=False), free)
    assert len(handle.reports) == 1


def test_the_hooks_are_gone_after_an_exception(model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    inputs = encode(tiny_tokenizer, PROMPTS)
    attributes, before = dict(vars(model)), hooks(model)
    guard = Guard(model, tiny_tokenizer, GuardConfig(policy="raise", min_evidence_bits=50.0))
    with pytest.raises(BindingFailureError):
        guard.generate(**inputs, bindings=BINDINGS, max_new_tokens=6)

    def broken(slot: Slot) -> None:
        assert hooks(model) > before
        raise ZeroDivisionError

    handle = Guard(model, tiny_tokenizer, GuardConfig(policy=broken, min_evidence_bits=50.0)).attach(BINDINGS)
    with pytest.raises(ZeroDivisionError), handle:
        model.generate(**inputs, max_new_tokens=6)
    assert vars(model) == attributes
    assert hooks(model) == before


class Collector(BaseStreamer):
    """Keeps what is streamed."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.ended = False

    def put(self, value: torch.Tensor) -> None:
        self.tokens += value.flatten().tolist()

    def end(self) -> None:
        self.ended = True


@pytest.mark.parametrize("policy", ["contrast", "abstain", "hidden", "visible"])
def test_a_streamer_gets_what_the_text_holds(
    policy: str, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    guard = Guard(model, tiny_tokenizer, POLICIES[policy])
    inputs = encode(tiny_tokenizer, PROMPTS[1:2])
    tokens, text = Collector(), TextIteratorStreamer(tiny_tokenizer, skip_prompt=True, skip_special_tokens=True)
    for streamer in (tokens, text):
        output = guard.generate(**inputs, bindings=BINDINGS[1], max_new_tokens=ROOM, do_sample=False, streamer=streamer)
    assert tokens.ended
    assert tokens.tokens == output.sequences[0].tolist()
    assert "".join(text) == output.text[0]
    if policy == "visible":
        assert output.text[0].startswith("\ngamma = 55; gamma = [5")
    if policy == "hidden":
        assert output.text[0].startswith("55")
