"""Says how a guard stands to its calibration at a slot: what may be acted on, what is flagged, on what that rests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from guardbind.calibration.applying import LATER_VALUE, flags, limits_left, rule_for
from guardbind.calibration.artefact import ActingRule, Calibration
from guardbind.calibration.signals import signals_of
from guardbind.events import GuaranteeRecord, RuleRecord, SlotRecord, guaranteed
from guardbind.policies import Attempt, Slot, Verification
from guardbind.policies.proposal import TokenProposal
from guardbind.session.row import Row
from guardbind.targets import Resolution
from guardbind.targets.trust import way_of

__all__ = ["UNCALIBRATED", "SlotFacts", "SlotStanding", "Standing", "facts_of"]

OutsideMode = Literal["flag", "widen", "abstain"]


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """Where a slot stands.

    Attributes:
        prompt_tokens: Tokens of the prompt.
        bindings: Bindings of the prompt.
        distance: Tokens between the end of the target's statement and the slot; None without a target that is stated.
        residual_norm: Euclidean norm of what feeds the output head.
        earlier_values: Values of the same answer that were judged before this one.
    """

    prompt_tokens: int
    bindings: int
    distance: int | None
    residual_norm: float
    earlier_values: int = 0

    def beyond(self, calibration: Calibration) -> tuple[str, ...]:
        """Return the limits of a calibration's trials that the slot lies outside of; a trial ends with one value."""
        later = (LATER_VALUE,) if self.earlier_values else ()
        return later + limits_left(
            calibration.range,
            prompt_tokens=self.prompt_tokens,
            distance=self.distance,
            bindings=self.bindings,
            residual_norm=self.residual_norm,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a guard stands to its calibration in one generation.

    Attributes:
        calibration: What is known of the model; None without a calibration.
        differs: In what model, settings and decoding differ from the calibrated ones.
        outside: What is done where anything differs (`GuardConfig.outside`).
        widening: Bits by which a rule's thresholds are exceeded there, if it may be acted on.
        id: Id of the calibration.
    """

    calibration: Calibration | None = None
    differs: tuple[str, ...] = ()
    outside: OutsideMode = "flag"
    widening: float = 0.0
    id: str | None = None

    def has_rule(self, resolution: Resolution) -> bool:
        """Whether the calibration has a rule for targets that are found as this one is."""
        return bool(self._rules(resolution))

    def at(self, resolution: Resolution, facts: SlotFacts) -> SlotStanding:
        """Return how the guard stands at a slot.

        Args:
            resolution: What the slot is meant to take.
            facts: Where it stands.
        """
        declared = resolution.how == "declared"
        if self.calibration is None:
            return SlotStanding(self, (), (), declared, facts)
        differs = (*self.differs, *facts.beyond(self.calibration))
        return SlotStanding(self, differs, self._rules(resolution), declared, facts)

    def _rules(self, resolution: Resolution) -> tuple[ActingRule, ...]:
        if self.calibration is None or resolution.index is None:
            return ()
        way = way_of(resolution)
        return tuple(rule for rule in self.calibration.acting if rule.way == way)


@dataclass(frozen=True, slots=True)
class SlotStanding:
    """How a guard stands to its calibration at one slot.

    Attributes:
        guard: How it stands in the generation.
        differs: In what generation and slot differ from the calibrated ones.
        rules: The acting rules for targets that are found as this one was.
        declared: The caller said whose value is meant.
        facts: Where the slot stands.
    """

    guard: Standing
    differs: tuple[str, ...]
    rules: tuple[ActingRule, ...]
    declared: bool
    facts: SlotFacts

    @property
    def abstains(self) -> bool:
        """Whether a value that fails here ends the row, whatever the policy."""
        return bool(self.differs) and self.guard.outside == "abstain" and not self.declared

    def nothing_done(self) -> GuaranteeRecord:
        """Return what a record rests on that says of no value that was written."""
        if self.guard.calibration is None:
            return guaranteed("uncalibrated")
        if self.differs:
            return guaranteed("outside", calibration=self.guard.id, outside=self.differs)
        return guaranteed("none", calibration=self.guard.id)

    def asked(self, attempt: Attempt, verification: Verification) -> Verification:
        """Return what a second readout confirmed, kept only if the calibration lets it pass.

        Args:
            attempt: What a policy would do.
            verification: A second readout that keeps it.
        """
        if not isinstance(attempt, TokenProposal):
            return replace(verification, guarantee=self.nothing_done())
        calibration = self.guard.calibration
        if calibration is None:
            return replace(verification, guarantee=guaranteed("uncalibrated"))
        bits, gain = verification.bits, verification.gain_bits
        if self.differs:
            rule = self._passing(bits, gain, self.guard.widening) if self.guard.outside == "widen" else None
            found = guaranteed(
                "outside",
                calibration=self.guard.id,
                outside=self.differs,
                rule=rule,
                evidence_bits=None if rule is None else bits,
                gain_bits=None if rule is None else gain,
            )
            if self.declared or rule is not None:
                return replace(verification, guarantee=found)
            return replace(verification, kept=False, reason=self._why_outside())
        if self.declared:
            return replace(verification, guarantee=guaranteed("declared", calibration=self.guard.id))
        rule = self._passing(bits, gain, 0.0)
        if rule is None:
            return replace(verification, kept=False, reason=self._why_not(bits, gain))
        found = guaranteed(
            "controlled",
            calibration=self.guard.id,
            risk=calibration.risk,
            confidence=calibration.confidence,
            rule=rule,
            evidence_bits=bits,
            gain_bits=gain,
        )
        return replace(verification, guarantee=found)

    def flags(self, record: SlotRecord) -> tuple[str, ...]:
        """Return the names of the signals of a record that the calibration flags, `outside` first.

        Args:
            record: The slot's record.
        """
        calibration = self.guard.calibration
        if calibration is None:
            return ()
        outside = ("outside",) if self.differs else ()
        return (*outside, *flags(calibration.flagging, signals_of(record)))

    def _passing(self, bits: float | None, gain: float | None, further: float) -> RuleRecord | None:
        bits, gain = (None if number is None else number - further for number in (bits, gain))
        for rule in self.rules:
            if rule_for((rule,), rule.way, bits, gain) is not None:
                return self._recorded(rule)
        return None

    def _recorded(self, rule: ActingRule) -> RuleRecord:
        tested = () if self.guard.calibration is None else self.guard.calibration.tested
        return RuleRecord(
            way=rule.way,
            min_evidence_bits=rule.min_evidence_bits,
            min_gain_bits=rule.min_gain_bits,
            n=rule.n,
            wrong=rule.wrong,
            tested=len(tested),
        )

    def _why_outside(self) -> str:
        differs = ", ".join(self.differs)
        if self.guard.outside == "widen":
            return f"confirmed, but the calibration does not hold here ({differs}) and no rule lets it pass by far"
        return f"confirmed, but the calibration does not hold here ({differs})"

    def _why_not(self, bits: float | None, gain: float | None) -> str:
        if not self.rules:
            return "confirmed, but the calibration has no rule for a target that is found in this way"
        shown = ", ".join(f"{_bits(rule.min_evidence_bits)} and {_bits(rule.min_gain_bits)}" for rule in self.rules)
        return (
            f"confirmed, but with {_bits(bits)} evidence bits and a gain of {_bits(gain)} no rule passes it ({shown})"
        )


UNCALIBRATED = Standing()
"""How a guard stands that has no calibration."""


def facts_of(row: Row, slot: Slot) -> SlotFacts:
    """Return where a slot stands.

    Args:
        row: Its row.
        slot: What was read there.
    """
    located = None if slot.target is None or slot.target.absent else slot.target
    ends = () if located is None else tuple(mention.tokens.stop for mention in located.stated)
    return SlotFacts(
        prompt_tokens=row.bound.prompt_length,
        bindings=len(row.bound.table.items),
        distance=len(row.ids) - ends[-1] if ends else None,
        residual_norm=float(slot.residual.float().norm()),
        earlier_values=max(0, row.judged - 1),
    )


def _bits(number: float | None) -> str:
    return "unread" if number is None else f"{number:.2f}"
