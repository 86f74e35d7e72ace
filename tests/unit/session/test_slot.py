"""The judge of a slot, the slot itself, and what is no slot after all: from plain tensors."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from plain_slots import LETTERS, PLAIN_TRIE, VOCABULARY, letters_row, located, logs

from guardbind.config import GuardConfig
from guardbind.evidence import Binding, Evidence
from guardbind.model.tail import Tail
from guardbind.policies import Slot
from guardbind.session.meter import NullReadings
from guardbind.session.opener import Opener, Opening
from guardbind.session.row import Row
from guardbind.session.slot import Judge, Restater, RowReadout, build_slot, is_false_alarm

A, B, OTHER = 1, 2, 5
FULL = logs([0.01, 0.6, 0.2, 0.1, 0.04, 0.05])
HIDDEN = logs([0.01, 0.01, 0.2, 0.1, 0.6, 0.08])


def judge(**given: Any) -> Judge:
    """Return the judge of a slot whose target is the value `a`."""
    plain: dict[str, Any] = {
        "config": GuardConfig(),
        "target": located(),
        "candidate": 0,
        "node": PLAIN_TRIE.root,
        "token": A,
        "prior": HIDDEN,
    }
    return Judge(**(plain | given))


class TestTheModelsOwnToken:
    @pytest.mark.parametrize(("token", "verdict"), [(A, "ok"), (B, "binding_failure"), (OTHER, "gate_failure")])
    def test_of_a_known_value(self, token: int, verdict: str) -> None:
        assert judge(token=token).own(FULL, 0.0).verdict == verdict

    def test_that_rests_on_nothing(self) -> None:
        assert judge(prior=FULL).own(FULL, 0.0).verdict == "unsupported"

    def test_that_might_be_drawn_amiss(self) -> None:
        assert judge().own(FULL, 0.04).verdict == "ok"
        assert judge().own(FULL, 0.06).verdict == "binding_failure"

    def test_where_the_value_leaves_no_choice_it_needs_no_bits(self) -> None:
        assert judge(prior=None).own(FULL, 0.0).verdict == "ok"

    @pytest.mark.parametrize(
        ("given", "verdict", "reason"),
        [
            ({"unresolved": "the null is off"}, "unresolved", "the null is off"),
            ({"target": None, "candidate": None, "unresolved": "two owners"}, "unresolved", "two owners"),
            ({"target": located(absent=True)}, "absent", "does not stand in the prompt"),
        ],
    )
    def test_where_nothing_can_be_judged(self, given: dict[str, Any], verdict: str, reason: str) -> None:
        judged = judge(**given).own(FULL, 0.0)
        assert judged.verdict == verdict
        assert reason in judged.reason


UNKNOWN: dict[str, Any] = {"target": located(value=None), "candidate": None, "node": None}


class TestAnUnknownValue:
    def test_rests_on_its_span(self) -> None:
        assert judge(**UNKNOWN).own(FULL, 0.0).verdict == "ok"

    def test_or_another_plausible_token_does(self) -> None:
        assert judge(**UNKNOWN, token=B).own(FULL, 0.0).verdict == "binding_failure"

    def test_or_nothing_does(self) -> None:
        assert judge(**UNKNOWN, prior=FULL).own(FULL, 0.0).verdict == "unsupported"
        implausible = {"config": GuardConfig(plausibility=1.0), "token": 4}
        full = logs([0.01, 0.3, 0.2, 0.1, 0.34, 0.05])
        assert judge(**(UNKNOWN | implausible)).own(full, 0.0).verdict == "unsupported"

    def test_cannot_be_judged_unread(self) -> None:
        assert judge(**UNKNOWN, prior=None).own(FULL, 0.0).verdict == "unresolved"


class TestAProposedToken:
    def test_is_judged_by_what_supports_it(self) -> None:
        asked = judge(token=B)
        assert asked.proposed(A, FULL).verdict == "ok"
        assert asked.proposed(A, HIDDEN).verdict == "unsupported"
        assert asked.proposed(B, FULL).verdict == "binding_failure"

    def test_needs_only_not_to_be_refuted_where_the_words_are_sure_and_another_value_is_coming(self) -> None:
        weak = logs([0.01, 0.02, 0.2, 0.1, 0.6, 0.07])  # one bit on the target's evidence
        assert judge(token=B).proposed(A, weak).verdict == "unsupported"
        assert judge(token=B, certain=True).proposed(A, weak).verdict == "ok"
        against = logs([0.01, 0.005, 0.2, 0.1, 0.6, 0.085])
        assert judge(token=B, certain=True).proposed(A, against).verdict == "unsupported"

    @pytest.mark.parametrize("coming", [A, OTHER])
    def test_needs_its_bits_where_no_other_value_is_coming(self, coming: int) -> None:
        weak = logs([0.01, 0.02, 0.2, 0.1, 0.6, 0.07])
        assert judge(token=coming, certain=True).proposed(A, weak).verdict == "unsupported"
        assert judge(token=coming, certain=True).own(weak, 0.0).verdict == (
            "unsupported" if coming == A else "gate_failure"
        )

    def test_half_of_the_bits_that_are_left_are_enough_inside_a_value(self) -> None:
        likely = logs([0.01, 0.5, 0.2, 0.1, 0.1, 0.09])  # one bit is left, and half of it needed
        full = logs([0.01, 0.8, 0.1, 0.03, 0.03, 0.03])
        unknown = {"target": located(value=None), "candidate": None, "node": None, "prior": likely}
        assert judge(**unknown).own(full, 0.0).verdict == "unsupported"
        assert judge(**unknown, begun=True).own(full, 0.0).verdict == "ok"


PROMPT = "alpha=17\nbeta=42\nbeta="
ITEMS = {"alpha": "17", "beta": "42"}


def peaked(top: str, logit: float = 9.0) -> torch.Tensor:
    """Return logits of all letters, one of them raised."""
    logits = torch.zeros(VOCABULARY)
    logits[ord(top)] = logit
    return logits


def opened(row: Row, top: str, **settings: Any) -> Opening:
    opening = Opener(GuardConfig(**settings), LETTERS).open(row, ord(top))
    assert opening is not None
    return opening


def built(
    opening: Opening, logits: torch.Tensor, nulls: dict[int, torch.Tensor], *, sampling: bool = False, **settings: Any
) -> Slot:
    readings = NullReadings("mask", {item: z.log_softmax(-1) for item, z in nulls.items()}, {}, 1, "1 forward", None)
    restater = Restater(tail(), opening.row, opening.resolution.index, GuardConfig(**settings), None)
    readout = RowReadout(logits, logits, torch.zeros(2))
    return build_slot(opening, readout, readings, restater, GuardConfig(**settings), sampling=sampling)


def tail() -> Tail:
    model: Any = None
    return Tail(model, LETTERS, None, 0, 6)


class TestTheSlot:
    def test_holds_what_was_read(self) -> None:
        opening = opened(letters_row(PROMPT, ITEMS, "beta"), "1")
        slot = built(opening, peaked("1"), {0: peaked("4"), 1: peaked("1")})
        assert (slot.kind, slot.step, slot.token, slot.begun) == ("line_end", 0, ord("1"), False)
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

    @pytest.mark.parametrize("begun", [False, True])
    def test_an_unknown_value_ends_where_nothing_rests_on_its_span_any_more(self, begun: bool) -> None:
        row = letters_row("see: nothing\nbeta=", [Evidence("beta", text="nothing")])
        opening = opened(row, "n", slots=("line_end",))
        if begun:
            row.read(ord("n"), ends=False)
        slot = built(opening, peaked("x"), {0: peaked("x")})
        assert slot.judgement.verdict == "unsupported"
        assert is_false_alarm(opening, slot) is begun


class TestRestating:
    def restater(self, target: int | None, room: int | None = None, prompt: str = PROMPT) -> Restater:
        items = {**ITEMS, "gamma": "63"}
        return Restater(tail(), letters_row(prompt, items, "beta"), target, GuardConfig(), room)

    @pytest.mark.parametrize("target", [None, 2])
    def test_there_is_nothing_to_restate_without_a_target_or_its_evidence(self, target: int | None) -> None:
        assert self.restater(target).restate() is None

    def test_there_has_to_be_room_for_it_and_for_the_longest_value(self) -> None:
        assert self.restater(1, len(PROMPT) + len("beta=42\n") + len(" 42") - 1).restate() is None
        with pytest.raises(AttributeError):  # there is no model to read it with
            self.restater(1, len(PROMPT) + len("beta=42\n") + len(" 42")).restate()
