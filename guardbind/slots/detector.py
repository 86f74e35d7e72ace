"""Asks the slot rules of a guard, in their order, whether a moment is a slot."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from guardbind.config import GuardConfig
from guardbind.registry import SLOTS
from guardbind.slots.moment import Moment
from guardbind.slots.rule import SlotRule, as_slot_rule, slot_rule
from guardbind.targets import Place

__all__ = ["Detected", "SlotDetector"]


class Detected(NamedTuple):
    """A slot.

    Attributes:
        kind: The rule that found it.
        place: What stands before it.
        expects_value: The text asks for a value here, and the model may be about to write something else all the same.
        sees_token: Only the token that the model is about to write makes it a slot.
    """

    kind: str
    place: Place
    expects_value: bool = False
    sees_token: bool = False


class SlotDetector:
    """Asks the rules of a guard in turn.

    Args:
        config: Its `slots` and `patterns` are used.
    """

    def __init__(self, config: GuardConfig) -> None:
        rules = [
            (_name(kind), as_slot_rule(SLOTS.get(kind) if isinstance(kind, str) else kind)) for kind in config.slots
        ]
        if config.patterns:
            rules.append(("pattern", _pattern([re.compile(pattern) for pattern in config.patterns])))
        self._rules = sorted(rules, key=lambda named: named[1].order)

    def may_open(self, step: int, *, has_candidates: bool) -> bool:
        """Whether any rule could find a slot here, before anything is read.

        Args:
            step: Tokens generated in the row so far.
            has_candidates: The row has values that are known.
        """
        if step == 0:
            return True
        return any(has_candidates or not rule.sees_token for _, rule in self._rules if not rule.begins_answer)

    def detect(self, moment: Moment) -> Detected | None:
        """Return the first slot that a rule finds, or None between slots."""
        for kind, rule in self._rules:
            place = rule(moment)
            if place is not None:
                return Detected(kind, place, rule.expects_value, rule.sees_token)
        return None


def _pattern(patterns: list[re.Pattern[str]]) -> SlotRule:
    @slot_rule(order=60)
    def pattern(moment: Moment) -> Place | None:
        text = moment.generated()
        found = any(match.end() == len(text) for pattern in patterns for match in pattern.finditer(text))
        return moment.sentence() if found else None

    return pattern


def _name(rule: str | Callable[..., object]) -> str:
    return rule if isinstance(rule, str) else str(getattr(rule, "__name__", type(rule).__name__))
