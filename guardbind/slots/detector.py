"""Which slot a moment is, by the settings of a guard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from guardbind.config import GuardConfig
from guardbind.registry import SLOTS
from guardbind.slots.moment import Moment, SlotRule
from guardbind.slots.sentence import sentence
from guardbind.targets import Place

__all__ = ["Detected", "SlotDetector"]

_RUNNING = frozenset({"key_phrase", "field", "cell"})
# What the text itself says goes before what the model is about to write.
_ORDER = ("prompt_end", "field", "cell", "line_end", "key_phrase")


class Detected(NamedTuple):
    """A slot.

    Attributes:
        kind: The rule that found it.
        place: What stands before it.
        expected: The text asks for a value here, and the model may be about to write something else all the same.
    """

    kind: str
    place: Place
    expected: bool


class SlotDetector:
    """Asks the rules of a guard in turn.

    Args:
        config: Its `slots` and `patterns` are used.
    """

    def __init__(self, config: GuardConfig) -> None:
        named = [kind for kind in _ORDER if kind in config.slots]
        others = [kind for kind in config.slots if kind not in (*_ORDER, "automatic")]
        self._rules: list[tuple[str, SlotRule]] = [(kind, SLOTS.get(kind)) for kind in named]
        if config.patterns:
            self._rules.append(("pattern", _pattern([re.compile(pattern) for pattern in config.patterns])))
        self._rules += [(_name(kind), SLOTS.get(kind) if isinstance(kind, str) else kind) for kind in others]
        if "automatic" in config.slots:
            self._rules.append(("automatic", SLOTS.get("automatic")))
        self._only_starts = {kind for kind, _ in self._rules} <= {"prompt_end", "line_end", "automatic"}
        self._automatic = "automatic" in config.slots

    def may_open(self, step: int, *, has_candidates: bool) -> bool:
        """Whether any rule could find a slot here, before anything is read."""
        return step == 0 or not self._only_starts or (self._automatic and has_candidates)

    def detect(self, moment: Moment) -> Detected | None:
        """Return the first slot that a rule finds, or None between slots."""
        for kind, rule in self._rules:
            place = rule(moment)
            if place is not None:
                return Detected(kind, place, kind in _RUNNING)
        return None


def _pattern(patterns: list[re.Pattern[str]]) -> SlotRule:
    def pattern(moment: Moment) -> Place | None:
        text = moment.generated()
        found = any(match.end() == len(text) for pattern in patterns for match in pattern.finditer(text))
        return sentence(moment) if found else None

    return pattern


def _name(rule: str | Callable[..., object]) -> str:
    return rule if isinstance(rule, str) else str(getattr(rule, "__name__", type(rule).__name__))
