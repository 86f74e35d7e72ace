"""Tells whether a question is about something else than a value: no number answers "who", no "14" "how wide"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from guardbind.evidence import Located
from guardbind.targets.accounts import Accounts
from guardbind.targets.attributes import Attributes, Match
from guardbind.targets.labels import Named
from guardbind.targets.naming import Naming
from guardbind.targets.place import Place
from guardbind.targets.query import Query
from guardbind.text.asking import AnswerKind
from guardbind.text.language import Language
from guardbind.text.layout import layout_of
from guardbind.text.values import classify
from guardbind.text.words import words

__all__ = ["OtherThings"]

_CORE = 0.6  # a match below it is by the kind of value alone, which was looked at there
_NUMBER = re.compile(r"(?<![\w.,])[+-]?\d[\d.,]*")
_CLOCK = re.compile(r"(?<!\d)\d{1,2}[:.h]\d\d(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_ASIDE = re.compile(r"\s*[,;(\uff08\uff0c]")  # behind it stands what is said of a name: "Rask (since 2021)"
_NO_PLACE = frozenset({"number", "money", "date", "email", "version"})
_LISTED = re.compile(r"[,;\uff0c\uff1b]\s+|[\uff0c\uff1b]")
_LED = 40  # characters before a place in which what leads to it stands


class OtherThings:
    """Tells where a question, or the sentence that is begun, is about something else than the value of a binding.

    Args:
        query: What is asked.
        attributes: What of it names what is bound.
        naming: Whom it names.
        accounts: What accounts for its words.
    """

    def __init__(self, query: Query, attributes: Attributes, naming: Naming, accounts: Accounts) -> None:
        self._query = query
        self._attributes = attributes
        self._naming = naming
        self._accounts = accounts

    def asks(self, item: Located, match: Match, place: Place, *, running: bool) -> bool:
        """Whether something else about what a binding is of is asked for, or begun to be said.

        Args:
            item: The binding.
            match: Where its attribute is named.
            place: What stands before the slot, or the question.
            running: Whether that is the slot's own sentence or field.
        """
        language, prose = self._query.language, place.asks == place.about
        if self._query.counts and not any(map(str.isdecimal, item.value or "")):
            return True  # "varies" is no number
        if running and prose and leads_aside(place.about, match, self._accounts.mentions(place.about, match), language):
            return True
        text = self._query.text
        for asked in self._attributes.asked(text) if running else [match]:
            if asked.attribute != match.attribute:
                continue
            named = self._accounts.mentions(text, asked)
            if not answers(item, text, asked, language) or leads_aside(text, asked, named, language):
                return True
            if running and prose and named and self._asks_which(item, text, asked):
                return True
        return False

    def _asks_which(self, item: Located, text: str, asked: Match) -> bool:
        """Whether a question about what a binding is of asks for another form of it, or "which colour" it has."""
        clauses = self._accounts.questions(text)
        if not clauses and self._naming.bounded(text):
            return True
        mentions, left = self._accounts.mentions, self._accounts.left
        return any(
            self._accounts.is_asked(word, clause)
            for clause in clauses
            for word in left(clause, asked, [item.index], mentions(clause, asked))
        )


def answers(item: Located, text: str, match: Match, language: Language) -> bool:
    """Whether the value of a binding can be what a question asks for by its own word.

    The word that counts is the nearest before what is asked for, in its sentence, or else the nearest behind.

    Args:
        item: The binding.
        text: The question.
        match: Where it names what it asks for.
        language: What it is written in.
    """
    if match.score < _CORE:
        return True
    units = layout_of(text, language).units(0, len(text))
    start, end = next(((unit.start, unit.end) for unit in units if unit.start <= match.start < unit.end), (0, 0))
    kind, degree = _asked(text[start:end], match.start - start, language)
    if kind == "measure" and any(word.stem in match.attribute for word in words(degree, language)):
        return True  # "how strong", of what is called so
    if match.said and kind in ("measure", "amount", "price"):
        # The name of the attribute says what is measured: the value need not have a unit.
        return any(_NUMBER.search(surface) and classify(surface).type != "date" for surface in item.surfaces)
    if match.said and kind == "name" and not any(surface[:1].isupper() for surface in item.surfaces):
        return False  # "(vacant)", of who drives
    return any(_fits(kind, degree, surface, language, owned=bool(item.owners)) for surface in item.surfaces)


def leads_aside(text: str, match: Match, named: Sequence[Named], language: Language) -> bool:
    """Whether a text speaks of another thing, which it tells by what is named: "behind Ann's desk".

    So it is where such a word stands right before the owner and what he owns, or between what is owned and the owner.

    Args:
        text: The text.
        match: Where it names what is asked for.
        named: Where it names owners.
        language: What it is written in.
    """
    asking = language.asking
    for start, end in (mention.span for mention in named):
        if match.start < start < match.end:
            continue
        if match.said and asking.aside.search(text, max(0, start - _LED), start):
            return True  # "how cold is it outside Ridge"
        owns = re.compile(rf"(?:{language.marks.possessive})(?!\w)").match(text, end)
        behind = owns.end() if owns else end
        gap = text[behind : match.start] if behind <= match.start else text[match.end : start]
        if any(word.content for word in words(gap, language)):
            continue
        begun = min(start, match.start)
        tied = begun == match.start or not gap.strip()
        for place in {start, begun}:
            found = asking.aside.search(text, max(0, place - _LED), place)
            found = found or (asking.within.search(text, max(0, begun - _LED), begun) if tied else None)
            if found is not None and not match.start < found.start() < match.end:
                return True
    return False


def _asked(text: str, place: int, language: Language) -> tuple[AnswerKind, str]:
    """Return which kind of value a sentence asks for, and what is measured of it."""
    found = [
        (match, order, kind)
        for order, (kind, pattern) in enumerate(language.asking.kinds.items())
        for match in pattern.finditer(text)
    ]
    before = [each for each in found if each[0].start() <= place]
    if before:
        match, _, kind = max(before, key=lambda each: (each[0].end(), -each[1]))
    elif found:
        match, _, kind = min(found, key=lambda each: (each[0].start(), each[1]))
    else:
        return "any", ""
    return kind, next(filter(None, match.groupdict().values()), "").lower()


def _fits(kind: AnswerKind, degree: str, value: str, language: Language, *, owned: bool) -> bool:
    if kind == "any":
        return True
    if kind == "none":
        return False
    typed = classify(value).type
    digits = any(map(str.isdecimal, value))
    if kind == "name":
        return not any(map(str.isdecimal, _ASIDE.split(value)[0]))
    dated = typed == "date" or bool(_CLOCK.search(value) or _YEAR.search(value) or _timed(language).search(value))
    if kind == "time":
        return dated
    if kind == "place":
        return typed not in _NO_PLACE and not _CLOCK.search(value)
    if kind in ("amount", "price"):
        # A price list is asked for its own lines; what somebody has is told from an amount by its size or its unit.
        if not digits or typed == "date" or not owned or typed == "money":
            return digits and typed != "date"
        return not value.isdecimal() or (kind == "amount" and len(value) > 2)
    units = language.asking.measures.get(degree)
    if units is None or (len(_LISTED.split(value)) > 1 and not value[:1].isdecimal()):
        return False  # "steel, coated, 11.2 kg" is more than how heavy something is
    if _told(value, language) - {degree}:
        return degree in _told(value, language)  # "14 m wide" says nothing of how deep
    return any(_unit(units).match(value, found.end()) for found in _NUMBER.finditer(value)) or (
        typed == "money" and degree in _of_amounts(language)
    )


def _told(value: str, language: Language) -> set[str]:
    """Return what a value says that it measures: "340 cm high"."""
    return {word for word in re.findall(r"\w+", value.lower()) if word in language.asking.measures}


@cache
def _unit(units: str) -> re.Pattern[str]:
    return re.compile(rf"[ \u00a0-]?(?:{units})")


@cache
def _of_amounts(language: Language) -> frozenset[str]:
    """Return what is said of amounts as well: "how high", which no unit of its own has."""
    return frozenset(degree for degree, units in language.asking.measures.items() if "%" in units or "$" in units)


@cache
def _timed(language: Language) -> re.Pattern[str]:
    names = "|".join(language.telling.named)
    return re.compile(rf"{language.asking.times.pattern}" + (rf"|\b(?:{names})\b" if names else ""), re.IGNORECASE)
