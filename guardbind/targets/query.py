"""What a prompt asks, and whether its answer is a value of the context at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from guardbind.evidence import PromptText
from guardbind.evidence._scan import Layout, Unit
from guardbind.evidence.turns import turns
from guardbind.targets.words import FIRST, LATEST, content, words

__all__ = ["Query", "read_query"]

# Words after which the answer is another value than the one that stands in the context.
_COMPUTED = re.compile(
    r"\b(?:sum|add(?:ed|ing)?|together|altogether|combined|difference|plus|minus|subtract(?:ed|ing)?|multipl(?:y|ied)"
    r"|divided?|average|mean|median|twice|doubled?|half|percent(?:age)?|how\s+many|count|how\s+much\s+(?:more|less)"
    r"|revers(?:e|ed)|backwards?|convert(?:ed)?|round(?:ed)?|translate[ds]?|spell(?:ed)?|digits?\s+of|letters?\s+of"
    r"|initials|second|third|previous(?:ly)?|before\s+(?:that|it)|compare[ds]?|longer|shorter|larger|smaller|highest"
    r"|lowest|cheapest|most\s+expensive|instead\s+of|replaced?)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:not|never|except|other\s+than|apart\s+from|wrong|incorrect)\b|n['\u2019]t\b", re.IGNORECASE
)
_CONDITION = re.compile(r"\s*(?:if|unless|otherwise|do\s+not|don['\u2019]t|never)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.

    Attributes:
        text: The sentences that ask.
        lead: The sentence before them, which may say what they ask about ("I need Bob's badge number. What is it?").
        odd: Words for which the answer may be no value of the context, each with the reason.
        which: Whether the first or the last of several values is asked for; None if nothing is said.
        context: All other text of the prompt.
    """

    text: str
    lead: str
    odd: tuple[tuple[str, str], ...]
    which: Literal["first", "last"] | None
    context: str = ""


def read_query(prompt: PromptText, evidence_end: int) -> Query:
    """Find the sentences that ask.

    They stand in the last turn of the user: its questions with what follows them, or what stands behind the evidence,
    or else its last question.

    Args:
        prompt: The decoded prompt.
        evidence_end: Where the last statement of a binding ends.
    """
    start, end = _turn(prompt)
    layout = Layout(prompt.text, prompt.specials)
    units = [unit for unit in layout.units(start, end) if prompt.text[unit.start : unit.end].strip()]
    behind = [unit for unit in units if unit.start >= evidence_end]
    asking = _from_question(behind) or _worded(prompt.text, behind) or _last_question(units) or units[-1:]
    if not asking:
        return Query("", "", (), None)
    text = prompt.text[asking[0].start : asking[-1].end]
    rest = prompt.text[: asking[0].start] + prompt.text[asking[-1].end :]
    lead = next((unit for unit in reversed(behind) if unit.end <= asking[0].start), None)
    before = "" if lead is None else prompt.text[lead.start : lead.end]
    return Query(text, before, _odd(prompt.text, asking), _which(text), rest)


def _turn(prompt: PromptText) -> tuple[int, int]:
    said = [turn for turn in turns(prompt) if turn.role in (None, "user") and turn.start < turn.end]
    users = [turn for turn in said if turn.role == "user"] or said
    return (users[-1].start, users[-1].end) if users else (0, len(prompt.text))


def _from_question(units: list[Unit]) -> list[Unit]:
    for place, unit in enumerate(units):
        if unit.question:
            return units[place:]
    return []


def _worded(text: str, units: list[Unit]) -> list[Unit]:
    """Return the units if they say enough to ask for something ("Give me Bob's badge number.")."""
    found = [word for unit in units for word in content(words(text[unit.start : unit.end]))]
    return units if len(found) >= 2 else []


def _last_question(units: list[Unit]) -> list[Unit]:
    for place in range(len(units) - 1, -1, -1):
        if units[place].question:
            return units[place : place + 1]
    return []


def _odd(text: str, units: list[Unit]) -> tuple[tuple[str, str], ...]:
    asking = [unit for unit in units if unit.question] or units
    found = []
    for unit in asking:
        said = text[unit.start : unit.end]
        if not _CONDITION.match(said) or len(asking) == 1:
            found += [(match.group(), "the query asks for something computed") for match in _COMPUTED.finditer(said)]
            found += [(match.group(), "the query holds a negation") for match in _NEGATED.finditer(said)]
    return tuple(found)


def _which(text: str) -> Literal["first", "last"] | None:
    stems = [word.stem for word in words(text)]
    first, last = not FIRST.isdisjoint(stems), not LATEST.isdisjoint(stems)
    if first == last:
        return None
    return "first" if first else "last"
