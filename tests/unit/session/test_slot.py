"""The slot that policies see, what is no slot after all, and the restatement: from plain tensors."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from plain_slots import LETTERS, VOCABULARY, PlainModel, letters_opener, letters_row, plain_tail

from guardbind.config import CheckpointConfig, GuardConfig
from guardbind.evidence import Binding, Evidence
from guardbind.policies import Slot
from guardbind.session.limits import Limits
from guardbind.session.meter import NullReadings
from guardbind.session.opener import Opening
from guardbind.session.row import Row
from guardbind.session.slot import Restater, RowReadout, build_slot, is_false_alarm
from guardbind.session.value import ValueEvent

PROMPT = "alpha=17\nbeta=42\nbeta="
ITEMS = {"alpha": "17", "beta": "42"}


def peaked(top: str, logit: float = 9.0) -> torch.Tensor:
    """Return logits of all letters, one of them raised."""
    logits = torch.zeros(VOCABULARY)
    logits[ord(top)] = logit
    return logits


def opened(row: Row, top: str, **settings: Any) -> Opening:
    opening = letters_opener(**settings).open(row, ord(top))
    assert opening is not None
    return opening


def built(
    opening: Opening, logits: torch.Tensor, nulls: dict[int, torch.Tensor], *, sampling: bool = False, **settings: Any
) -> Slot:
    readings = NullReadings("mask", {item: z.log_softmax(-1) for item, z in nulls.items()}, {}, 1, "1 forward", None)
    readout = RowReadout(logits, logits, torch.zeros(2))
    return build_slot(opening, readout, readings, plain_tail(), GuardConfig(**settings), limits(sampling=sampling))


def limits(room: int | None = None, *, sampling: bool = False) -> Limits:
    """Return the limits of a generation whose context holds so many tokens."""
    return Limits(room, None, None, frozenset(), None, sampling)


class TestTheSlot:
    def test_holds_what_was_read(self) -> None:
        opening = opened(letters_row(PROMPT, ITEMS, "beta"), "1")
        slot = built(opening, peaked("1"), {0: peaked("4"), 1: peaked("1")})
        assert (slot.kind, slot.step, slot.token, slot.continues) == ("line_end", 0, ord("1"), False)
        assert (slot.target and slot.target.key, slot.target_candidate) == ("beta", 1)
        assert slot.judgement.verdict == "binding_failure"
        assert slot.readout is not None
        assert slot.readout.stage == "2b"
        assert slot.pseudo_prior is slot.nulls[1]
        assert set(slot.choices) == {ord("1"), ord("4"), ord(" ")}
        bits = slot.bits(ord("4"))
        assert bits is not None
        assert bits == pytest.approx(0.0, abs=1e-6)
        assert slot.judge(ord("4"), peaked("4").log_softmax(-1)).verdict == "ok"

    @pytest.mark.parametrize(("declared", "verdict"), [("beta", "ok"), (None, "unsupported")])
    def test_a_declared_target_needs_no_more_than_evidence_that_does_not_speak_against_it(
        self, declared: str | None, verdict: str
    ) -> None:
        """`41` begins as `42` does, so that its evidence makes the token likely too."""
        items = {"alpha": "17", "beta": "42", "gamma": "41"}
        row = letters_row("alpha=17\ngamma=41\nbeta=42\nWhich of them is beta? It is ", items, declared)
        half = peaked("1")
        half[ord("4")] = 4.0
        slot = built(opened(row, "1"), half, {1: peaked("1", 9.0).index_fill(0, torch.tensor(ord("4")), 3.6)})
        assert slot.judgement.verdict == "binding_failure"
        assert slot.target is not None
        assert slot.target.key == "beta"
        assert slot.judge(ord("4"), slot.logprobs).verdict == verdict

    def test_is_judged_by_the_draw_under_sampling_only(self) -> None:
        logits = peaked("4", 4.0)
        logits[ord("1")] = 3.5
        row = letters_row(PROMPT, ITEMS, "beta")
        opening = opened(row, "4")
        nulls = {1: torch.zeros(VOCABULARY)}
        assert built(opening, logits, nulls).judgement.verdict == "ok"
        assert built(opening, logits, nulls, sampling=True).judgement.verdict == "binding_failure"

    def test_what_is_ruled_out_is_not_permitted(self) -> None:
        slot = built(opened(letters_row(PROMPT, ITEMS, "beta"), "4"), peaked("4"), {})
        slot.scores[ord("4")] = -math.inf
        assert float(slot.permitted[ord("4")]) == -math.inf
        assert (slot.pseudo_prior, slot.bits(ord("4")), slot.budget(ord("4"))) == (None, None, None)


class TestAFalseAlarm:
    def automatic(self) -> Opening:
        row = letters_row("alpha=17\nbeta=42\nWhat is beta?\n", ITEMS)
        return opened(row, "4", slots=("automatic",))

    def test_a_token_that_begins_a_candidate_and_rests_on_no_evidence(self) -> None:
        opening = self.automatic()
        flat = built(opening, peaked("4"), {1: peaked("4")})
        resting = built(opening, peaked("4"), {1: torch.zeros(VOCABULARY)})
        assert is_false_alarm(opening, flat)
        assert not is_false_alarm(opening, resting)

    def test_it_is_none_where_nothing_was_read_or_something_else_made_it_a_slot(self) -> None:
        assert not is_false_alarm(self.automatic(), built(self.automatic(), peaked("4"), {}))
        opening = opened(letters_row(PROMPT, ITEMS, "beta"), "4")
        assert not is_false_alarm(opening, built(opening, peaked("4"), {1: peaked("4")}))

    def test_a_value_of_the_kind_that_is_asked_for_is_no_coincidence(self) -> None:
        items = [
            Binding("badge of Ann", "4417", attribute="badge", owners=("Ann",)),
            Binding("badge of Bob", "8213", attribute="badge", owners=("Bob",)),
        ]
        text = "The badge of Ann is 4417. The badge of Bob is 8213.\nWhat is the badge of Ann?\n"
        opening = opened(letters_row(text, items), "8", slots=("automatic",))
        assert not is_false_alarm(opening, built(opening, peaked("8"), {1: peaked("8")}))

    @pytest.mark.parametrize("continues", [False, True])
    def test_an_unknown_value_ends_where_nothing_rests_on_its_span_any_more(self, continues: bool) -> None:
        row = letters_row("see: nothing\nbeta=", [Evidence("beta", text="nothing")])
        opening = opened(row, "n", slots=("line_end",))
        if continues:
            row.advance(ValueEvent.VERDICT)
            row.read(ord("n"), ends=False)
            opening = opened(row, "x", slots=("line_end",))
        slot = built(opening, peaked("x"), {0: peaked("x")})
        assert slot.judgement.verdict == "unsupported"
        assert is_false_alarm(opening, slot) is continues


class TestRestating:
    def restater(
        self, target: int | None, room: int | None = None, model: PlainModel | None = None, **settings: Any
    ) -> Restater:
        row = letters_row(PROMPT, {**ITEMS, "gamma": "63"}, "beta")
        return Restater(plain_tail(model), row, target, GuardConfig(**settings), limits(room))

    @pytest.mark.parametrize("target", [None, 2])
    def test_there_is_nothing_to_restate_without_a_target_or_its_evidence(self, target: int | None) -> None:
        assert self.restater(target).restate() is None

    def test_there_has_to_be_room_for_it_and_for_the_longest_value(self) -> None:
        room = len(PROMPT) + len("beta=42\n") + len(" 42")
        assert self.restater(1, room - 1).restate() is None
        assert self.restater(1, room).restate() is not None

    def test_the_evidence_is_read_before_the_line_that_stops_at_the_value(self) -> None:
        model = PlainModel(peaked("4"))
        restatement = self.restater(1, model=model).restate()
        assert restatement is not None
        assert LETTERS.decode(restatement.tokens) == "beta=42\nbeta="
        assert LETTERS.decode(restatement.tokens[: restatement.stated]) == "beta=42\n"
        assert model.read == ["alpha=17\nbeta=42\nbeta=42\nbeta="]
        assert int(restatement.branch.logits.argmax()) == ord("4")

    def test_or_between_the_line_and_the_value(self) -> None:
        model = PlainModel()
        restatement = self.restater(1, model=model, checkpoint=CheckpointConfig(placement="slot")).restate()
        assert restatement is not None
        assert LETTERS.decode(restatement.tokens[: restatement.stated]) == "\nbeta=42\n"
        assert model.read == [PROMPT + "\nbeta=42\nbeta="]
