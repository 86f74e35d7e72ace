"""When a value is about to be written."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guardbind.config import GuardConfig

__all__ = ["Moment", "SlotDetector"]


@dataclass(frozen=True, slots=True)
class Moment:
    """One row before one token.

    Attributes:
        step: Tokens generated in this row so far.
        stops_mid_line: The prompt ends in the middle of a line.
        generated: Returns the text generated so far; decoded only when a pattern needs it.
        token: The model's own next token.
        starts: Tokens that start a candidate.
        inside_word: Whether the token goes on with a word or number that the text has begun already.
    """

    step: int
    stops_mid_line: bool
    generated: Callable[[], str]
    token: int
    starts: frozenset[int]
    inside_word: Callable[[], bool]


class SlotDetector:
    """Says which kind of slot a moment is, by the settings of a guard.

    Args:
        config: Its `slots` and `patterns` are used.
    """

    def __init__(self, config: GuardConfig) -> None:
        self._kinds = frozenset(config.slots)
        self._patterns: Sequence[re.Pattern[str]] = [re.compile(pattern) for pattern in config.patterns]

    def kind(self, moment: Moment) -> str | None:
        """Return `prompt_end`, `line_end`, `pattern`, `automatic`, or None between slots."""
        if moment.step == 0:
            if "prompt_end" in self._kinds:
                return "prompt_end"
            if "line_end" in self._kinds and moment.stops_mid_line:
                return "line_end"
        if self._patterns:
            text = moment.generated()
            if any(match.end() == len(text) for pattern in self._patterns for match in pattern.finditer(text)):
                return "pattern"
        if "automatic" in self._kinds and moment.token in moment.starts and not moment.inside_word():
            return "automatic"
        return None
