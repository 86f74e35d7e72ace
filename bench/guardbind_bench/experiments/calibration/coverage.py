"""Calibrates on many draws of trials, and counts on the others how often a promise was not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from guardbind.calibration.acting import acting_rules
from guardbind.calibration.applying import flags, rule_for
from guardbind.calibration.artefact import ActingRule, FlagRule
from guardbind.calibration.fit import flag_rules
from guardbind.calibration.outcome import Outcome

__all__ = ["DrawnRules", "Realised", "RiskPromise", "calibrated", "drawn", "realised"]

_CHOOSING = 0.3
"""Share of a draw that the order of the thresholds comes from; the others are counted."""


@dataclass(frozen=True, slots=True)
class RiskPromise:
    """What is promised.

    Attributes:
        risk: Share of the interventions that are let pass which is harmful, at most.
        confidence: How sure that is.
        alpha: Share of right answers that a rule flags, at most.
    """

    risk: float
    confidence: float
    alpha: float


@dataclass(frozen=True, slots=True)
class DrawnRules:
    """A calibration of one draw, and the trials that are not of it.

    Attributes:
        acting: Its rules of acting.
        flagging: Its rules of flagging.
        others: Trials that it has not seen.
    """

    acting: tuple[ActingRule, ...]
    flagging: tuple[FlagRule, ...]
    others: tuple[Outcome, ...]

    @property
    def realised(self) -> Realised:
        """What its rules do to the trials that it has not seen."""
        return realised(self.acting, self.flagging, self.others)


@dataclass(frozen=True)
class Realised:
    """What rules do to trials.

    Attributes:
        passed: Interventions that they let pass.
        outcomes: All trials.
        flagging: The rules of flagging.
    """

    passed: tuple[Outcome, ...]
    outcomes: tuple[Outcome, ...]
    flagging: tuple[FlagRule, ...]

    @cached_property
    def harmful(self) -> list[bool]:
        """Of each intervention, whether it was harmful."""
        return [outcome.harmful for outcome in self.passed]

    @property
    def harm(self) -> float | None:
        """Share of the interventions that was harmful; None without any."""
        return sum(self.harmful) / len(self.harmful) if self.harmful else None

    @cached_property
    def repaired(self) -> list[bool]:
        """Of each error, whether it is right afterwards."""
        names = {outcome.trial for outcome in self.passed}
        return [o.trial in names and o.written_right for o in self.outcomes if o.due and not o.own_right]

    @cached_property
    def spoiled(self) -> list[bool]:
        """Of each right answer, whether it is wrong afterwards."""
        names = {outcome.trial for outcome in self.passed}
        return [o.trial in names and not o.written_right for o in self.outcomes if o.own_right]

    def false_alarms(self, rule: FlagRule) -> list[bool]:
        """Return of each right answer whether a rule flags it."""
        return [bool(flags([rule], o.signals)) for o in self.outcomes if o.own_right]


def calibrated(
    outcomes: Sequence[Outcome], promise: RiskPromise
) -> tuple[tuple[ActingRule, ...], tuple[FlagRule, ...]]:
    """Return the rules that trials allow; the first of them say in which order thresholds are tested.

    Args:
        outcomes: The trials, in the order in which they were drawn; their own splits are not looked at.
        promise: What is promised.
    """
    first = round(_CHOOSING * len(outcomes))
    dealt = [
        outcome.model_copy(update={"split": "choose" if place < first else "fit"})
        for place, outcome in enumerate(outcomes)
    ]
    acting = acting_rules(dealt, risk=promise.risk, confidence=promise.confidence)
    return acting, tuple(flag_rules(dealt[first:], promise.alpha))


def drawn(outcomes: Sequence[Outcome], draws: int, promise: RiskPromise) -> list[DrawnRules]:
    """Cut trials into draws that share none, and calibrate on each; all others are those that it has not seen.

    Args:
        outcomes: The trials, in the order in which they were drawn.
        draws: How many, at least 2.
        promise: What is promised.
    """
    size = len(outcomes) // draws
    found = []
    for place in range(draws):
        start, end = place * size, (place + 1) * size
        acting, flagging = calibrated(outcomes[start:end], promise)
        found.append(DrawnRules(acting, flagging, (*outcomes[:start], *outcomes[end:])))
    return found


def realised(acting: Sequence[ActingRule], flagging: Sequence[FlagRule], outcomes: Sequence[Outcome]) -> Realised:
    """Return what rules do to trials.

    Args:
        acting: Rules of acting.
        flagging: Rules of flagging.
        outcomes: The trials.
    """
    passed = [o for o in outcomes if o.pushed and rule_for(acting, o.way, o.evidence_bits, o.gain_bits) is not None]
    return Realised(tuple(passed), tuple(outcomes), tuple(flagging))
