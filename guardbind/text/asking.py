"""Describes what the word that asks says of the value that would answer: "who" no number, "how wide" a width."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from guardbind.text.speech import NOTHING

__all__ = ["LENGTHS", "MASSES", "SPEEDS", "UNITS", "AnswerKind", "Interrogatives"]

AnswerKind: TypeAlias = Literal["any", "name", "time", "place", "amount", "price", "measure", "none"]
"""What may answer: anything, a name, a time or a date, a place, an amount, a price, a number and its unit, or none."""

LENGTHS = r"(?:[mck]?m|in|ft|yd|mi|nm)\b|[\"'\u2032\u2033]"
"""Units of length that are written alike in several languages, as a regular expression."""
MASSES = r"(?:[mk]?g|t|lbs?|oz)\b"
"""The same of mass."""
SPEEDS = r"(?:km/h|m/s|mph|kn)\b"
"""The same of speed."""

UNITS = (
    r"(?:[mck]m|ft|yds?|mi|[mk]g|lbs?|oz|kmh|kph|mph|k?w|[kmg]wh|[kmg]?hz|k?cal|kj|[kmgt]i?b|[mc]l|pct|hpa|psi|rpm|ms"
    r"|usd|eur|gbp|chf)"
)
"""Units of more than one letter that a key may end with, `weight_kg`, as well. "In" and "t" may be anything."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Interrogatives:
    """Words that ask, by what answers them. A language that has none of them takes any value for an answer.

    Attributes:
        kinds: What asks for each kind of value. "measure" has the group `degree`, what is measured: "wide".
        measures: The units of a degree, as a regular expression; one that is not here is answered by no value.
        nouns: Words behind "which" that say no more than of which kind the answer is; `kinds` has them as well.
        times: Words of days and times that stand without digits: "noon".
        aside: What leads from something to another thing than that: "behind", up to its beginning.
        within: What leads from a place to what is there: "in", up to its beginning.
        former: What asks for a value that does not hold any more.
        apart: Words before a name that tell one of several who have it: "old".
        polite: What asks for a value in a question that could be answered by yes: "can you tell me".
        implied: What asks for an attribute without naming it, each with all names that it may have: "how heavy", and
            "weight".
    """

    kinds: Mapping[AnswerKind, re.Pattern[str]] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    nouns: frozenset[str] = frozenset()
    times: re.Pattern[str] = NOTHING
    aside: re.Pattern[str] = NOTHING
    within: re.Pattern[str] = NOTHING
    former: re.Pattern[str] = NOTHING
    apart: frozenset[str] = frozenset()
    polite: re.Pattern[str] = NOTHING
    implied: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = ()
