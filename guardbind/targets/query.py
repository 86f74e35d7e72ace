"""Reads what a prompt asks, and whether its answer is a value of the context at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from guardbind.text.chat import Turn, turns
from guardbind.text.decoded import PromptText
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span, Unit, layout_of
from guardbind.text.words import content, words

__all__ = ["Order", "Query", "asks_for_value", "makes", "odd_words", "order_of", "plain", "read_query", "several"]

Order: TypeAlias = Literal["first", "last", "both"]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.

    Attributes:
        text: The sentences that ask.
        lead: The sentence before them, which may say what they ask about ("I need Bob's badge number. What is it?").
        odd: Words for which the answer may be no value of the context, each with the reason.
        order: Which of several values is asked for; None if nothing is said.
        prompt: The whole prompt.
        span: Where the sentences that ask stand in it.
        turns: Who said what of it.
        near: Whether the lead stands in the same paragraph.
        language: What it is written in.
        counts: Whether it asks for a number that is stated itself: "how many days", of "14 days".
    """

    text: str
    lead: str
    odd: tuple[tuple[str, str], ...]
    order: Order | None
    prompt: str
    span: Span
    language: Language = ENGLISH
    turns: tuple[Turn, ...] = ()
    near: bool = True
    counts: bool = False

    @property
    def context(self) -> str:
        """All text of the prompt that does not ask."""
        return self.prompt[: self.span[0]] + self.prompt[self.span[1] :]


def read_query(prompt: PromptText, evidence_end: int, language: Language = ENGLISH) -> Query:
    """Find the sentences that ask.

    They stand in the last turn of the user: its questions with what follows them, or what stands behind the evidence,
    or else its last question.

    Args:
        prompt: The decoded prompt.
        evidence_end: Where the last statement of a binding ends.
        language: What the prompt is written in.
    """
    parties = tuple(turns(prompt))
    start, end = _turn(prompt, parties)
    layout = Layout(prompt.text, prompt.specials, language)
    units = [unit for unit in layout.units(start, end) if prompt.text[unit.start : unit.end].strip()]
    said = plain(prompt.text, language)
    behind = [unit for unit in units if unit.start >= evidence_end]
    requested = _worded(prompt.text, _requested(prompt.text, behind, layout, language), language)
    asking = _from_question(behind) or requested or _worded(prompt.text, behind, language)
    asking = asking or _last_question(units) or _first_request(prompt.text, units, language) or units[-1:]
    if not asking:
        return Query("", "", (), None, prompt.text, (end, end), language, parties)
    span = asking[0].start, asking[-1].end
    text = said[slice(*span)]
    lead = next((unit for unit in reversed(behind) if unit.end <= span[0]), None)
    near = lead is not None and layout.same_block(lead.start, span[0])
    before = "" if lead is None else said[lead.start : lead.end]
    odd = tuple(_odd(said, asking, language))
    return Query(text, before, odd, order_of(text, language), prompt.text, span, language, parties, near)


def plain(text: str, language: Language = ENGLISH) -> str:
    """Return a text with blanks in place of phrases that say nothing of what is asked: every place stays the same."""
    return language.questions.idle.sub(lambda found: " " * len(found.group()), text)


def makes(text: str, start: int, language: Language = ENGLISH) -> bool:
    """Whether a text asks in the sentence before a place for a new value of what stands there."""
    begun = Layout(text[:start], language=language).begun()
    return language.questions.made.search(text, begun, start) is not None


def odd_words(text: str, language: Language = ENGLISH) -> list[tuple[str, str]]:
    """Return the words that say that a value of the context is not what follows, each with the reason.

    Those that make something new (`makes`) do so only of what stands behind them.
    """
    asked = language.questions
    computed = [match.group() for match in asked.computed.finditer(text) if not asked.made.fullmatch(match.group())]
    found = [(word, "something computed is meant") for word in computed]
    return found + [(match.group(), "there is a negation") for match in asked.negated.finditer(text)]


def asks_for_value(query: Query) -> bool:
    """Whether what is asked is answered by a value that stands somewhere: not by yes or no, a reason or a result.

    A question says so by the word that asks ("which", "who") or by being a request ("Can you tell me ..."), a request
    by beginning as one does ("Give me ..."), if it does not ask whether something is so.
    """
    language, text = query.language, query.text
    if query.odd or not text.strip():
        return False
    if any(pattern.search(text) for kind, pattern in language.asking.kinds.items() if kind != "none"):
        return True
    if any(unit.question for unit in layout_of(text, language).units(0, len(text))):
        if language.asking.polite.search(text) is None:
            return False
    elif language.statements.request.match(text.lstrip()) is None:
        return False
    return language.statements.doubts.isdisjoint(word.stem for word in words(text, language))


def several(text: str, language: Language = ENGLISH) -> bool:
    """Whether a text speaks of several things at once."""
    return bool(language.questions.several.search(text))


def order_of(text: str, language: Language = ENGLISH) -> Order | None:
    """Return which of several values a text means by its words; None if it says nothing."""
    stems = [word.stem for word in words(text, language)]
    first, last = not language.first.isdisjoint(stems), not language.latest.isdisjoint(stems)
    if first and last:
        return "both"
    return "first" if first else "last" if last else None


def _turn(prompt: PromptText, parties: Sequence[Turn]) -> Span:
    said = [turn for turn in parties if turn.role in (None, "user") and turn.start < turn.end]
    users = [turn for turn in said if turn.role == "user"] or said
    return (users[-1].start, users[-1].end) if users else (0, len(prompt.text))


def _from_question(units: list[Unit]) -> list[Unit]:
    for place, unit in enumerate(units):
        if unit.question:
            return units[place:]
    return []


def _requested(text: str, units: list[Unit], layout: Layout, language: Language) -> list[Unit]:
    """Return the units of the last block, from where it begins to request something; all of it where it does not."""
    last = [unit for unit in units if layout.same_block(unit.start, units[-1].start)]
    for place, unit in enumerate(last):
        if _requests(text, unit, language):
            return last[place:]
    return last


def _worded(text: str, units: list[Unit], language: Language) -> list[Unit]:
    """Return the units if they say enough to ask for something ("Give me Bob's badge number.")."""
    found = [word for unit in units for word in content(words(text[unit.start : unit.end], language))]
    return units if len(found) >= 2 else []


def _last_question(units: list[Unit]) -> list[Unit]:
    for place in range(len(units) - 1, -1, -1):
        if units[place].question:
            return units[place : place + 1]
    return []


def _first_request(text: str, units: list[Unit], language: Language) -> list[Unit]:
    """Return the first unit that begins to request something; its data may stand behind it."""
    for unit in units:
        if _requests(text, unit, language):
            return [unit]
    return []


def _requests(text: str, unit: Unit, language: Language) -> bool:
    """Whether a unit begins as a request does, or ends with "please" behind a comma."""
    request = language.statements.request
    if request.match(text, len(text) - len(text[unit.start :].lstrip())):
        return True
    said = text[unit.start : unit.end].rstrip(" \t\r\n.!")
    polite = request.match(said, len(said) - len(said.rpartition(",")[2].lstrip())) if "," in said else None
    return polite is not None and polite.end() == len(said)


def _odd(text: str, units: list[Unit], language: Language) -> list[tuple[str, str]]:
    asking = [unit for unit in units if unit.question] or units
    found: list[tuple[str, str]] = []
    for unit in asking:
        said = text[unit.start : unit.end]
        if unit.question or len(asking) == 1 or not language.questions.condition.match(said):
            found += odd_words(said, language)
    return found
