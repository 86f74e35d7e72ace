"""What a guard does, on a model that binds by place and not by key, so that it fails as told and can be helped."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from conftest import TinyLlama
from families import copier, speaking
from test_nulls import contents
from torch import Tensor, nn
from transformers import DynamicCache, LogitsProcessor, PreTrainedModel, PreTrainedTokenizerBase

import guardbind.guard as guard_module
from guardbind import (
    Binding,
    BindingFailureError,
    CheckpointConfig,
    Evidence,
    Guard,
    GuardbindError,
    GuardConfig,
    GuardOutput,
    Target,
)
from guardbind.budget import Budget
from guardbind.policies import Proposal, Slot
from guardbind.report import Report

# The model prefers the first value in brackets: right for alpha, wrong for beta.
STATED = "\nalpha=[17]\nbeta=[42]\n"
BINDINGS = [Binding("alpha", "17"), Binding("beta", "42")]
ALPHA, BETA = STATED + "alpha=[", STATED + "beta=["
# The model prefers the last place: it is about to close the bracket, and a restatement helps.
DECOY = "\nalpha=[17]\nbeta=[42]\nlist=[]\nbeta=["
SLOT = CheckpointConfig(placement="slot")
VISIBLE = CheckpointConfig(placement="slot", visible=True)


@pytest.fixture
def first(tiny_tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    return copier(tiny_tokenizer, "first")


@pytest.fixture
def last(tiny_tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    return copier(tiny_tokenizer, "last")


class Ask:
    """Asks a model, guarded or not."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer

    def inputs(self, prompt: str | Sequence[str]) -> dict[str, Tensor]:
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        return dict(self.tokenizer(prompts, return_tensors="pt", padding=True))

    def __call__(
        self,
        model: nn.Module,
        prompt: str | Sequence[str],
        config: GuardConfig | None = None,
        *,
        bindings: Any = BINDINGS,
        new: int | None = 4,
        target: Any = None,
        source: Any = None,
        **how: Any,
    ) -> GuardOutput:
        length = {} if new is None else {"max_new_tokens": new}
        how = {"do_sample": False, **length, **how}
        guard = Guard(model, self.tokenizer, config)
        return guard.generate(**self.inputs(prompt), bindings=bindings, target=target, source=source, **how)

    def free(self, model: PreTrainedModel, prompt: str, new: int = 4, **how: Any) -> str:
        inputs = self.inputs(prompt)
        output = model.generate(**inputs, max_new_tokens=new, do_sample=False, **how)
        return str(self.tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


class Forced(LogitsProcessor):
    """Writes given tokens, then lets go."""

    def __init__(self, tokens: Sequence[int], columns: int) -> None:
        self.tokens = tokens
        self.columns = columns

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        at = input_ids.shape[1] - self.columns
        if at >= len(self.tokens):
            return scores
        only = torch.full_like(scores, -torch.inf)
        only[:, self.tokens[at]] = 0.0
        return only


def kept(report: Report) -> list[str]:
    return [record.action for record in report.interventions if record.kept]


def verdicts(report: Report) -> list[str]:
    return [slot.verdict for slot in report.slots]


class TestVerdicts:
    def test_the_right_value_for_the_right_reason(self, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, ALPHA)
        (slot,) = output.report.slots
        assert output.text == ["17]\n"]
        assert output.report.ok
        assert (slot.verdict, slot.action, slot.kind, slot.resolved_by) == ("ok", "none", "line_end", "slot_prefix")
        assert slot.target == slot.rests_on == 0
        assert slot.evidence_bits is not None
        assert slot.evidence_bits > 10
        assert slot.gate_gap is not None
        assert slot.gate_gap > 0
        assert slot.value_gap is not None
        assert slot.value_gap > 0

    def test_another_value_of_the_context(self, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, BETA, GuardConfig(policy="observe"))
        (slot,) = output.report.slots
        assert output.text == [ask.free(first, BETA)] == ["17]\n"]
        assert (slot.verdict, slot.final_verdict, slot.action) == ("binding_failure", "binding_failure", "none")
        assert (slot.target, slot.rests_on) == (1, 0)
        assert slot.max_probability > 0.5
        assert slot.evidence_bits is not None
        assert slot.evidence_bits < 1
        assert slot.gate_gap is not None
        assert slot.gate_gap > 0
        assert slot.value_gap is not None
        assert slot.value_gap < 0
        assert not output.report.ok

    def test_no_value_at_all(self, ask: Ask, last: PreTrainedModel) -> None:
        (slot,) = ask(last, DECOY, GuardConfig(policy="observe")).report.slots
        assert slot.verdict == "gate_failure"
        assert slot.gate_gap is not None
        assert slot.gate_gap < 0

    def test_the_right_value_from_somewhere_else(self, ask: Ask, first: PreTrainedModel) -> None:
        (slot,) = ask(first, "\nx=[17]" + ALPHA).report.slots
        assert (slot.verdict, slot.action) == ("unsupported", "none")
        assert slot.gate_gap is not None
        assert slot.gate_gap > 0

    def test_a_value_that_is_not_in_the_prompt(self, ask: Ask, first: PreTrainedModel) -> None:
        absent = [*BINDINGS, Binding("gamma", "63")]
        (slot,) = ask(first, BETA, bindings=absent, target="gamma").report.slots
        assert (slot.verdict, slot.action, slot.budget) == ("absent", "none", None)

    @pytest.mark.parametrize("what", ["leave", "abstain", "raise"])
    def test_a_target_that_cannot_be_told(self, what: Any, ask: Ask, first: PreTrainedModel) -> None:
        config = GuardConfig(on_unresolved=what)
        prompt = STATED + "who=["
        if what == "raise":
            with pytest.raises(BindingFailureError, match=r"target is unresolved.*Declare target"):
                ask(first, prompt, config)
            return
        output = ask(first, prompt, config)
        assert set(verdicts(output.report)) == {"unresolved"}
        assert output.text == ([""] if what == "abstain" else [ask.free(first, prompt)])

    def test_a_declared_target_goes_before_what_the_text_says(self, ask: Ask, first: PreTrainedModel) -> None:
        (slot,) = ask(first, BETA, target="alpha").report.slots
        assert (slot.verdict, slot.target, slot.resolved_by) == ("ok", 0, "declared")

    def test_a_reassigned_key(self, ask: Ask, first: PreTrainedModel) -> None:
        history = [Binding("beta", "17"), Binding("beta", "42")]
        prompt = "\nbeta=[17]\nbeta=[42]\nbeta=["
        for target, text in (("beta", "42]\n"), (Target("beta", "first"), "17]\n"), (Target("beta", "last"), "42]\n")):
            assert ask(first, prompt, bindings=history, target=target).text == [text]


class TestRepairs:
    @pytest.mark.parametrize("policy", ["contrast", "veto", "auto"])
    def test_a_wrong_binding(self, policy: str, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, BETA, GuardConfig(policy=policy))
        (slot,) = output.report.slots
        assert output.text == ["42]\n"]
        assert (slot.verdict, slot.final_verdict) == ("binding_failure", "ok")
        assert slot.action in ("contrast", "veto")
        assert slot.final_token == ask.tokenizer.encode("4")[0]
        assert slot.final_budget is not None
        assert slot.budget is not None
        assert slot.final_budget.observed_bits > slot.budget.observed_bits
        assert output.report.ok

    @pytest.mark.parametrize("policy", ["contrast", "veto", "auto"])
    def test_a_wrong_binding_that_might_be_drawn(self, policy: str, ask: Ask, first: PreTrainedModel) -> None:
        for seed in range(3):
            torch.manual_seed(seed)
            output = ask(first, BETA, GuardConfig(policy=policy), do_sample=True, temperature=0.5)
            assert output.text[0].startswith("4")
            assert output.report.slots[0].final_token == ask.tokenizer.encode("4")[0]

    def test_the_right_token_is_written_where_another_might_be_drawn(self, ask: Ask, first: PreTrainedModel) -> None:
        close = [Binding("alpha", "17"), Binding("beta", "42")]
        for policy in ("contrast", "veto"):
            output = ask(first, ALPHA, GuardConfig(policy=policy, tau=0.999), bindings=close, do_sample=True)
            slot = output.report.slots[0]
            assert (slot.verdict, slot.final_verdict) == ("binding_failure", "ok")
            assert slot.token == slot.final_token == ask.tokenizer.encode("1")[0]

    @pytest.mark.parametrize("checkpoint", [CheckpointConfig(), SLOT])
    @pytest.mark.parametrize("policy", ["checkpoint", "auto"])
    def test_a_closed_gate(self, policy: str, checkpoint: Any, ask: Ask, last: PreTrainedModel) -> None:
        output = ask(last, DECOY, GuardConfig(policy=policy, checkpoint=checkpoint))
        (slot,) = output.report.slots
        assert ask.free(last, DECOY) == "]\nbeta="
        assert output.text == ["42]\n"]
        assert (slot.verdict, slot.final_verdict, slot.action) == ("gate_failure", "ok", "checkpoint")

    def test_what_does_not_help_is_rolled_back(self, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, BETA, GuardConfig(policy="checkpoint"))
        (slot,) = output.report.slots
        (tried,) = output.report.interventions
        assert output.text == ["17]\n"]
        assert (slot.action, slot.final_verdict) == ("none", "binding_failure")
        assert (tried.action, tried.kept, tried.verdict_after) == ("checkpoint", False, "binding_failure")
        assert "another candidate" in tried.reason

    def test_a_token_that_rests_on_less_than_the_models_own_is_not_written(
        self, ask: Ask, last: PreTrainedModel
    ) -> None:
        """The model's own token is no value, but is copied from the target's evidence."""

        def faint(slot: Slot) -> Proposal:
            sure = torch.full_like(slot.logprobs, -30.0)
            sure[ask.tokenizer.encode("4")[0]] = 0.0
            return Proposal("faint", ask.tokenizer.encode("4")[0], slot.logprobs, sure)

        prompt = "(beta=[42];alpha=[17]\nbeta"
        output = ask(last, prompt, GuardConfig(policy=faint, slots=("line_end",)))
        (tried,) = output.report.interventions
        assert (tried.kept, tried.verdict_after) == (False, "ok")
        assert "observed bits did not rise" in tried.reason
        assert output.text == [ask.free(last, prompt)]

    def test_a_passage_whose_value_is_not_known(self, ask: Ask, first: PreTrainedModel) -> None:
        passages = [Evidence("badge", span=(1, 11)), Evidence("order", text="beta=[42]")]
        output = ask(first, BETA, GuardConfig(slots=("line_end",)), bindings=passages, target="order")
        assert output.text[0].startswith("42]")
        assert output.report.slots[0].verdict == "binding_failure"
        assert output.report.slots[0].candidates == ()
        right = ask(first, ALPHA, GuardConfig(slots=("line_end",)), bindings=passages, target="badge")
        assert right.text[0].startswith("17]")
        assert right.report.slots[0].verdict == "ok"

    def test_a_passage_is_read_to_its_bound(self, ask: Ask, first: PreTrainedModel) -> None:
        passages = [Evidence("badge", text="alpha=[4821]\n")]
        prompt = "\nalpha=[4821]\nalpha=["
        config = GuardConfig(slots=("line_end",), max_value_tokens=2)
        output = ask(first, prompt, config, bindings=passages, new=6)
        assert [slot.step for slot in output.report.slots] == [0, 1]
        assert len(ask(first, prompt, GuardConfig(slots=("line_end",)), bindings=passages, new=4).report.slots) == 4

    def test_a_place_in_the_callers_own_text(self, ask: Ask, first: PreTrainedModel) -> None:
        source = "beta=[42]"
        bindings = [Binding("x", "17"), Binding("y", "42", span=(0, len(source)))]
        output = ask(first, BETA, bindings=bindings, target="y", source=source)
        assert output.text == ["42]\n"]


class TestLongValues:
    shared = (Binding("alpha", "4821"), Binding("beta", "4837"))
    within = (Binding("alpha", "4821"), Binding("beta", "48"))

    @pytest.mark.parametrize("policy", ["contrast", "veto", "auto"])
    def test_that_begin_alike_are_told_apart_where_they_part(
        self, policy: str, ask: Ask, first: PreTrainedModel
    ) -> None:
        prompt = "\nalpha=[4821]\nbeta=[4837]\nbeta=["
        output = ask(first, prompt, GuardConfig(policy=policy), bindings=self.shared, new=5)
        (slot,) = output.report.slots
        assert ask.free(first, prompt, 5) == "4821]"
        assert output.text == ["4837]"]
        assert (slot.step, slot.kind, slot.verdict, slot.final_verdict) == (2, "line_end", "binding_failure", "ok")

    @pytest.mark.parametrize("policy", ["contrast", "veto", "auto"])
    def test_one_that_begins_another_can_be_ended(self, policy: str, ask: Ask, first: PreTrainedModel) -> None:
        prompt = "\nalpha=[4821]\nbeta=[48]\nbeta=["
        output = ask(first, prompt, GuardConfig(policy=policy), bindings=self.within, new=5)
        assert ask.free(first, prompt, 5) == "4821]"
        assert output.text[0].startswith("48]")
        assert output.report.slots[0].verdict == "binding_failure"
        assert output.report.slots[0].final_verdict == "ok"

    @pytest.mark.parametrize("policy", ["contrast", "veto", "auto", "checkpoint"])
    def test_one_that_goes_on_where_another_ends_can_be_gone_on_with(
        self, policy: str, ask: Ask, last: PreTrainedModel
    ) -> None:
        prompt = "\nalpha=[4821]\nbeta=[48]\nalpha=["
        output = ask(last, prompt, GuardConfig(policy=policy), bindings=self.within, new=5)
        assert ask.free(last, prompt, 3) == "48]"
        assert output.text == ["4821]"]

    @pytest.mark.parametrize("bindings", [shared, within, tuple(BINDINGS)])
    def test_what_the_answer_wrote_of_one_is_no_evidence_for_it(
        self, bindings: tuple[Binding, ...], ask: Ask, last: PreTrainedModel
    ) -> None:
        """Else a value that is written twice would seem to rest on nothing that is taken away."""
        alpha, beta = (item.value for item in bindings)
        prompt = f"(alpha=[{alpha}];beta=[{beta}]\nbeta=["
        output = ask(last, prompt, GuardConfig(policy="observe"), bindings=bindings, new=16)
        assert output.text[0].startswith(f"{beta}]\nbeta=[{beta}]")
        assert [slot.verdict for slot in output.report.slots][:2] == ["ok", "ok"]

    def test_the_end_of_the_generation_within_one(self, ask: Ask, first: PreTrainedModel) -> None:
        prompt = "\nalpha=[4821]\nbeta=[9370]\nbeta=["
        bindings = [Binding("alpha", "4821"), Binding("beta", "9370")]
        for new in range(1, 5):
            assert ask(first, prompt, bindings=bindings, new=new).text == ["9370"[:new]]


class TestHiddenCheckpoint:
    @pytest.mark.parametrize("checkpoint", [CheckpointConfig(), SLOT])
    @pytest.mark.parametrize("family", ["copier", "gemma2", "falcon_h1"])
    def test_it_leaves_no_residue(
        self, family: str, checkpoint: CheckpointConfig, ask: Ask, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        """The cache, the logits and what follows are those of a run in which the value was simply written."""

        def insist(slot: Slot) -> Proposal | None:
            restatement = slot.restate()
            if restatement is None or slot.begun:
                return None
            sure = torch.full_like(slot.logprobs, -30.0)
            sure[tiny_tokenizer.encode("4")[0]] = 0.0
            return Proposal("insist", tiny_tokenizer.encode("4")[0], sure, sure, branch=restatement.branch)

        model = copier(tiny_tokenizer, "last") if family == "copier" else speaking(family, tiny_tokenizer)
        config = GuardConfig(policy=insist, checkpoint=checkpoint, slots=("line_end",))
        seen = {"return_dict_in_generate": True, "output_logits": True}
        output = ask(model, DECOY, config, new=6, **seen)
        assert kept(output.report) == ["insist"]
        assert output.text[0].startswith("42")
        inputs = ask.inputs(DECOY)
        written = Forced(tiny_tokenizer.encode("42"), inputs["input_ids"].shape[1])
        plain = model.generate(**inputs, max_new_tokens=6, do_sample=False, logits_processor=[written], **seen)
        assert torch.equal(output.sequences, plain.sequences)
        assert all(torch.equal(one, other) for one, other in zip(output.raw.logits, plain.logits, strict=True))
        ours, theirs = contents(output.raw.past_key_values), contents(plain.past_key_values)
        assert len(ours) == len(theirs) > 0
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))

    @pytest.mark.parametrize(("key", "value"), [("alpha", "4821"), ("beta", "4837"), ("gamma", "4859")])
    def test_the_rest_of_a_long_value_is_read_after_it(
        self, key: str, value: str, ask: Ask, last: PreTrainedModel
    ) -> None:
        bindings = [Binding("alpha", "4821"), Binding("beta", "4837"), Binding("gamma", "4859")]
        stated = "".join(f"\n{item.key}=[{item.value}]" for item in bindings)
        prompt = f"{stated}\nlist=[]\n{key}=["
        output = ask(last, prompt, GuardConfig(policy="checkpoint", slots=("line_end",)), bindings=bindings, new=5)
        assert kept(output.report) == ["checkpoint"]
        assert output.text == [f"{value}]"]
        assert len(output.report.slots) == 1


class TestVisibleCheckpoint:
    def test_it_stands_in_the_text(self, ask: Ask, last: PreTrainedModel) -> None:
        output = ask(last, DECOY, GuardConfig(policy="checkpoint", checkpoint=VISIBLE), new=24)
        assert output.text[0].startswith("\nbeta=[42]\nbeta=[42]")
        opened, reopened, *_ = output.report.slots
        assert (opened.action, opened.final_verdict, opened.final_token) == ("checkpoint", "ok", None)
        assert (reopened.kind, reopened.verdict, reopened.action) == ("reopened", "ok", "none")
        (record,) = [record for record in output.report.interventions if record.kept]
        assert record.tokens_inserted == len(ask.tokenizer.encode("\nbeta=[42]\nbeta=["))

    def test_what_it_states_is_evidence_too(self, ask: Ask, last: PreTrainedModel) -> None:
        """Without that the token after it would rest on nothing that a null takes away."""
        output = ask(last, DECOY, GuardConfig(policy="checkpoint", checkpoint=VISIBLE), new=24)
        reopened = output.report.slots[1]
        assert reopened.evidence_bits is not None
        assert reopened.evidence_bits > 5

    def test_it_needs_room_for_the_value_too(self, ask: Ask, last: PreTrainedModel) -> None:
        config = GuardConfig(policy="checkpoint", checkpoint=VISIBLE)
        size = len(ask.tokenizer.encode("\nbeta=[42]\nbeta=["))
        for new in (size, size + 1):
            output = ask(last, DECOY, config, new=new)
            assert kept(output.report) == (["checkpoint"] if new > size else [])
            assert output.text[0].startswith("\nbeta=[42]\nbeta=[4" if new > size else "]")
        assert "no room is left" in ask(last, DECOY, config, new=size).report.interventions[0].reason

    @pytest.mark.parametrize("how", [{}, {"max_length": 60}])
    def test_the_room_is_what_generate_will_allow(self, how: dict[str, int], ask: Ask, last: PreTrainedModel) -> None:
        output = ask(last, DECOY, GuardConfig(policy="checkpoint", checkpoint=VISIBLE), new=None, **how)
        assert kept(output.report) == ["checkpoint"]

    def test_a_value_that_was_begun_goes_on_after_it(self, ask: Ask, last: PreTrainedModel) -> None:
        bindings = [Binding("alpha", "4821"), Binding("beta", "4837")]
        prompt = "\nbeta=[4837]\nalpha=[4821]\nbeta=["
        config = GuardConfig(policy="checkpoint", checkpoint=VISIBLE, slots=("line_end",))
        output = ask(last, prompt, config, bindings=bindings, new=24)
        assert output.text[0].startswith("48\nbeta=[4837]\nbeta=[4837]")
        seen = [(slot.step, slot.kind, slot.verdict, slot.action) for slot in output.report.slots]
        inserted = len(ask.tokenizer.encode("\nbeta=[4837]\nbeta=[48"))
        expected = [(2, "line_end", "binding_failure", "checkpoint"), (2 + inserted, "reopened", "ok", "none")]
        assert seen == expected


class TestAbstain:
    def test_it_ends_the_row(self, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, BETA, GuardConfig(policy="abstain"), new=8)
        assert output.text == [""]
        assert output.sequences[0, -1] == ask.tokenizer.eos_token_id
        assert output.report.slots[0].action == "abstain"

    def test_it_writes_what_it_is_told(self, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, BETA, GuardConfig(policy="abstain", abstain_text="not stated"), new=20)
        assert output.text == ["not stated"]
        assert len(output.report.slots) == 1

    def test_it_does_not_touch_what_is_right(self, ask: Ask, first: PreTrainedModel) -> None:
        assert ask(first, ALPHA, GuardConfig(policy="abstain")).text == ["17]\n"]

    def test_automatically_it_comes_last_and_only_with_a_text(self, ask: Ask, first: PreTrainedModel) -> None:
        prompt, bindings = "\ngamma 63" + BETA, [*BINDINGS, Binding("gamma", "63")]
        output = ask(first, prompt, GuardConfig(), bindings=bindings, target="gamma")
        assert kept(output.report) == []
        assert output.text == ["17]\n"]
        output = ask(first, prompt, GuardConfig(abstain_text="?"), bindings=bindings, target="gamma", new=12)
        assert output.text == ["?"]
        tried = [record.action for record in output.report.interventions]
        assert tried == ["contrast", "checkpoint", "veto", "abstain"]

    def test_it_is_refused_where_nothing_ends_a_row(self, ask: Ask, tiny_llama: TinyLlama) -> None:
        model = tiny_llama(eos_token_id=None)
        model.generation_config.eos_token_id = None
        output = ask(model, BETA, GuardConfig(policy="abstain", min_evidence_bits=50.0))
        assert kept(output.report) == []
        assert "no end-of-sequence token" in output.report.interventions[0].reason
        assert output.report.slots[0].action == "none"


class TestRaise:
    def test_it_says_where_and_why_and_leaves_a_report(self, ask: Ask, first: PreTrainedModel) -> None:
        handle = Guard(first, ask.tokenizer, GuardConfig(policy="raise")).attach(BINDINGS)
        with handle, pytest.raises(BindingFailureError, match=r"row 0, step 0: verdict 'binding_failure'.*Catch"):
            first.generate(**ask.inputs(BETA), max_new_tokens=4)
        (slot,) = handle.report.slots
        assert (slot.verdict, slot.action) == ("binding_failure", "raise")

    def test_it_lets_pass_what_is_right(self, ask: Ask, first: PreTrainedModel) -> None:
        assert ask(first, ALPHA, GuardConfig(policy="raise")).text == ["17]\n"]


class TestOwnPolicy:
    @staticmethod
    def none(slot: Slot) -> None:
        assert slot.judgement.verdict == "binding_failure"

    @staticmethod
    def name(slot: Slot) -> str:
        return "contrast"

    @staticmethod
    def one(slot: Slot) -> Proposal:
        return Proposal("mine", max(slot.choices, key=lambda token: slot.bits(token) or 0.0))

    @classmethod
    def several(cls, slot: Slot) -> Iterator[Proposal]:
        yield Proposal("bad", slot.token)
        yield Proposal("nothing", note="found nothing")
        yield cls.one(slot)
        yield Proposal("late", slot.token)

    @pytest.mark.parametrize(
        ("policy", "text", "tried"),
        [
            ("none", "17]\n", []),
            ("name", "42]\n", [("contrast", True)]),
            ("one", "42]\n", [("mine", True)]),
            ("several", "42]\n", [("bad", False), ("nothing", False), ("mine", True)]),
        ],
    )
    def test_it_may_answer_in_several_ways(
        self, policy: str, text: str, tried: list[tuple[str, bool]], ask: Ask, first: PreTrainedModel
    ) -> None:
        output = ask(first, BETA, GuardConfig(policy=getattr(self, policy)))
        assert output.text == [text]
        assert [(record.action, record.kept) for record in output.report.interventions] == tried

    def test_it_is_not_asked_where_all_is_well(self, ask: Ask, first: PreTrainedModel) -> None:
        def never(slot: Slot) -> None:
            raise AssertionError

        assert ask(first, ALPHA, GuardConfig(policy=never)).report.ok


class TestSlots:
    named = STATED + "beta"

    def test_where_the_model_starts_a_candidate(self, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, self.named, GuardConfig(slots=("automatic",)), new=6)
        (slot,) = output.report.slots
        assert ask.free(first, self.named, 6) == "=[17]\n"
        assert output.text == ["=[42]\n"]
        assert (slot.kind, slot.step, slot.target, slot.resolved_by) == ("automatic", 2, 1, "slot_prefix")

    def test_a_coincidence_is_no_slot(self, ask: Ask, first: PreTrainedModel) -> None:
        prompt = "\ncount(17)" + STATED + "count"
        output = ask(first, prompt, GuardConfig(slots=("automatic",)), new=4)
        assert output.text == ["(17)"]
        assert output.report.slots == ()

    def test_where_a_pattern_ends(self, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, self.named, GuardConfig(slots=(), patterns=(r"=\[",)), new=6)
        (slot,) = output.report.slots
        assert output.text == ["=[42]\n"]
        assert (slot.kind, slot.step) == ("pattern", 2)
        assert ask(first, self.named, GuardConfig(slots=(), patterns=(r"=\[x",)), new=6).report.slots == ()

    def test_at_the_end_of_any_prompt(self, ask: Ask, first: PreTrainedModel) -> None:
        prompt = STATED + "beta=[\n"
        assert ask(first, prompt, GuardConfig(slots=("line_end",)), new=1).report.slots == ()
        (slot,) = ask(first, prompt, GuardConfig(slots=("prompt_end",)), new=1).report.slots
        assert slot.kind == "prompt_end"

    def test_nowhere(self, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, BETA, GuardConfig(slots=()))
        assert output.text == ["17]\n"]
        assert output.report.slots == ()
        assert output.report.ok

    def test_several_in_one_answer(self, ask: Ask, first: PreTrainedModel) -> None:
        prompt = "(alpha=[17];beta=[42]\nalpha"
        output = ask(first, prompt, GuardConfig(slots=("automatic",)), new=12)
        assert ask.free(first, prompt, 12) == "=[17];beta=[17]"
        assert output.text == ["=[17];beta=[42]"]
        assert [(slot.target, slot.verdict, slot.final_verdict) for slot in output.report.slots] == [
            (0, "ok", "ok"),
            (1, "binding_failure", "ok"),
        ]


class TestBounds:
    @pytest.mark.parametrize(("most", "text"), [(0, "17];beta=[17]"), (1, "42];beta=[17]"), (2, "42];beta=[42]")])
    def test_interventions_per_row(self, most: int, text: str, ask: Ask, first: PreTrainedModel) -> None:
        config = GuardConfig(policy="contrast", max_interventions=most)
        output = ask(first, "(alpha=[17];beta=[42]\nbeta=[", config, new=10)
        assert output.text == [text]
        assert len(kept(output.report)) == most
        refused = [record.reason for record in output.report.interventions if not record.kept]
        assert set(refused) <= {"the bound on interventions is reached"}

    def test_nulls_per_slot_begin_with_the_target(self, ask: Ask, first: PreTrainedModel) -> None:
        spare = [Binding("gamma", "63"), *BINDINGS]
        prompt = "\nalpha=[17]\nbeta=[42]\ngamma=[63]\nbeta=["
        bits = ask(first, prompt, GuardConfig(policy="observe", max_nulls=2), bindings=spare).report.slots[0]
        assert [b is None for b in bits.bits_by_binding] == [True, False, False]
        bits = ask(first, prompt, GuardConfig(policy="observe", max_nulls=1), bindings=spare).report.slots[0]
        assert [b is None for b in bits.bits_by_binding] == [True, True, False]

    def test_vetoes_per_slot(self, ask: Ask, first: PreTrainedModel) -> None:
        keys = ["one", "two", "three", "four"]
        values = ["16", "27", "38", "49"]
        prompt = "".join(f"\n{key}=[{value}]" for key, value in zip(keys, values, strict=True)) + "\nfour=["
        bindings = [Binding(key, value) for key, value in zip(keys, values, strict=True)]
        config = {"policy": "veto", "min_evidence_bits": 0.2}
        enough = ask(first, prompt, GuardConfig(**config, max_vetoes=8), bindings=bindings, new=2)
        assert enough.text == ["49"]
        assert enough.report.interventions[0].tokens_vetoed == 3
        few = ask(first, prompt, GuardConfig(**config, max_vetoes=2), bindings=bindings, new=2)
        assert few.text == ["16"]
        assert kept(few.report) == []


class TestRecords:
    def test_the_envelope_keeps_the_worst_budget(self, ask: Ask, first: PreTrainedModel) -> None:
        nulls = ("mask", "redact", "delete", "same_length", "no_evidence", "mask_prefill")
        margins = {}
        for null in nulls:
            (slot,) = ask(first, ALPHA, GuardConfig(null=null)).report.slots
            assert slot.budget is not None
            assert slot.budget.null == null
            margins[null] = slot.budget.margin_bits
        (slot,) = ask(first, ALPHA, GuardConfig(envelope=nulls[1:])).report.slots
        assert slot.budget is not None
        assert slot.budget.margin_bits == pytest.approx(min(margins.values()), abs=1e-3)
        assert slot.budget.null == min(margins, key=lambda null: margins[null])
        assert slot.null_forwards == len(nulls)
        assert all(null in slot.null_cost for null in nulls[1:])

    def test_the_numbers_are_those_of_the_tensors(self, ask: Ask, first: PreTrainedModel) -> None:
        config = GuardConfig(policy="observe", keep_readouts=True)
        output = ask(first, BETA, config, return_dict_in_generate=True, output_logits=True)
        (slot,), (readout,) = output.report.slots, output.report.readouts
        assert torch.equal(readout.logits, output.raw.logits[slot.step][0])
        logprobs = readout.logits.log_softmax(-1)
        bits = [(logprobs - readout.nulls[i])[slot.token].item() / math.log(2) for i in (0, 1)]
        assert slot.bits_by_binding == pytest.approx(bits, abs=1e-4)
        assert slot.evidence_bits == slot.bits_by_binding[1]
        assert slot.max_probability == pytest.approx(logprobs.max().exp().item(), abs=1e-6)
        entropy = torch.special.entr(logprobs.exp()).sum().item() / math.log(2)
        assert slot.entropy_bits == pytest.approx(entropy, abs=1e-3)
        p1, p0 = logprobs[slot.token].exp().item(), readout.nulls[1][slot.token].exp().item()
        expected = Budget(p1, min(1.0, p0), config.tau, floor=1e-6)
        assert slot.budget is not None
        assert slot.budget.margin_bits == pytest.approx(expected.margin_bits, abs=1e-4)
        one, four = (ask.tokenizer.encode(digit)[0] for digit in "14")
        assert slot.value_gap == pytest.approx((readout.logits[four] - readout.logits[one]).item(), abs=0.3)
        by_value = {candidate.value: candidate for candidate in slot.candidates}
        assert by_value["17"].probability == pytest.approx(p1, abs=0.02)
        assert (slot.key, slot.token_text, slot.final_text) == ("beta", "1", "1")

    def test_what_is_kept_is_no_larger_than_what_is_shown(self, ask: Ask, tiny_tokenizer: Any) -> None:
        model = speaking("opt", tiny_tokenizer)
        output = ask(model, BETA, GuardConfig(policy="observe", keep_readouts=True))
        for readout in output.report.readouts:
            for tensor in (readout.logits, readout.residual):
                assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()

    def test_the_lens_reads_the_candidates_at_each_layer(self, ask: Ask, first: PreTrainedModel) -> None:
        output = ask(first, BETA, GuardConfig(policy="observe", lens_layers="all"))
        (slot,) = output.report.slots
        assert set(slot.lens) == {0, 1}
        by_candidate = {candidate.index: candidate.probability for candidate in slot.candidates}
        final = [torch.tensor(value).exp().item() for value in slot.lens[1]]
        assert final == pytest.approx([by_candidate[i] for i in range(2)], abs=1e-4)
        assert abs(slot.lens[0][0] - slot.lens[0][1]) < 3 < abs(slot.lens[1][0] - slot.lens[1][1])

    def test_sinks_see_no_text_unless_asked(self, ask: Ask, first: PreTrainedModel) -> None:
        for capture in (False, True):
            seen: list[Any] = []
            ask(first, BETA, GuardConfig(sinks=(seen.append,), capture_text=capture))
            assert {record.event for record in seen} == {"slot", "intervention"}
            for text in ("42", "17", "beta"):
                assert any(f'"{text}"' in record.model_dump_json() for record in seen) is capture

    def test_a_sink_that_fails_breaks_nothing(
        self, ask: Ask, first: PreTrainedModel, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(_record: Any) -> None:
            raise OSError("disk full")

        with caplog.at_level(logging.WARNING, logger="guardbind"):
            output = ask(first, BETA, GuardConfig(sinks=(broken,)))
        assert output.text == ["42]\n"]
        assert output.report.sink_failures == 2
        assert caplog.text.count("disk full") == 1

    def test_every_record_says_where_it_comes_from(self, ask: Ask, first: PreTrainedModel) -> None:
        report = ask(first, BETA).report
        assert report.provenance.dtype == "float32"
        assert report.provenance.template_sha256 is not None
        assert all(record.provenance == report.provenance for record in (*report.slots, *report.interventions))
        assert '"42"' in report.to_json()
        assert '"42"' not in report.to_json(text=False)


class TestBatches:
    def test_rows_end_on_their_own(self, ask: Ask, first: PreTrainedModel) -> None:
        """One row abstains, one goes on; what a row that has ended is filled with opens no slot."""
        output = ask(first, [BETA, ALPHA], GuardConfig(policy="abstain"), bindings=[BINDINGS] * 2, new=12)
        assert output.text == ["", ask(first, ALPHA, GuardConfig(policy="abstain"), new=12).text[0]]
        assert [slot.step for slot in output.report.row(0)] == [0]
        assert len(output.report.row(1)) > 1

    def test_a_row_that_a_stop_string_ends_opens_no_more_slots(self, ask: Ask, first: PreTrainedModel) -> None:
        prompts = [ALPHA, STATED + "alpha"]
        how = {"bindings": [BINDINGS] * 2, "new": 13, "stop_strings": ["]"], "tokenizer": ask.tokenizer}
        output = ask(first, prompts, GuardConfig(policy="observe"), **how)
        assert output.text == ["17]", "=[17]"]
        assert all(slot.step <= 3 for slot in output.report.row(0))

    def test_several_sequences_of_one_row(self, ask: Ask, first: PreTrainedModel) -> None:
        how = {"do_sample": True, "top_k": 1, "num_return_sequences": 2}
        targets = ["beta", None]
        output = ask(first, [STATED + "x=[", ALPHA], bindings=[BINDINGS] * 2, target=targets, **how)
        assert output.text == ["42]\n", "42]\n", "17]\n", "17]\n"]
        assert [output.report.row(row)[0].target for row in range(4)] == [1, 1, 0, 0]

    def test_each_row_has_its_own_source_and_bindings(self, ask: Ask, first: PreTrainedModel) -> None:
        bindings = [[Binding("y", "42", span=(0, 9))], [Binding("alpha", "17"), Binding("beta", "42")]]
        output = ask(first, [BETA, BETA], bindings=bindings, target=["y", None], source=["beta=[42]", None])
        assert output.text == ["42]\n", "42]\n"]

    def test_rows_that_are_shorter_than_the_tail(self, ask: Ask, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
        model = speaking("llama", tiny_tokenizer, seed=2)
        config = GuardConfig(policy="observe", tail_tokens=12)
        prompts, bindings = ["a=7\na=", STATED * 2 + "beta=["], [[Binding("a", "7")], BINDINGS]
        batch = ask(model, prompts, config, bindings=bindings, new=1)
        for row in range(2):
            (alone,), (slot,) = (
                ask(model, prompts[row], config, bindings=bindings[row], new=1).report.slots,
                batch.report.row(row),
            )
            assert slot.bits_by_binding == pytest.approx(alone.bits_by_binding, abs=1e-4)


class TestHandle:
    def test_it_guards_every_call_and_keeps_each_report(self, ask: Ask, first: PreTrainedModel) -> None:
        guard = Guard(first, ask.tokenizer)
        with guard.attached(BINDINGS) as handle:
            with pytest.raises(GuardbindError, match=r"no guarded call has finished"):
                _ = handle.report
            for prompt in (BETA, ALPHA, BETA):
                first.generate(**ask.inputs(prompt), max_new_tokens=4, do_sample=False)
            handle.generate(**ask.inputs(ALPHA), max_new_tokens=4, do_sample=False)
        assert [report.slots[0].target for report in handle.reports] == [1, 0, 1, 0]
        assert handle.report is handle.reports[-1]
        assert ask.free(first, BETA) == "17]\n"

    def test_one_stands_at_a_time(self, ask: Ask, first: PreTrainedModel, last: PreTrainedModel) -> None:
        guard = Guard(first, ask.tokenizer)
        with guard.attached(BINDINGS):
            for again in (guard, Guard(first, ask.tokenizer)):
                with pytest.raises(GuardbindError, match=r"attached to this model already.*Detach it first"):
                    again.attach(BINDINGS)
            with Guard(last, ask.tokenizer).attached(BINDINGS):
                assert "generate" in vars(last)
        assert "generate" not in vars(first)

    def test_detaching_twice_is_fine_and_gives_back_what_was_there(self, ask: Ask, tiny_llama: TinyLlama) -> None:
        model = tiny_llama()
        original = model.generate
        calls = []

        def own(*args: Any, **kwargs: Any) -> Any:
            calls.append(1)
            return original(*args, **kwargs)

        model.generate = own
        handle = Guard(model, ask.tokenizer).attach(BINDINGS)
        model.generate(**ask.inputs(BETA), max_new_tokens=1)
        handle.detach()
        handle.detach()
        assert model.generate is own
        assert calls == [1]

    def test_the_callers_own_things_are_as_they_were(self, ask: Ask, first: PreTrainedModel) -> None:
        class Banning(LogitsProcessor):
            def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
                scores[:, ask.tokenizer.encode("1")[0]] = -torch.inf
                return scores

        processors, inputs = [Banning()], ask.inputs(BETA)
        given = {name: value.clone() for name, value in inputs.items()}
        config = first.generation_config.to_dict()
        guard = Guard(first, ask.tokenizer, GuardConfig(policy="observe"))
        output = guard.generate(
            **inputs, bindings=BINDINGS, logits_processor=processors, max_new_tokens=2, do_sample=False
        )
        assert output.report.slots[0].token == ask.tokenizer.encode("4")[0]
        assert len(processors) == 1
        assert all(torch.equal(inputs[name], value) for name, value in given.items())
        assert first.generation_config.to_dict() == config

    def test_a_guard_can_be_used_again(self, ask: Ask, first: PreTrainedModel) -> None:
        guard = Guard(first, ask.tokenizer, GuardConfig(max_interventions=1))
        texts = {
            guard.generate(**ask.inputs(BETA), bindings=BINDINGS, max_new_tokens=4, do_sample=False).text[0]
            for _ in range(3)
        }
        assert texts == {"42]\n"}

    def test_a_model_under_an_adapter_wrapper(self, ask: Ask, first: PreTrainedModel) -> None:
        class Adapter(nn.Module):
            """As peft wraps a model."""

            def __init__(self, inner: PreTrainedModel) -> None:
                super().__init__()
                self.inner = inner

            def get_base_model(self) -> PreTrainedModel:
                return self.inner

            def generate(self, *args: Any, **kwargs: Any) -> Any:
                return self.inner.generate(*args, **kwargs)

        wrapped = Adapter(first)
        assert ask(wrapped, BETA).text == ["42]\n"]
        assert "generate" not in vars(wrapped)


class TestCaches:
    @pytest.mark.parametrize("cache", ["none", "full", "static"])
    def test_any_cache_of_the_callers(self, cache: str, ask: Ask, first: PreTrainedModel) -> None:
        def how() -> dict[str, Any]:
            if cache == "full":
                return {"past_key_values": DynamicCache()}
            return {"use_cache": False} if cache == "none" else {"cache_implementation": cache}

        for prompt, text in ((BETA, "42]\n"), (ALPHA, "17]\n")):
            assert ask(first, prompt, **how()).text == [text]
        restated = ask(copier(ask.tokenizer, "last"), DECOY, GuardConfig(policy="checkpoint"), **how())
        assert restated.text == ["42]\n"]

    def test_a_prompt_that_is_read_in_chunks(self, ask: Ask, first: PreTrainedModel) -> None:
        assert ask(first, BETA, prefill_chunk_size=8).text == ["42]\n"]

    def test_padding_that_no_mask_tells_of(self, ask: Ask, first: PreTrainedModel) -> None:
        inputs = ask.inputs([BETA, "\n\n" + ALPHA])
        guard = Guard(first, ask.tokenizer)
        how = {"bindings": [BINDINGS] * 2, "max_new_tokens": 4, "do_sample": False}
        output = guard.generate(inputs["input_ids"], **how)
        assert output.text == guard.generate(**inputs, **how).text == ["42]\n", "17]\n"]

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_low_precision_is_judged_too(self, dtype: torch.dtype, ask: Ask, tiny_llama: TinyLlama) -> None:
        model = tiny_llama().to(dtype)
        output = ask(model, BETA, GuardConfig(policy="observe"))
        assert "unresolved" not in verdicts(output.report)
        assert output.report.slots[0].budget is not None


def test_exports_are_sorted_and_exist() -> None:
    assert guard_module.__all__ == sorted(guard_module.__all__)
    assert all(hasattr(guard_module, name) for name in guard_module.__all__)
