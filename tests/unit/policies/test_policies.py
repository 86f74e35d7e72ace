"""What each policy proposes, from readouts written by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from plain_slots import logs, plain_branch, plain_slot

from guardbind.errors import BindingFailureError, ConfigError, UnknownNameError
from guardbind.policies import (
    Attempt,
    Follow,
    NoToken,
    Raise,
    Restate,
    Restatement,
    Slot,
    Stop,
    Write,
    as_policy,
)
from guardbind.policies.contrast import contrasted
from guardbind.policies.proposal import token_of
from guardbind.registry import POLICIES

A, B, C, OTHER = 1, 2, 3, 5
RIGHT = [0.01, 0.6, 0.2, 0.1, 0.04, 0.05]
WRONG = [0.01, 0.2, 0.6, 0.1, 0.04, 0.05]
CLOSED = [0.01, 0.2, 0.1, 0.04, 0.05, 0.6]
HIDDEN = [0.01, 0.01, 0.8, 0.1, 0.04, 0.04]
FURTHER = Restatement(plain_branch([0.01, 0.9, 0.05, 0.02, 0.01, 0.01]), (7, 8, 9), 2)


def proposed(policy: str, p1: list[float], p0: list[float] | None = HIDDEN, **given: Any) -> list[Attempt]:
    return list(as_policy(policy)(plain_slot(p1, p0, **given)))


def write(attempts: list[Attempt]) -> Write:
    (made,) = attempts
    assert isinstance(made, Write)
    return made


class TestContrast:
    @pytest.mark.parametrize("p1", [WRONG, CLOSED])
    def test_takes_what_the_evidence_adds_most_to(self, p1: list[float]) -> None:
        made = write(proposed("contrast", p1))
        assert (made.action, made.token) == ("contrast", A)
        assert made.readout is not None
        assert float(made.readout.exp().sum()) == pytest.approx(1.0)

    def test_writes_values_only_where_they_are_known(self) -> None:
        made = write(proposed("contrast", CLOSED, [0.01, 0.2, 0.1, 0.04, 0.05, 0.0001]))
        assert made.token in (A, B, C)

    def test_keeps_to_plausible_tokens_where_they_are_not(self) -> None:
        p1 = [1e-6, 0.2, 0.6, 0.1, 0.05, 0.05]
        p0 = [1e-12, 0.01, 0.8, 0.1, 0.05, 0.04]
        assert write(proposed("contrast", p1, p0, known=False)).token == A

    def test_does_not_take_what_is_ruled_out_or_goes_on_with_a_word(self) -> None:
        assert write(proposed("contrast", WRONG, banned=[A])).token != A
        assert write(proposed("contrast", WRONG, glued=[A])).token != A

    def test_says_where_it_has_nothing_to_choose_by_or_from(self) -> None:
        (unread,) = proposed("contrast", WRONG, None)
        assert unread == NoToken("contrast", "there is no null to contrast with")
        (banned,) = proposed("contrast", WRONG, banned=[A, B, C], token=B)
        assert banned == NoToken("contrast", "no token is left to choose from")

    def test_repairs_nothing_else(self) -> None:
        assert proposed("contrast", RIGHT) == []
        assert proposed("contrast", RIGHT, RIGHT) == []

    @given(
        st.lists(st.floats(0.01, 1), min_size=6, max_size=6),
        st.lists(st.floats(0.01, 1), min_size=6, max_size=6),
        st.sets(st.integers(0, 5), min_size=1),
        st.floats(0, 4),
    )
    def test_is_the_formula(self, p1: list[float], p0: list[float], choices: set[int], alpha: float) -> None:
        full, prior = logs(p1).log_softmax(-1), logs(p0).log_softmax(-1)
        scores = {i: math.exp(float(full[i]) + alpha * (float(full[i]) - float(prior[i]))) for i in choices}
        total = sum(scores.values())
        got = contrasted(full, prior, alpha, choices=choices, plausibility=0.01).exp().tolist()
        assert got == pytest.approx([scores.get(i, 0.0) / total for i in range(6)], abs=1e-4)

    def test_what_is_ruled_out_stays_so(self) -> None:
        full = torch.tensor([-math.inf, 0.0])
        got = contrasted(full, torch.tensor([-math.inf, -1.0]), 2.0, choices=[0, 1], plausibility=0.01)
        assert got.tolist() == [-math.inf, 0.0]
        none = contrasted(full, full, 2.0, choices=[0], plausibility=0.01)
        assert none.tolist() == [-math.inf, -math.inf]


class TestAttend:
    def told(self, p1: list[float], attended: list[float] | None = RIGHT, **given: Any) -> list[Attempt]:
        return proposed("attend", p1, certain=True, attended=attended, **given)

    @pytest.mark.parametrize("p1", [WRONG, CLOSED])
    @pytest.mark.parametrize("known", [True, False])
    def test_writes_what_comes_with_more_attention_to_the_evidence(self, p1: list[float], known: bool) -> None:
        if p1 is WRONG or known:
            made = write(self.told(p1, known=known))
            assert (made.action, made.token) == ("attend", A)
            assert made.readout is not None
            assert float(made.readout.exp().sum()) == pytest.approx(1.0)

    def test_writes_values_only_where_they_are_known(self) -> None:
        assert write(self.told(WRONG, CLOSED)).token == A
        assert write(self.told(WRONG, CLOSED, known=False)).token == OTHER

    def test_does_not_take_what_is_ruled_out_or_goes_on_with_a_word(self) -> None:
        for known in (True, False):
            assert write(self.told(WRONG, known=known, banned=[A])).token != A
            assert write(self.told(WRONG, known=known, glued=[A])).token != A
        (none,) = self.told(WRONG, banned=[A, B, C], token=B)
        assert none == NoToken("attend", "no token is left to choose from")

    def test_leaves_a_target_that_was_guessed_and_says_so(self) -> None:
        (made,) = proposed("attend", WRONG, attended=RIGHT)
        assert isinstance(made, NoToken) and "guessed" in made.note

    def test_says_why_it_cannot_be_read(self) -> None:
        (made,) = self.told(WRONG, None)
        assert isinstance(made, NoToken) and made.note.endswith(": it was not read")

    def test_repairs_nothing_else(self) -> None:
        assert self.told(RIGHT) == []


class TestVeto:
    def test_takes_the_next_token_that_rests_on_the_evidence(self) -> None:
        made = write(proposed("veto", [0.01, 0.1, 0.6, 0.2, 0.04, 0.05]))
        assert (made.token, made.vetoed) == (A, (B, C))
        assert made.readout is not None
        assert float(made.readout[B]) == -math.inf

    def test_keeps_the_models_own_where_only_the_draw_could_miss(self) -> None:
        made = write(proposed("veto", RIGHT, risk=0.5))
        assert (made.token, made.vetoed) == (A, ())

    def test_gives_up_after_its_bound(self) -> None:
        (found,) = proposed("veto", [0.01, 0.1, 0.6, 0.2, 0.04, 0.05], max_vetoes=1)
        assert found == NoToken("veto", "none of the next 1 tokens is admissible", (B,))

    def test_gives_up_where_nothing_is_admissible(self) -> None:
        (found,) = proposed("veto", WRONG, banned=[A])
        assert isinstance(found, NoToken)
        assert A not in found.vetoed

    def test_repairs_no_token_that_rests_on_nothing(self) -> None:
        assert proposed("veto", RIGHT, RIGHT) == []
        assert proposed("veto", WRONG, None) == []


class TestCheckpoint:
    def test_hidden_it_is_followed_in_its_branch(self) -> None:
        (made,) = proposed("checkpoint", WRONG, restatement=FURTHER)
        assert isinstance(made, Follow)
        assert (made.token, made.branch) == (A, FURTHER.branch)
        assert made.support is made.readout

    def test_visible_it_stands_in_the_text(self) -> None:
        visible = {"visible": True, "placement": "slot"}
        (made,) = proposed("checkpoint", WRONG, restatement=FURTHER, checkpoint=visible)
        assert isinstance(made, Restate)
        assert (made.token, made.inserted, made.stated) == (A, (7, 8, 9), 2)

    def test_says_where_nothing_can_be_restated(self) -> None:
        (found,) = proposed("checkpoint", CLOSED)
        assert found == NoToken("checkpoint", "there is nothing to restate, or no room for it")


class TestAuto:
    @staticmethod
    def actions(p1: list[float], p0: list[float] | None = HIDDEN, **given: Any) -> list[str]:
        return [made.action for made in proposed("auto", p1, p0, **given)]

    def test_the_verdict_chooses_what_comes_first(self) -> None:
        assert self.actions(WRONG) == ["contrast", "checkpoint", "veto"]
        assert self.actions(CLOSED) == ["checkpoint", "contrast"]
        assert self.actions(RIGHT, RIGHT) == []

    @pytest.mark.parametrize(
        ("score", "certain", "order"),
        [
            (None, False, ["contrast", "checkpoint", "veto"]),
            (0.5, False, ["contrast", "veto"]),
            (0.5, True, ["contrast", "veto"]),
            (0.1, True, ["checkpoint", "contrast", "veto"]),
            (0.1, False, []),
        ],
    )
    def test_what_the_residual_holds_chooses_too(self, score: float | None, certain: bool, order: list[str]) -> None:
        held: dict[str, Any] = {"available": score, "available_from": 0.5, "certain": certain}
        assert self.actions(WRONG, **held) == order
        assert self.actions(WRONG, **held, abstain_text="?") == [*order, "abstain"]
        # A closed gate is opened first, whatever stands behind it.
        assert self.actions(CLOSED, **held) == ["checkpoint", "contrast"]
        assert self.actions(RIGHT, **held) == []
        # What is only recorded decides nothing.
        assert self.actions(WRONG, **(held | {"available_from": None})) == ["contrast", "checkpoint", "veto"]

    def test_what_the_caller_declared_is_attended_to_before_it_is_restated(self) -> None:
        declared: dict[str, Any] = {"certain": True, "declared": True, "attended": RIGHT}
        assert self.actions(CLOSED, **declared) == ["attend", "checkpoint", "contrast"]
        assert self.actions(WRONG, **declared) == ["contrast", "attend", "checkpoint", "veto"]
        assert self.actions(RIGHT, **declared) == []
        # Who asks for a restatement that can be seen gets it, and what attention cannot be had for is as it was.
        assert self.actions(CLOSED, **declared, checkpoint={"visible": True, "placement": "slot"}) == [
            "checkpoint",
            "contrast",
        ]
        assert self.actions(CLOSED, **(declared | {"attended": None})) == ["checkpoint", "contrast"]
        assert self.actions(CLOSED, **(declared | {"declared": False})) == ["checkpoint", "contrast"]

    def test_what_is_to_be_copied_is_attended_to_first(self) -> None:
        told: dict[str, Any] = {"certain": True, "declared": True, "known": False, "copies": (A,)}
        faint = [0.01, 0.15, 0.65, 0.1, 0.04, 0.05]
        made = proposed("auto", WRONG, faint, **told, attended=RIGHT)
        assert [(one.action, token_of(one)) for one in made] == [("attend", A), ("contrast", A)]
        # What the model would not copy is not proposed; nor is anything where nothing is to be copied.
        assert proposed("auto", WRONG, WRONG, **told, attended=WRONG) == []
        assert proposed("auto", WRONG, faint, **(told | {"copies": ()}), attended=RIGHT) == []

    def test_it_contrasts_harder_only_where_that_chooses_another_token(self) -> None:
        p1, p0 = [0.01, 0.08, 0.7, 0.17, 0.02, 0.02], [0.01, 0.005, 0.85, 0.11, 0.02, 0.005]
        first, harder = [made for made in proposed("auto", p1, p0, alpha=0.5) if made.action == "contrast"]
        assert (token_of(first), token_of(harder)) == (B, A)

    def test_it_abstains_last_and_only_with_a_text(self) -> None:
        assert self.actions(WRONG, abstain_text="?") == ["contrast", "checkpoint", "veto", "abstain"]
        assert self.actions(RIGHT, RIGHT, abstain_text="?") == ["abstain"]
        assert self.actions(RIGHT, abstain_text="?") == []


@pytest.mark.parametrize(("p1", "p0"), [(WRONG, HIDDEN), (CLOSED, HIDDEN), (RIGHT, RIGHT)])
def test_abstain_and_raise_act_on_every_failure_and_observe_on_none(p1: list[float], p0: list[float]) -> None:
    assert proposed("abstain", p1, p0) == [Stop("abstain")]
    (made,) = proposed("raise", p1, p0)
    assert isinstance(made, Raise)
    assert isinstance(made.error, BindingFailureError)
    assert "row 0, step 3: verdict" in str(made.error)
    assert proposed("observe", p1, p0) == []


@pytest.mark.parametrize("policy", POLICIES.names())
def test_nothing_is_proposed_where_all_is_well(policy: str) -> None:
    assert proposed(policy, RIGHT) == []


class TestOnesOwn:
    @pytest.mark.parametrize(
        ("answer", "made"),
        [
            (lambda slot: None, []),
            (lambda slot: "abstain", [Stop("abstain")]),
            (lambda slot: Stop("mine"), [Stop("mine")]),
            (lambda slot: [NoToken("mine"), Stop("mine")], [NoToken("mine"), Stop("mine")]),
            (lambda slot: iter([Stop("mine")]), [Stop("mine")]),
        ],
    )
    def test_may_answer_in_several_ways(self, answer: Callable[[Slot], Any], made: list[Attempt]) -> None:
        assert list(as_policy(answer)(plain_slot(WRONG, HIDDEN))) == made

    @pytest.mark.parametrize("answer", [3, [3], object(), [Stop("mine"), "abstain"]])
    def test_and_in_no_other(self, answer: object) -> None:
        with pytest.raises(ConfigError, match="a policy name, a Proposal, several or None is accepted"):
            as_policy(lambda slot: answer)(plain_slot(WRONG, HIDDEN))

    def test_an_unknown_name_is_told(self) -> None:
        with pytest.raises(UnknownNameError, match=r"Did you mean 'contrast'\?"):
            as_policy("contrst")
