"""Sampling, several sequences, ways to end, bans, and turns that share a cache: what a guard does in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
import torch
from asking import ALIKE, ALPHA, BETA, BINDINGS, DECOY, PARTS_LATE, STATED, VISIBLE, Ask, kept
from families import CausalLM
from torch import Tensor
from transformers import LogitsProcessor, PreTrainedTokenizerBase

from guardbind import Binding, CheckpointConfig, Guard, GuardConfig, GuardOutput
from guardbind.events import SlotRecord
from guardbind.generation.processor import GuardProcessor
from guardbind.policies import Slot, Write

# Hot, since the hand-made model is very sure of what it copies.
SAMPLING: dict[str, dict[str, Any]] = {
    "temperature": {"temperature": 4.0},
    "top_p": {"temperature": 4.0, "top_p": 0.8, "top_k": 0},
    "top_k": {"temperature": 4.0, "top_k": 4},
    "min_p": {"temperature": 4.0, "top_k": 0, "min_p": 0.05},
    "repetition_penalty": {"temperature": 3.0, "repetition_penalty": 1.3},
    "all": {"temperature": 4.0, "top_p": 0.95, "top_k": 20, "min_p": 0.01, "repetition_penalty": 1.1},
}
# Goes on with `=[17];beta=[17]`: a right value, then a wrong one.
ANSWER = "(alpha=[17];beta=[42]\nalpha"
RUNNING = GuardConfig(slots=("automatic",))
WATCHING = GuardConfig(policy="observe", slots=("automatic",))


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


@pytest.fixture(params=SAMPLING)
def sampling(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"do_sample": True, **SAMPLING[request.param]}


def drawn(ask: Ask, model: CausalLM, prompt: str, seed: int, new: int, **how: Any) -> Any:
    torch.manual_seed(seed)
    seen = {"return_dict_in_generate": True, "output_scores": True, "output_logits": True}
    return model.generate(**ask.inputs(prompt), max_new_tokens=new, **seen, **how)


def guarded(
    ask: Ask, model: CausalLM, prompt: str, seed: int, new: int, config: GuardConfig, **how: Any
) -> GuardOutput:
    torch.manual_seed(seed)
    seen = {"return_dict_in_generate": True, "output_scores": True, "output_logits": True}
    return ask(model, prompt, config, new=new, **seen, **how)


def alike(one: SlotRecord, other: SlotRecord) -> bool:
    fields = ("step", "kind", "verdict", "final_verdict", "action", "target", "token", "final_token", "resolved_by")
    return all(getattr(one, field) == getattr(other, field) for field in fields)


class EndAt(LogitsProcessor):
    """Ends each row at a step of its own."""

    def __init__(self, steps: Mapping[int, int], columns: int, end: int) -> None:
        self.steps = steps
        self.columns = columns
        self.end = end

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        for row, step in self.steps.items():
            if input_ids.shape[1] - self.columns == step:
                scores[row, self.end] = 99.0
        return scores


class TestSampling:
    def test_observing_changes_no_bit(self, sampling: dict[str, Any], ask: Ask) -> None:
        slots = 0
        for seed in range(3):
            bare = drawn(ask, ask.first, ANSWER, seed, 14, **sampling)
            output = guarded(ask, ask.first, ANSWER, seed, 14, WATCHING, **sampling)
            slots += len(output.report.slots)
            assert torch.equal(output.sequences, bare.sequences)
            for name in ("scores", "logits"):
                assert all(map(torch.equal, getattr(output.raw, name), getattr(bare, name)))
        assert slots > 0

    def test_nothing_differs_before_the_guard_acts(self, sampling: dict[str, Any], ask: Ask) -> None:
        acted = 0
        for seed in range(8):
            bare = drawn(ask, ask.first, ANSWER, seed, 14, **sampling)
            output = guarded(ask, ask.first, ANSWER, seed, 14, RUNNING, **sampling)
            actions = [slot.step for slot in output.report.slots if slot.action != "none"]
            before = min(actions, default=14)
            acted += bool(actions)
            columns = ask.inputs(ANSWER)["input_ids"].shape[1]
            assert torch.equal(output.sequences[:, : columns + before], bare.sequences[:, : columns + before])
            assert all(map(torch.equal, output.raw.scores[:before], bare.scores[:before]))
        assert acted > 0

    def test_scores_between_slots_are_handed_back_untouched(
        self, sampling: dict[str, Any], ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also after the guard has acted; where it acts, all but one token is ruled out."""
        same: list[bool] = []
        original = GuardProcessor.__call__

        def spy(self: GuardProcessor, input_ids: Any, scores: Any) -> Any:
            given = scores.clone()
            result = original(self, input_ids, scores)
            same.append(result is scores)
            assert torch.equal(scores, given)
            assert result is scores or int(result.isfinite().sum()) == 1
            return result

        monkeypatch.setattr(GuardProcessor, "__call__", spy)
        touched = 0
        for seed in range(6):
            same.clear()
            output = guarded(ask, ask.first, ANSWER, seed, 14, RUNNING, **sampling)
            acted = [slot.step for slot in output.report.slots if slot.action != "none"]
            # Both values have two tokens: the second is set when the first was. What follows them is set where a likely
            # token would go on with the value, or with the point behind it.
            for step, untouched in enumerate(same):
                since = min((step - at for at in acted if at <= step), default=14)
                assert untouched if since > 3 else not untouched if since < 2 else True
            touched += len(acted)
        assert touched > 0

    def test_a_value_that_was_set_is_not_left(self, sampling: dict[str, Any], ask: Ask) -> None:
        for seed in range(8):
            output = guarded(ask, ask.first, BETA, seed, 6, GuardConfig(), **sampling)
            assert output.report.slots[0].action != "none"
            assert output.text[0].startswith("42")

    def test_the_same_seed_gives_the_same_answer(self, sampling: dict[str, Any], ask: Ask) -> None:
        one, other = (guarded(ask, ask.first, ANSWER, 3, 14, RUNNING, **sampling) for _ in range(2))
        assert torch.equal(one.sequences, other.sequences)
        assert all(map(alike, one.report.slots, other.report.slots))

    def test_on_a_real_model(self, demo_model: tuple[CausalLM, PreTrainedTokenizerBase]) -> None:
        model, tokenizer = demo_model
        text = "Alice's badge is 4417. Bruno's badge is 5520. Carla's badge is 8103.\nThe badge of Bruno is"
        inputs = tokenizer(text, return_tensors="pt")
        bindings = [Binding("Alice", "4417"), Binding("Bruno", "5520"), Binding("Carla", "8103")]
        how: dict[str, Any] = {"max_new_tokens": 8, "do_sample": True}
        how |= {"temperature": 1.0, "top_p": 0.9, "repetition_penalty": 1.1}
        columns = inputs["input_ids"].shape[1]
        slots = 0
        for seed in range(3):
            torch.manual_seed(seed)
            bare = model.generate(**inputs, **how)
            for policy in ("observe", "auto"):
                torch.manual_seed(seed)
                output = Guard(model, tokenizer, GuardConfig(policy=policy)).generate(
                    **inputs, bindings=bindings, **how
                )
                before = min((s.step for s in output.report.slots if s.action != "none"), default=8)
                assert torch.equal(output.sequences[:, : columns + before], bare[:, : columns + before])
                slots += len(output.report.slots)
        assert slots > 0


class TestSeveralSequences:
    def test_each_is_judged_by_itself(self, ask: Ask) -> None:
        how = {"do_sample": True, "temperature": 4.0, "num_return_sequences": 4}
        output = guarded(ask, ask.first, ANSWER, 1, 14, RUNNING, **how)
        assert len(set(output.text)) > 1
        steps = [tuple(slot.step for slot in output.report.row(row)) for row in range(4)]
        assert len(set(steps)) > 1
        columns = ask.inputs(ANSWER)["input_ids"].shape[1]
        for slot in output.report.slots:
            if slot.final_token is not None:
                assert slot.final_token == output.sequences[slot.row, columns + slot.step]

    def test_those_that_are_drawn_alike_are_judged_alike(self, ask: Ask) -> None:
        how = {"do_sample": True, "top_k": 1, "num_return_sequences": 3}
        output = guarded(ask, ask.first, PARTS_LATE, 0, 6, GuardConfig(), bindings=ALIKE, **how)
        assert output.text == ["4837]\n"] * 3
        first, *others = (output.report.row(row) for row in range(3))
        assert all(alike(one, other) for row in others for one, other in zip(first, row, strict=True))

    def test_observing_changes_none(self, ask: Ask) -> None:
        how = {"do_sample": True, "temperature": 4.0, "num_return_sequences": 3}
        bare = drawn(ask, ask.first, ANSWER, 2, 12, **how)
        output = guarded(ask, ask.first, ANSWER, 2, 12, WATCHING, **how)
        assert torch.equal(output.sequences, bare.sequences)


class TestEndings:
    @pytest.mark.parametrize("policy", ["observe", "auto"])
    @pytest.mark.parametrize("stop", [["]"], ["7]", "2]"], "]\n"])
    def test_stop_strings(self, stop: Any, policy: str, ask: Ask) -> None:
        how = {"stop_strings": stop, "tokenizer": ask.tokenizer}
        output = ask(ask.first, BETA, GuardConfig(policy=policy), new=12, **how)
        end = "]\n" if stop == "]\n" else "]"
        assert output.text == [("17" if policy == "observe" else "42") + end]
        if policy == "observe":
            assert output.text == [ask.free(ask.first, BETA, 12, **how)]
        assert output.report.unfinished == ()

    def test_a_row_that_a_stop_string_ended_opens_no_slot_at_once(self, ask: Ask) -> None:
        prompts = [ALPHA, STATED + "alpha"]
        config = GuardConfig(policy="observe", slots=(), patterns=(r"\]",))
        how: dict[str, Any] = {"bindings": [BINDINGS] * 2, "new": 12}
        going = ask(ask.first, prompts, config, **how)
        assert going.report.row(0)[0].step == 3
        how |= {"stop_strings": ["]"], "tokenizer": ask.tokenizer}
        stopped = ask(ask.first, prompts, config, **how)
        assert stopped.text == ["17]", "=[17]"]
        assert stopped.report.slots == ()

    def test_padding_that_the_model_writes_itself_ends_no_row(self, ask: Ask) -> None:
        """Here the padding is a token of the text: a line break."""
        newline = ask.tokenizer.encode("\n")[0]
        config = GuardConfig(policy="observe", slots=(), patterns=(r"\n",))
        output = ask(ask.first, ALPHA, config, new=12, pad_token_id=newline)
        assert output.text[0].startswith("17]\n")
        assert [slot.step for slot in output.report.slots][:1] == [4]

    @pytest.mark.parametrize("policy", ["observe", "auto"])
    def test_rows_that_end_at_steps_of_their_own(self, policy: str, ask: Ask) -> None:
        ends = {0: 2, 1: 7, 2: 12}
        prompts = [BETA, ANSWER, STATED + ALPHA]
        columns = ask.inputs(prompts)["input_ids"].shape[1]
        end = ask.tokenizer.eos_token_id
        config = GuardConfig(policy=policy)
        how: dict[str, Any] = {"new": 16}
        batch = ask(
            ask.first,
            prompts,
            config,
            bindings=[BINDINGS] * 3,
            logits_processor=[EndAt(ends, columns, end)],
            **how,
        )
        for row, (prompt, step) in enumerate(zip(prompts, ends.values(), strict=True)):
            processor = EndAt({0: step}, ask.inputs(prompt)["input_ids"].shape[1], end)
            alone = ask(ask.first, prompt, config, logits_processor=[processor], **how)
            assert batch.text[row] == alone.text[0]
            slots = batch.report.row(row)
            assert all(slot.step <= step for slot in slots)
            assert all(map(alike, slots, alone.report.slots))
            assert len(slots) == len(alone.report.slots) > 0

    @pytest.mark.parametrize("bindings", [ALIKE, [Binding("alpha", "4821"), Binding("beta", "9370")]])
    def test_a_length_that_ends_within_a_slot(self, bindings: list[Binding], ask: Ask) -> None:
        value = bindings[1].value
        prompt = f"\nalpha=[4821]\nbeta=[{value}]\nbeta=["
        for new in range(1, 7):
            output = ask(ask.first, prompt, bindings=bindings, new=new)
            assert output.text[0] == f"{value}]\n"[:new]
            assert output.report.unfinished == ((0,) if new < 4 else ())

    def test_a_shortest_length(self, ask: Ask) -> None:
        """The end of sequence is ruled out for the model; a repair does not need it, an abstention takes it."""
        repaired = ask(ask.first, BETA, new=10, min_new_tokens=8)
        assert repaired.text[0].startswith("42]")
        assert repaired.sequences.shape[1] - ask.inputs(BETA)["input_ids"].shape[1] >= 8
        abstained = ask(ask.first, BETA, GuardConfig(policy="abstain"), new=10, min_new_tokens=8)
        assert abstained.text == [""]


class TestBans:
    BANS: ClassVar[dict[str, tuple[str, str]]] = {
        "first": ("suppress_tokens", "4"),
        "second": ("suppress_tokens", "2"),
        "word": ("bad_words_ids", "42"),
    }

    @pytest.mark.parametrize("ban", BANS)
    @pytest.mark.parametrize("policy", ["contrast", "attend", "veto", "checkpoint", "visible", "auto"])
    @pytest.mark.parametrize("prompt", [BETA, DECOY])
    def test_what_is_ruled_out_is_not_written(self, prompt: str, policy: str, ban: str, ask: Ask) -> None:
        model = ask.first if prompt == BETA else ask.last
        visible = policy == "visible"
        config = GuardConfig(
            policy="checkpoint" if visible else policy, checkpoint=VISIBLE if visible else CheckpointConfig()
        )
        name, text = self.BANS[ban]
        tokens = ask.tokenizer.encode(text)
        output = ask(model, prompt, config, new=24, **{name: [tokens] if name == "bad_words_ids" else tokens})
        assert text not in output.text[0]
        columns = ask.inputs(prompt)["input_ids"].shape[1]
        for slot in output.report.slots:
            assert slot.final_token in (None, int(output.sequences[0, columns + slot.step]))

    def test_a_repair_says_so(self, ask: Ask) -> None:
        def insist(slot: Slot) -> Write:
            return Write("insist", ask.tokenizer.encode("4")[0])

        output = ask(ask.first, BETA, GuardConfig(policy=insist), suppress_tokens=ask.tokenizer.encode("4"))
        assert (output.text, kept(output.report)) == (["17]\n"], [])
        assert "ruled out" in output.report.interventions[0].reason


def test_a_draw_that_leaves_what_the_target_begins_with_is_judged(ask: Ask) -> None:
    """The most probable token begins the target and another value; one that begins a third value is drawn."""
    prompt = "\nalpha=[4821]\ngamma=[59]\nbeta=[4837]\nbeta=["
    columns = ask.inputs(prompt)["input_ids"].shape[1]
    four, five = ask.tokenizer.encode("45")

    class Even(LogitsProcessor):
        def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
            if input_ids.shape[1] == columns:
                scores[:, four], scores[:, five] = 20.0, 19.99
            return scores

    drawn = set()
    for seed in range(4):
        torch.manual_seed(seed)
        bindings = [*ALIKE, Binding("gamma", "59")]
        how: dict[str, Any] = {"do_sample": True, "logits_processor": [Even()], "bindings": bindings}
        output = ask(ask.first, prompt, GuardConfig(policy="observe"), **how)
        drawn.add(output.text[0][:2])
        assert output.report.slots[0].verdict == "binding_failure"
    assert drawn == {"48", "59"}
