"""The second readout: which proposals are kept, and why the others are not."""

from __future__ import annotations

from typing import Any

import pytest
from plain_slots import logs, plain_branch, plain_slot

from guardbind.errors import BindingFailureError, ConfigError
from guardbind.policies import Attempt, Follow, NoToken, Raise, Restate, Slot, Stop, Write, verify
from guardbind.policies.proposal import token_of

A, B, OTHER = 1, 2, 5
# The model is about to write `b`; `a` rests on the target's evidence.
FULL = [0.01, 0.2, 0.6, 0.1, 0.04, 0.05]
HIDDEN = [0.01, 0.01, 0.8, 0.1, 0.04, 0.04]
BRANCH = plain_branch([0.01, 0.9, 0.05, 0.02, 0.01, 0.01])


def wrong(**given: Any) -> Slot:
    slot = plain_slot(FULL, HIDDEN, **given)
    assert slot.judgement.verdict == "binding_failure"
    return slot


@pytest.mark.parametrize(
    "attempt",
    [Write("mine", A), Follow("mine", A, BRANCH), Restate("mine", A, (9 - 5, A), 1)],
)
def test_what_rests_on_the_evidence_is_kept(attempt: Attempt) -> None:
    found = verify(wrong(), attempt)
    assert (found.kept, found.verdict) == (True, "ok")
    assert "observed bits rose from" in found.reason
    assert found.bits == pytest.approx(4.32, abs=0.01)
    assert found.budget is not None


@pytest.mark.parametrize(("token", "verdict"), [(B, "binding_failure"), (OTHER, "gate_failure")])
def test_what_is_not_the_targets_is_not(token: int, verdict: str) -> None:
    found = verify(wrong(), Write("mine", token))
    assert (found.kept, found.verdict) == (False, verdict)
    assert found.reason.startswith("second readout: ")


def test_what_rests_on_nothing_is_not() -> None:
    found = verify(wrong(), Write("mine", A, support=logs(HIDDEN)))
    assert (found.kept, found.verdict, found.bits) == (False, "unsupported", 0.0)


def test_what_rests_on_no_more_than_the_models_own_token_is_not() -> None:
    slot = plain_slot([0.01, 0.05, 0.1, 0.1, 0.04, 0.7], [0.01, 0.001, 0.1, 0.1, 0.7, 0.001])
    assert slot.judgement.verdict == "gate_failure"
    found = verify(slot, Write("mine", A))
    assert (found.kept, found.verdict) == (False, "ok")
    assert "observed bits did not rise" in found.reason


def test_the_models_own_token_may_be_confirmed() -> None:
    slot = plain_slot([0.01, 0.6, 0.2, 0.1, 0.04, 0.05], [0.01, 0.01, 0.8, 0.1, 0.04, 0.04], risk=0.4)
    assert slot.judgement.verdict == "binding_failure"
    assert verify(slot, Write("mine", A)).kept


def test_the_budget_is_that_of_the_second_readout_and_the_bits_are_those_of_the_support() -> None:
    sure = logs([0.01, 0.9, 0.05, 0.02, 0.01, 0.01])
    found = verify(wrong(), Write("mine", A, readout=sure))
    assert found.budget is not None
    assert found.budget.p1 == pytest.approx(0.9)
    assert found.bits == pytest.approx(4.32, abs=0.01)
    supported = verify(wrong(), Write("mine", A, support=sure))
    assert supported.bits == pytest.approx(6.49, abs=0.01)
    assert supported.budget is not None
    assert supported.budget.p1 == pytest.approx(0.9)


class TestWhatMayNotBeWritten:
    @pytest.mark.parametrize("attempt", [Write("mine", A), Follow("mine", A, BRANCH)])
    def test_a_token_that_is_ruled_out(self, attempt: Attempt) -> None:
        found = verify(wrong(banned=[A]), attempt)
        assert (found.kept, found.verdict) == (False, "binding_failure")
        assert "ruled out" in found.reason

    def test_of_an_insertion_its_first_token_counts(self) -> None:
        assert verify(wrong(banned=[A]), Restate("mine", A, (4, 3))).kept
        assert "ruled out" in verify(wrong(banned=[4]), Restate("mine", A, (4, 3))).reason

    def test_a_token_that_goes_on_with_a_word_unless_something_stands_between(self) -> None:
        assert "go on with the word" in verify(wrong(glued=[A]), Write("mine", A)).reason
        assert verify(wrong(glued=[A]), Restate("mine", A, (4, 3))).kept


class TestWithoutAToken:
    @pytest.mark.parametrize("attempt", [Stop("abstain"), Raise("raise", BindingFailureError("no."))])
    def test_nothing_is_left_to_verify(self, attempt: Attempt) -> None:
        found = verify(wrong(), attempt)
        assert (found.kept, found.verdict, found.bits, found.budget) == (True, "binding_failure", None, None)

    @pytest.mark.parametrize(("note", "reason"), [("found none", "found none"), ("", "no admissible token was found")])
    def test_what_was_not_found_is_not_kept(self, note: str, reason: str) -> None:
        found = verify(wrong(), NoToken("mine", note))
        assert (found.kept, found.reason) == (False, reason)


def test_where_p0_was_not_read_the_verdict_alone_counts() -> None:
    slot = plain_slot(FULL, None)
    assert verify(slot, Write("mine", A)).kept
    assert not verify(slot, Write("mine", B)).kept


class TestProposals:
    def test_the_token_that_one_leads_to(self) -> None:
        assert [token_of(made) for made in (Write("w", 3), Follow("f", 4, BRANCH), Restate("r", 5, (1,)))] == [3, 4, 5]
        without = (Stop("s"), Raise("x", BindingFailureError("no.")), NoToken("n"))
        assert [token_of(made) for made in without] == [None, None, None]

    @pytest.mark.parametrize(("inserted", "stated"), [((), 0), ((1, 2), 3), ((1, 2), -1)])
    def test_a_restatement_states_something(self, inserted: tuple[int, ...], stated: int) -> None:
        with pytest.raises(ConfigError, match=r"at least one token, and at most all of them.*Propose a Write"):
            Restate("mine", A, inserted, stated)

    def test_they_do_not_change(self) -> None:
        with pytest.raises(AttributeError):
            Write("mine", A).token = B  # type: ignore[misc]
