"""The judge of a slot, from plain tensors."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from plain_slots import PLAIN_TRIE, located, logs

from guardbind.config import GuardConfig
from guardbind.policies.judge import Judge, rests
from guardbind.policies.slot import bits_of
from guardbind.policies.verdict import bits_needed

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
        assert judge(**unknown, continues=True).own(full, 0.0).verdict == "ok"

    def test_and_for_what_goes_on_with_a_word_of_a_declared_passage(self) -> None:
        likely = logs([0.01, 0.5, 0.2, 0.1, 0.1, 0.09])
        full = logs([0.01, 0.8, 0.1, 0.03, 0.03, 0.03])
        assert judge(**UNKNOWN, prior=likely, said=frozenset({B})).own(full, 0.0).verdict == "unsupported"
        assert judge(**UNKNOWN, prior=likely, said=frozenset({A})).own(full, 0.0).verdict == "ok"
        # So another token is wrong where one of these rests on the evidence by that.
        assert judge(**UNKNOWN, token=B, prior=likely).own(full, 0.0).verdict == "unsupported"
        assert judge(**UNKNOWN, token=B, prior=likely, said=frozenset({A})).own(full, 0.0).verdict == "binding_failure"


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999), st.floats(0, 9))
def test_a_token_rests_on_what_gives_it_the_bits_that_it_needs(p1: float, p0: float, least: float) -> None:
    full, prior = torch.tensor([p1, 1 - p1]).log(), torch.tensor([p0, 1 - p0]).log()
    needed = bits_needed(math.exp(float(prior[0])), least, narrowed=True)
    bits = bits_of(0, full, prior)
    if abs(bits - needed) > 1e-5:
        assert rests(0, full, prior, GuardConfig(min_evidence_bits=least)) == (bits > needed)


class TestWhatIsToBeCopied:
    """Told where the evidence stands, and not what it says."""

    FAINT = logs([0.01, 0.5, 0.25, 0.1, 0.04, 0.1])

    @pytest.mark.parametrize(
        ("given", "verdict"),
        [
            ({"copies": frozenset({A})}, "ok"),
            ({}, "unsupported"),
            ({"copies": frozenset({B})}, "unsupported"),
            # The evidence speaks more for the model's own token.
            ({"copies": frozenset({A}), "prior": logs([0.01, 0.5, 0.1, 0.1, 0.04, 0.25])}, "unsupported"),
            # It speaks against both.
            ({"copies": frozenset({A}), "prior": logs([0.01, 0.65, 0.22, 0.05, 0.03, 0.04])}, "unsupported"),
        ],
    )
    def test_needs_more_evidence_than_the_models_own_token(self, given: dict[str, Any], verdict: str) -> None:
        told = {"candidate": None, "node": None, "token": B, "prior": self.FAINT}
        assert judge(**(told | given)).proposed(A, FULL).verdict == verdict

    def test_what_the_passage_contradicts_is_not_ok_whatever_it_rests_on(self) -> None:
        sure = {"candidate": None, "node": None, "token": B, "prior": logs([0.01, 0.9, 0.01, 0.04, 0.02, 0.02])}
        assert judge(**sure).own(FULL, 0.0).verdict == "ok"
        assert judge(**sure, copies=frozenset({A})).own(FULL, 0.0).verdict == "unsupported"
