"""What a guard does about a slot that fails, and that nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from asking import ALPHA, BETA, BINDINGS, DECOY, SLOT, VISIBLE, Ask, kept
from brute_force import contents
from conftest import TinyLlama
from families import copier, speaking
from torch import Tensor
from transformers import LogitsProcessor, PreTrainedTokenizerBase

from guardbind import Binding, BindingFailureError, CheckpointConfig, Evidence, Guard, GuardConfig
from guardbind.policies import Attempt, Follow, NoToken, Slot, Write


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


class TestRepairs:
    @pytest.mark.parametrize("policy", ["contrast", "attend", "veto", "auto"])
    def test_a_wrong_binding(self, policy: str, ask: Ask) -> None:
        output = ask(ask.first, BETA, GuardConfig(policy=policy))
        (slot,) = output.report.slots
        assert output.text == ["42]\n"]
        assert (slot.verdict, slot.final_verdict) == ("binding_failure", "repaired")
        assert slot.action == ("contrast" if policy == "auto" else policy)
        assert slot.final_token == ask.tokenizer.encode("4")[0]
        assert slot.final_budget is not None
        assert slot.budget is not None
        assert slot.final_budget.observed_bits > slot.budget.observed_bits
        assert output.report.ok

    @pytest.mark.parametrize("policy", ["contrast", "attend", "veto", "auto"])
    def test_a_wrong_binding_that_might_be_drawn(self, policy: str, ask: Ask) -> None:
        for seed in range(3):
            torch.manual_seed(seed)
            output = ask(ask.first, BETA, GuardConfig(policy=policy), do_sample=True, temperature=0.5)
            assert output.text[0].startswith("4")
            assert output.report.slots[0].final_token == ask.tokenizer.encode("4")[0]

    def test_the_right_token_is_written_where_another_might_be_drawn(self, ask: Ask) -> None:
        close = [Binding("alpha", "17"), Binding("beta", "42")]
        for policy in ("contrast", "veto"):
            output = ask(ask.first, ALPHA, GuardConfig(policy=policy, tau=0.999), bindings=close, do_sample=True)
            slot = output.report.slots[0]
            assert (slot.verdict, slot.final_verdict) == ("binding_failure", "repaired")
            assert slot.token == slot.final_token == ask.tokenizer.encode("1")[0]

    @pytest.mark.parametrize("checkpoint", [CheckpointConfig(), SLOT])
    @pytest.mark.parametrize("policy", ["checkpoint", "auto"])
    def test_a_closed_gate(self, policy: str, checkpoint: Any, ask: Ask) -> None:
        output = ask(ask.last, DECOY, GuardConfig(policy=policy, checkpoint=checkpoint))
        (slot,) = output.report.slots
        assert ask.free(ask.last, DECOY) == "]\nbeta="
        assert output.text == ["42]\n"]
        assert (slot.verdict, slot.final_verdict, slot.action) == ("gate_failure", "repaired", "checkpoint")

    def test_a_closed_gate_of_a_declared_target_needs_no_restatement(self, ask: Ask) -> None:
        output = ask(ask.last, DECOY, GuardConfig(), target="beta")
        (slot,) = output.report.slots
        assert output.text == ["42]\n"]
        assert (slot.verdict, slot.final_verdict, slot.action) == ("gate_failure", "repaired", "attend")
        shown = ask(ask.last, DECOY, GuardConfig(checkpoint=VISIBLE), target="beta", new=20)
        assert kept(shown.report)[0] == "checkpoint"

    def test_a_passage_that_is_to_be_copied(self, ask: Ask) -> None:
        """No token has that many bits; but what is to be copied stands there."""
        asked = GuardConfig(slots=("line_end",), min_evidence_bits=30.0)
        passage = [Evidence("it", text="beta=[42]")]
        output = ask(ask.first, BETA, asked, bindings=passage, target="it")
        (slot, *_) = output.report.slots
        assert output.text == ["42]\n"]
        assert (slot.verdict, slot.final_verdict, slot.action) == ("binding_failure", "repaired", "attend")
        for bindings, target in ((passage, None), ([Evidence("it", text="alpha=[17]")], "it")):
            output = ask(ask.first, BETA, asked, bindings=bindings, target=target)
            assert output.text == ["17]\n"]
            assert kept(output.report) == []

    def test_what_does_not_help_is_rolled_back(self, ask: Ask) -> None:
        output = ask(ask.first, BETA, GuardConfig(policy="checkpoint"))
        (slot,) = output.report.slots
        (tried,) = output.report.interventions
        assert output.text == ["17]\n"]
        assert (slot.action, slot.final_verdict) == ("none", "binding_failure")
        assert (tried.action, tried.kept, tried.verdict_after) == ("checkpoint", False, "binding_failure")
        assert "another candidate" in tried.reason

    def test_a_token_that_rests_on_less_than_the_models_own_is_not_written(self, ask: Ask) -> None:
        """The model's own token is no value, but is copied from the target's evidence."""

        def faint(slot: Slot) -> Write:
            sure = torch.full_like(slot.logprobs, -30.0)
            sure[ask.tokenizer.encode("4")[0]] = 0.0
            return Write("faint", ask.tokenizer.encode("4")[0], slot.logprobs, sure)

        prompt = "(beta=[42];alpha=[17]\nbeta"
        output = ask(ask.last, prompt, GuardConfig(policy=faint, slots=("line_end",)))
        (tried,) = output.report.interventions
        assert (tried.kept, tried.verdict_after) == (False, "ok")
        assert "observed bits did not rise" in tried.reason
        assert output.text == [ask.free(ask.last, prompt)]

    def test_a_passage_whose_value_is_not_known(self, ask: Ask) -> None:
        passages = [Evidence("badge", span=(1, 11)), Evidence("order", text="beta=[42]")]
        output = ask(ask.first, BETA, GuardConfig(slots=("line_end",)), bindings=passages, target="order")
        assert output.text[0].startswith("42]")
        assert output.report.slots[0].verdict == "binding_failure"
        assert output.report.slots[0].candidates == ()
        right = ask(ask.first, ALPHA, GuardConfig(slots=("line_end",)), bindings=passages, target="badge")
        assert right.text[0].startswith("17]")
        assert right.report.slots[0].verdict == "ok"

    def test_a_passage_is_read_to_its_bound(self, ask: Ask) -> None:
        passages = [Evidence("badge", text="alpha=[4821]\n")]
        prompt = "\nalpha=[4821]\nalpha=["
        config = GuardConfig(slots=("line_end",), max_value_tokens=2)
        output = ask(ask.first, prompt, config, bindings=passages, new=6)
        assert [slot.step for slot in output.report.slots] == [0, 1]
        assert len(ask(ask.first, prompt, GuardConfig(slots=("line_end",)), bindings=passages, new=4).report.slots) == 4

    def test_a_place_in_the_callers_own_text(self, ask: Ask) -> None:
        source = "beta=[42]"
        bindings = [Binding("x", "17"), Binding("y", "42", span=(0, len(source)))]
        output = ask(ask.first, BETA, bindings=bindings, target="y", source=source)
        assert output.text == ["42]\n"]


class TestLongValues:
    shared = (Binding("alpha", "4821"), Binding("beta", "4837"))
    within = (Binding("alpha", "4821"), Binding("beta", "48"))

    @pytest.mark.parametrize("policy", ["contrast", "veto", "auto"])
    def test_that_begin_alike_are_told_apart_where_they_part(self, policy: str, ask: Ask) -> None:
        prompt = "\nalpha=[4821]\nbeta=[4837]\nbeta=["
        output = ask(ask.first, prompt, GuardConfig(policy=policy), bindings=self.shared, new=5)
        (slot,) = output.report.slots
        assert ask.free(ask.first, prompt, 5) == "4821]"
        assert output.text == ["4837]"]
        assert (slot.step, slot.kind, slot.verdict, slot.final_verdict) == (
            2,
            "line_end",
            "binding_failure",
            "repaired",
        )

    def test_a_draw_does_not_leave_one_that_was_repaired(self, ask: Ask) -> None:
        prompt = "\nalpha=[1389]\nbeta=[4726]\nbeta=["
        bindings = [Binding("alpha", "1389"), Binding("beta", "4726")]
        for seed in range(8):
            torch.manual_seed(seed)
            output = ask(
                ask.first, prompt, GuardConfig(policy="contrast"), bindings=bindings, do_sample=True, temperature=9.0
            )
            assert output.text == ["4726"]
            assert output.report.slots[0].action == "contrast"

    @pytest.mark.parametrize("policy", ["contrast", "veto", "auto"])
    def test_one_that_begins_another_can_be_ended(self, policy: str, ask: Ask) -> None:
        prompt = "\nalpha=[4821]\nbeta=[48]\nbeta=["
        output = ask(ask.first, prompt, GuardConfig(policy=policy), bindings=self.within, new=5)
        assert ask.free(ask.first, prompt, 5) == "4821]"
        assert output.text[0].startswith("48]")
        assert output.report.slots[0].verdict == "binding_failure"
        assert output.report.slots[0].final_verdict == "repaired"

    @pytest.mark.parametrize("policy", ["contrast", "veto", "auto", "checkpoint"])
    def test_one_that_goes_on_where_another_ends_can_be_gone_on_with(self, policy: str, ask: Ask) -> None:
        prompt = "\nalpha=[4821]\nbeta=[48]\nalpha=["
        output = ask(ask.last, prompt, GuardConfig(policy=policy), bindings=self.within, new=5)
        assert ask.free(ask.last, prompt, 3) == "48]"
        assert output.text == ["4821]"]

    @pytest.mark.parametrize("bindings", [shared, within, tuple(BINDINGS)])
    def test_what_the_answer_wrote_of_one_is_no_evidence_for_it(self, bindings: tuple[Binding, ...], ask: Ask) -> None:
        """Else a value that is written twice would seem to rest on nothing that is taken away."""
        alpha, beta = (item.value for item in bindings)
        prompt = f"(alpha=[{alpha}];beta=[{beta}]\nbeta=["
        output = ask(ask.last, prompt, GuardConfig(policy="observe"), bindings=bindings, new=16)
        assert output.text[0].startswith(f"{beta}]\nbeta=[{beta}]")
        assert [slot.verdict for slot in output.report.slots][:2] == ["ok", "ok"]

    def test_the_end_of_the_generation_within_one(self, ask: Ask) -> None:
        prompt = "\nalpha=[4821]\nbeta=[9370]\nbeta=["
        bindings = [Binding("alpha", "4821"), Binding("beta", "9370")]
        for new in range(1, 5):
            assert ask(ask.first, prompt, bindings=bindings, new=new).text == ["9370"[:new]]


class TestHiddenCheckpoint:
    @pytest.mark.parametrize("checkpoint", [CheckpointConfig(), SLOT])
    @pytest.mark.parametrize("family", ["copier", "gemma2", "falcon_h1"])
    def test_it_leaves_no_residue(
        self, family: str, checkpoint: CheckpointConfig, ask: Ask, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        """The cache, the logits and what follows are those of a run in which the value was simply written."""

        def insist(slot: Slot) -> Follow | None:
            restatement = slot.restate()
            if restatement is None or slot.continues:
                return None
            sure = torch.full_like(slot.logprobs, -30.0)
            sure[tiny_tokenizer.encode("4")[0]] = 0.0
            return Follow("insist", tiny_tokenizer.encode("4")[0], restatement.branch, sure, sure)

        model = copier(tiny_tokenizer, "last") if family == "copier" else speaking(family, tiny_tokenizer)
        config = GuardConfig(policy=insist, checkpoint=checkpoint, slots=("line_end",))
        seen = {"return_dict_in_generate": True, "output_logits": True}
        output = ask(model, DECOY, config, new=6, **seen)
        assert kept(output.report) == ["insist"]
        assert output.text[0].startswith("42")
        inputs = ask.inputs(DECOY)
        start = inputs["input_ids"].shape[1]
        # To the end: the guard lets no digit follow the value, which a model of random weights may well write.
        written = Forced(output.sequences[0, start:].tolist(), start)
        plain = model.generate(**inputs, max_new_tokens=6, do_sample=False, logits_processor=[written], **seen)
        assert torch.equal(output.sequences, plain.sequences)
        assert all(torch.equal(one, other) for one, other in zip(output.raw.logits, plain.logits, strict=True))
        ours, theirs = contents(output.raw.past_key_values), contents(plain.past_key_values)
        assert len(ours) == len(theirs) > 0
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))

    @pytest.mark.parametrize(("key", "value"), [("alpha", "4821"), ("beta", "4837"), ("gamma", "4859")])
    def test_the_rest_of_a_long_value_is_read_after_it(self, key: str, value: str, ask: Ask) -> None:
        bindings = [Binding("alpha", "4821"), Binding("beta", "4837"), Binding("gamma", "4859")]
        stated = "".join(f"\n{item.key}=[{item.value}]" for item in bindings)
        prompt = f"{stated}\nlist=[]\n{key}=["
        output = ask(ask.last, prompt, GuardConfig(policy="checkpoint", slots=("line_end",)), bindings=bindings, new=5)
        assert kept(output.report) == ["checkpoint"]
        assert output.text == [f"{value}]"]
        assert len(output.report.slots) == 1

    def test_a_value_ends_where_it_ends_after_it(self, ask: Ask) -> None:
        """Left to itself the model goes on to the longer value."""
        bindings = [Binding("alpha", "4821"), Binding("beta", "48")]
        prompt = "\nbeta=[48]\nalpha=[4821]\nlist=[]\nbeta=["
        for drawn in ({"do_sample": False}, {"do_sample": True, "top_k": 2}):
            config = GuardConfig(policy="checkpoint", slots=("line_end",))
            output = ask(ask.last, prompt, config, bindings=bindings, new=5, **drawn)
            assert kept(output.report) == ["checkpoint"]
            assert output.text[0].startswith("48")
            assert not output.text[0].startswith("482")


class TestVisibleCheckpoint:
    def test_it_stands_in_the_text(self, ask: Ask) -> None:
        output = ask(ask.last, DECOY, GuardConfig(policy="checkpoint", checkpoint=VISIBLE), new=24)
        assert output.text[0].startswith("\nbeta=[42]\nbeta=[42]")
        opened, reopened, *_ = output.report.slots
        assert (opened.action, opened.final_verdict, opened.final_token) == ("checkpoint", "repaired", None)
        assert (reopened.kind, reopened.verdict, reopened.action) == ("reopened", "ok", "none")
        (record,) = [record for record in output.report.interventions if record.kept]
        assert record.tokens_inserted == len(ask.tokenizer.encode("\nbeta=[42]\nbeta=["))

    def test_what_it_states_is_evidence_too(self, ask: Ask) -> None:
        """Without that the token after it would rest on nothing that a null takes away."""
        output = ask(ask.last, DECOY, GuardConfig(policy="checkpoint", checkpoint=VISIBLE), new=24)
        reopened = output.report.slots[1]
        assert reopened.evidence_bits is not None
        assert reopened.evidence_bits > 5

    def test_it_needs_room_for_the_value_too(self, ask: Ask) -> None:
        config = GuardConfig(policy="checkpoint", checkpoint=VISIBLE)
        size = len(ask.tokenizer.encode("\nbeta=[42]\nbeta=["))
        for new in (size, size + 1):
            output = ask(ask.last, DECOY, config, new=new)
            assert kept(output.report) == (["checkpoint"] if new > size else [])
            assert output.text[0].startswith("\nbeta=[42]\nbeta=[4" if new > size else "]")
        assert "no room is left" in ask(ask.last, DECOY, config, new=size).report.interventions[0].reason

    @pytest.mark.parametrize("how", [{}, {"max_length": 60}])
    def test_the_room_is_what_generate_will_allow(self, how: dict[str, int], ask: Ask) -> None:
        output = ask(ask.last, DECOY, GuardConfig(policy="checkpoint", checkpoint=VISIBLE), new=None, **how)
        assert kept(output.report) == ["checkpoint"]

    def test_a_value_that_was_begun_goes_on_after_it(self, ask: Ask) -> None:
        bindings = [Binding("alpha", "4821"), Binding("beta", "4837")]
        prompt = "\nbeta=[4837]\nalpha=[4821]\nbeta=["
        config = GuardConfig(policy="checkpoint", checkpoint=VISIBLE, slots=("line_end",))
        output = ask(ask.last, prompt, config, bindings=bindings, new=24)
        assert output.text[0].startswith("48\nbeta=[4837]\nbeta=[4837]")
        seen = [(slot.step, slot.kind, slot.verdict, slot.action) for slot in output.report.slots]
        inserted = len(ask.tokenizer.encode("\nbeta=[4837]\nbeta=[48"))
        expected = [(2, "line_end", "binding_failure", "checkpoint"), (2 + inserted, "reopened", "ok", "none")]
        assert seen == expected


class TestAbstain:
    def test_it_ends_the_row(self, ask: Ask) -> None:
        output = ask(ask.first, BETA, GuardConfig(policy="abstain"), new=8)
        assert output.text == [""]
        assert output.sequences[0, -1] == ask.tokenizer.eos_token_id
        assert output.report.slots[0].action == "abstain"

    def test_it_writes_what_it_is_told(self, ask: Ask) -> None:
        output = ask(ask.first, BETA, GuardConfig(policy="abstain", abstain_text="not stated"), new=20)
        assert output.text == ["not stated"]
        assert len(output.report.slots) == 1

    def test_it_does_not_touch_what_is_right(self, ask: Ask) -> None:
        assert ask(ask.first, ALPHA, GuardConfig(policy="abstain")).text == ["17]\n"]

    def test_automatically_it_comes_last_and_only_with_a_text(self, ask: Ask) -> None:
        prompt, bindings = "\ngamma 63" + BETA, [*BINDINGS, Binding("gamma", "63")]
        output = ask(ask.first, prompt, GuardConfig(), bindings=bindings, target="gamma")
        assert kept(output.report) == []
        assert output.text == ["17]\n"]
        output = ask(ask.first, prompt, GuardConfig(abstain_text="?"), bindings=bindings, target="gamma", new=12)
        assert output.text == ["?"]
        tried = [record.action for record in output.report.interventions]
        assert tried == ["contrast", "attend", "checkpoint", "veto", "abstain"]

    def test_it_is_refused_where_nothing_ends_a_row(self, ask: Ask, tiny_llama: TinyLlama) -> None:
        model = tiny_llama(eos_token_id=None)
        model.generation_config.eos_token_id = None
        output = ask(model, BETA, GuardConfig(policy="abstain", min_evidence_bits=50.0))
        assert kept(output.report) == []
        assert "no end-of-sequence token" in output.report.interventions[0].reason
        assert output.report.slots[0].action == "none"


class TestRaise:
    def test_it_says_where_and_why_and_leaves_a_report(self, ask: Ask) -> None:
        handle = Guard(ask.first, ask.tokenizer, GuardConfig(policy="raise")).attach(BINDINGS)
        with handle, pytest.raises(BindingFailureError, match=r"row 0, step 0: verdict 'binding_failure'.*Catch"):
            ask.first.generate(**ask.inputs(BETA), max_new_tokens=4)
        (slot,) = handle.report.slots
        assert (slot.verdict, slot.action) == ("binding_failure", "raise")

    def test_it_lets_pass_what_is_right(self, ask: Ask) -> None:
        assert ask(ask.first, ALPHA, GuardConfig(policy="raise")).text == ["17]\n"]


class TestOwnPolicy:
    @staticmethod
    def none(slot: Slot) -> None:
        assert slot.judgement.verdict == "binding_failure"

    @staticmethod
    def name(slot: Slot) -> str:
        return "contrast"

    @staticmethod
    def one(slot: Slot) -> Write:
        return Write("mine", max(slot.choices, key=lambda token: slot.bits(token) or 0.0))

    @classmethod
    def several(cls, slot: Slot) -> Iterator[Attempt]:
        yield Write("bad", slot.token)
        yield NoToken("nothing", "found nothing")
        yield cls.one(slot)
        yield Write("late", slot.token)

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
        self, policy: str, text: str, tried: list[tuple[str, bool]], ask: Ask
    ) -> None:
        output = ask(ask.first, BETA, GuardConfig(policy=getattr(self, policy)))
        assert output.text == [text]
        assert [(record.action, record.kept) for record in output.report.interventions] == tried

    def test_it_is_not_asked_where_all_is_well(self, ask: Ask) -> None:
        def never(slot: Slot) -> None:
            raise AssertionError

        assert ask(ask.first, ALPHA, GuardConfig(policy=never)).report.ok
