"""What a calibration lets a guard do, and what its records rest on: plain rows, a model that says what it is told."""

from __future__ import annotations

import math
from typing import Any

import pytest
from calibrations import acting_rule, plain_calibration
from plain_engine import ITEMS, PROMPT, Generation, PlainNull, limits, peaked, restate, write
from plain_slots import letters_row, logs, plain_slot

from guardbind.calibration.artefact import CalibratedRange, FlagRule
from guardbind.calibration.store import calibration_id
from guardbind.events import begins_value
from guardbind.evidence import Evidence
from guardbind.policies import Attempt, Restate, Stop, Write
from guardbind.policies.slot import envelope_of
from guardbind.session.certifying import certificate_of
from guardbind.session.row import Row
from guardbind.session.standing import Standing

MADE = CalibratedRange(
    model="plain",
    weights="w",
    dtype="float32",
    attention="none",
    template_sha256=None,
    tasks=(),
    prompt_tokens=(1, 1000),
    distance=(0, 1000),
    bindings=(1, 10),
    residual_norm=None,
)
WAY = "slot_prefix"
READOUT = logs([0.005, 0.005, 0.98, 0.01])


def standing(*acting: Any, differs: tuple[str, ...] = (), outside: Any = "flag", **changes: Any) -> Standing:
    calibration = plain_calibration(changes.pop("made", MADE), *acting, **changes)
    return Standing(calibration, differs, outside, 3.0, calibration_id(calibration))


def row(target: str | None = None) -> Row:
    return letters_row(PROMPT, ITEMS, target)


def told(generation: Generation) -> list[tuple[str, str, str]]:
    """Action, final verdict and kind of guarantee of each slot."""
    slots = generation.recorder.slots
    return [(slot.action, slot.final_verdict, slot.guarantee.kind if slot.guarantee else "") for slot in slots]


class TestInside:
    @pytest.mark.parametrize(
        ("rules", "written", "outcome"),
        [
            ([acting_rule(WAY)], "4", ("mine", "repaired", "controlled")),
            ([acting_rule(WAY, 99.0), acting_rule(WAY, 1.0, 0.1)], "4", ("mine", "repaired", "controlled")),
            ([acting_rule(WAY, evidence=99.0)], "1", ("none", "binding_failure", "none")),
            ([acting_rule(WAY, gain=99.0)], "1", ("none", "binding_failure", "none")),
            ([acting_rule("query")], "1", ("none", "binding_failure", "none")),
            ([], "1", ("none", "binding_failure", "none")),
        ],
    )
    def test_a_confirmed_proposal_is_carried_out_if_a_rule_lets_it_pass(
        self, rules: list[Any], written: str, outcome: tuple[str, str, str]
    ) -> None:
        generation = Generation(row(), [write("4")], standing=standing(*rules))
        assert generation.write("1") == written
        assert told(generation) == [outcome]
        (tried,) = generation.recorder.interventions
        assert tried.confirmed
        assert tried.kept == (outcome[0] != "none")
        assert tried.kept or tried.reason.startswith("confirmed, but ")
        assert tried.bits_after is not None and tried.gain_bits is not None

    def test_the_guarantee_holds_the_rule_and_what_was_held_against_it(self) -> None:
        stand = standing(acting_rule(WAY, 1.0, 0.1, n=500, wrong=1))
        generation = Generation(row(), [write("4")], standing=stand)
        generation.write("1")
        (slot,), (tried,) = generation.recorder.slots, generation.recorder.interventions
        held = slot.guarantee
        assert held is not None and held.rule is not None
        assert held == tried.guarantee
        assert (held.rule.way, held.rule.n, held.rule.wrong, held.rule.tested) == (WAY, 500, 1, 1)
        assert (held.rule.min_evidence_bits, held.rule.min_gain_bits) == (1.0, 0.1)
        assert (held.evidence_bits, held.gain_bits) == (tried.bits_after, tried.gain_bits)
        assert (held.calibration, held.risk, held.confidence) == (stand.id, 0.01, 0.95)
        assert "1.00%" in held.statement and "95%" in held.statement

    def test_a_declared_target_is_never_blocked(self) -> None:
        generation = Generation(row("beta"), [write("4")], standing=standing())
        assert generation.write("1") == "4"
        assert told(generation) == [("mine", "repaired", "declared")]

    def test_nothing_else_is_written_where_the_first_confirmed_one_is_not_let_pass(self) -> None:
        attempts: list[Attempt] = [write("4"), restate("4"), Stop("abstain")]
        generation = Generation(row(), attempts[:2], standing=standing(acting_rule(WAY, 99.0)))
        assert generation.write("1") == "1"
        assert [action for action, _, _ in generation.tried()] == ["mine"]
        ended = Generation(row(), attempts, standing=standing(acting_rule(WAY, 99.0)))
        ended.write("1")
        assert told(ended) == [("abstain", "binding_failure", "none")]

    @pytest.mark.parametrize(
        ("first", "second", "kept", "reason"),
        [
            (20.0, 6.0, [True, True], "observed bits rose"),  # the second alone would not pass
            (6.0, 20.0, [False, False], "confirmed, but an earlier one in this value was not let pass"),
        ],
    )
    def test_a_value_is_one_intervention_that_its_first_proposal_decides(
        self, first: float, second: float, kept: list[bool], reason: str
    ) -> None:
        def weighed(token: str, logit: float) -> Write:
            read = peaked(token, logit).log_softmax(-1)
            return Write("mine", ord(token), readout=read, support=read)

        given = letters_row("beta=42 x2\nbeta=", [Evidence("e", text="beta=42 x2")])
        generation = Generation(
            given,
            [weighed("4", first)],
            [weighed("2", second)],
            standing=standing(acting_rule("only without a name", 12.9)),
            null=PlainNull(peaked("x")),
        )
        for _ in range(2):
            _, after = generation.step("x", logit=8.9)
            generation.observe(chr(int(after[0].argmax())))
        tried = generation.recorder.interventions
        assert [record.kept for record in tried] == kept
        assert all(record.confirmed for record in tried)
        assert tried[1].reason.startswith(reason)
        guarantees = [slot.guarantee for slot in generation.recorder.slots]
        assert guarantees[0] == guarantees[1] == tried[0].guarantee


class TestOutside:
    @pytest.mark.parametrize(
        ("made", "differs", "names"),
        [
            (MADE, ("weights", "dtype"), ("weights", "dtype")),
            (MADE.model_copy(update={"prompt_tokens": (1, 2)}), (), ("prompt_tokens",)),
            (MADE.model_copy(update={"bindings": (3, 9)}), ("alpha",), ("alpha", "bindings")),
            (MADE.model_copy(update={"distance": (90, 99)}), (), ("distance",)),
            (MADE.model_copy(update={"residual_norm": (1.0, 2.0)}), (), ("residual_norm",)),
        ],
    )
    def test_every_record_says_what_differs(
        self, made: CalibratedRange, differs: tuple[str, ...], names: tuple[str, ...]
    ) -> None:
        generation = Generation(row(), [write("4")], standing=standing(acting_rule(WAY), made=made, differs=differs))
        assert generation.write("1") == "1"
        (slot,), (tried,) = generation.recorder.slots, generation.recorder.interventions
        assert slot.flags == ("outside",)
        for record in (slot, tried):
            assert record.guarantee is not None
            assert (record.guarantee.kind, record.guarantee.outside) == ("outside", names)
            assert record.guarantee.risk is None

    def test_a_later_value_of_the_answer_is_and_the_first_one_is_not(self) -> None:
        stand = standing(acting_rule(WAY))
        generation = Generation(row(), [write("4")], [write("4")], standing=stand, patterns=("beta=$",))
        assert generation.write("17\nbeta=17") == "42\nbeta=17"
        first, *_, later = (slot for slot in generation.recorder.slots if begins_value(slot.kind))
        assert first.guarantee is not None and later.guarantee is not None
        assert (first.guarantee.kind, first.guarantee.outside) == ("controlled", ())
        assert (later.guarantee.kind, later.guarantee.outside) == ("outside", ("later_value",))
        assert [record.kept for record in generation.recorder.interventions] == [True, False]
        assert later.final_verdict == "binding_failure" and "outside" in later.flags

    @pytest.mark.parametrize(
        ("outside", "evidence", "target", "written", "action"),
        [
            ("flag", 0.0, None, "1", "none"),
            ("flag", 0.0, "beta", "4", "mine"),
            ("widen", 0.0, None, "4", "mine"),
            ("widen", 6.0, None, "1", "none"),
            ("widen", 99.0, "beta", "4", "mine"),
            ("abstain", 0.0, None, "\0", "abstain"),
            ("abstain", 0.0, "beta", "4", "mine"),
        ],
    )
    def test_what_is_done_is_told(
        self, outside: str, evidence: float, target: str | None, written: str, action: str
    ) -> None:
        # The letter gets 7 bits: enough for a rule of 6, and not for one of 6 and the 3 that are added outside.
        stand = standing(acting_rule(WAY, evidence, -9.0), differs=("dtype",), outside=outside)
        generation = Generation(row(target), [write("4")], standing=stand, allowed=limits())
        assert generation.write("1") == written
        assert [(kind, done) for done, _, kind in told(generation)] == [("outside", action)]


class TestFlags:
    def test_are_the_signals_beyond_their_thresholds(self) -> None:
        rules = (
            FlagRule(signal="evidence_bits", suspicious="low", threshold=50.0, alpha=0.05, n=100),
            FlagRule(signal="entropy_bits", suspicious="high", threshold=50.0, alpha=0.05, n=100),
            FlagRule(signal="question_lead", suspicious="low", threshold=50.0, alpha=0.05, n=100),
        )
        generation = Generation(row("beta"), standing=standing(flagging=rules))
        generation.write("4")
        assert generation.recorder.slots[0].flags == ("evidence_bits",)

    def test_are_none_without_a_calibration(self) -> None:
        generation = Generation(row("beta"))
        generation.write("4")
        (slot,) = generation.recorder.slots
        assert slot.flags == ()
        assert slot.guarantee is not None and slot.guarantee.kind == "uncalibrated"


class TestCertificates:
    def test_hold_the_budget_under_every_null(self) -> None:
        generation = Generation(row("beta"), standing=standing())
        # Nothing but "4" is likely, and without the evidence everything is.
        generation.step("4")
        (slot,) = generation.recorder.slots
        assert slot.certificate is not None
        found = slot.certificate
        assert (found.token, found.spans, found.worst) == (ord("4"), (1,), "plain")
        assert slot.budget is not None
        assert (found.p1, found.p0) == (slot.budget.p1, {"plain": slot.budget.p0})
        assert found.observed_bits >= found.required_bits > 0

    @pytest.mark.parametrize(
        ("p0", "told", "certified"),
        [
            (0.01, {}, True),
            (0.01, {"further": 0.3}, True),
            (0.97, {}, False),  # as likely without the evidence, which is then not needed
            (0.01, {"further": 0.97}, False),  # under one null of several
            (None, {}, False),
            (0.01, {"drawn": True}, False),
            (0.01, {"target": None}, False),
            (0.01, {"p1": 0.9}, False),
            (0.01, {"kept": Stop("abstain")}, False),
            (0.01, {"kept": Write("contrast", 2, readout=READOUT)}, False),  # chosen by other probabilities
            (0.01, {"kept": Write("checkpoint", 2, readout=READOUT, support=READOUT)}, True),
            (0.01, {"kept": Restate("checkpoint", 1, (4,), readout=READOUT)}, False),  # not written yet
        ],
    )
    def test_are_made_where_the_evidence_was_needed_and_is_enough(
        self, p0: float | None, told: dict[str, Any], certified: bool
    ) -> None:
        p1 = told.get("p1", 0.98)
        prior = None if p0 is None else [0.005, p0, 0.005, 0.985 - p0 if p0 < 0.9 else 0.02]
        slot = plain_slot([0.005, p1, 0.005, 0.99 - p1], prior, target=told.get("target", "a"))
        further = {"redact": logs([0.3, told["further"], 0.1, 0.1])} if "further" in told else {}
        found = certificate_of(
            slot, told.get("kept"), "mask", further, drawn=told.get("drawn", False), calibration="0123"
        )
        assert (found is not None) == certified
        if found is not None:
            family = envelope_of(math.log(found.p1), {name: math.log(p) for name, p in found.p0.items()}, found.tau)
            assert set(found.p0) == {"mask", *further}
            assert family.sufficient
            assert (found.worst, found.calibration) == (family.worst, "0123")
            assert found.observed_bits == pytest.approx(family.worst_budget.observed_bits, abs=1e-4)
