"""Draws the values of documents, each with the forms that are the same value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from guardbind.errors import ConfigError
from guardbind_bench.prompts.audits.worlds import FieldKind, World

__all__ = ["FieldDraws", "FieldValue", "stands_in"]

_SEPARATORS = {"en": ",", "de": ".", "fr": "\u202f", "es": ".", "zh": ","}
_FIRST_DAY = date(1938, 1, 1)
_DAYS = 29_000


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value.

    Attributes:
        forms: Ways to write it; the first is the one that is written where nothing else is said.
    """

    forms: tuple[str, ...]

    @property
    def text(self) -> str:
        """The form that is written."""
        return self.forms[0]


class FieldDraws:
    """Draws values that no two owners of a document share.

    Args:
        rng: What is drawn with.
        world: The language's names.
        language: Its code.
    """

    def __init__(self, rng: Random, world: World, language: str) -> None:
        self._rng, self._world, self._language = rng, world, language
        self._drawn: set[str] = set()

    def draw(self, kind: FieldKind | str) -> FieldValue:
        """Draw a value of a kind that was not drawn before.

        Raises:
            ConfigError: There is no such kind.
            LookupError: There is none left.
        """
        for _ in range(200):
            forms = list(dict.fromkeys(self._forms(kind)))
            if self._drawn.isdisjoint(forms):
                self._drawn.update(forms)
                first = self._rng.randrange(len(forms))
                return FieldValue((forms[first], *forms[:first], *forms[first + 1 :]))
        raise LookupError(f"no value of kind {kind} is left.")

    def _forms(self, kind: FieldKind | str) -> list[str]:
        rng = self._rng
        if isinstance(kind, str):
            named: dict[str, Callable[[], list[str]]] = {
                "person": lambda: [rng.choice(self._world.people)],
                "month": lambda: [rng.choice(self._world.months)],
                "date": self._date,
                "clock": lambda: [f"{rng.randrange(31, 59)}:{rng.randrange(60):02d}"],
                "tenths": lambda: [f"{rng.randrange(41, 189) / 10} m"],
                "euros": lambda: self._euros(rng.randrange(21, 980) * 100),
            }
            if kind not in named:
                raise ConfigError(f"{kind!r} is no kind of values; {', '.join(named)} are.")
            return named[kind]()
        if kind.unit is not None:
            low, high, unit = kind.unit
            space = " " if self._world.spaced else ""
            return [f"{number}{space}{unit}" for number in self._number(rng.randint(low, high))]
        if kind.integer is not None:
            return self._number(rng.randint(*kind.integer))
        if kind.years is not None:
            return [str(rng.randint(*kind.years))]
        if kind.code is not None:
            return ["".join(str(rng.randrange(1, 10)) if sign == "#" else sign for sign in kind.code)]
        return [rng.choice(kind.among)]

    def _number(self, number: int) -> list[str]:
        if number < 1000:
            return [str(number)]
        return [f"{number:,}".replace(",", _SEPARATORS[self._language]), str(number)]

    def _euros(self, amount: int) -> list[str]:
        before = self._language == "en"
        return [f"€{number}" if before else f"{number} €" for number in self._number(amount)]

    def _date(self) -> list[str]:
        day = _FIRST_DAY + timedelta(self._rng.randrange(_DAYS))
        month = self._world.months[day.month - 1]
        written = {
            "en": [f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", day.isoformat()],
            "de": [f"{day.day}. {month} {day.year}", f"{day:%d.%m.%Y}"],
            "fr": [f"{day.day} {month} {day.year}", f"{day:%d/%m/%Y}"],
            "es": [f"{day.day} de {month} de {day.year}", f"{day:%d/%m/%Y}"],
        }
        return written.get(self._language, [day.isoformat()])


def stands_in(form: str, text: str) -> bool:
    """Whether a form of a value stands in a text, and not within a longer word or number.

    Example:
        >>> stands_in("240 m", "It lies at 1,240 m."), stands_in("240 m", "It lies at 240 m.")
        (False, True)
    """
    start = text.find(form)
    while start >= 0:
        before, after = text[:start][-2:], text[start + len(form) :][:2]
        if not (_joins(before[::-1], form[0]) or _joins(after, form[-1])):
            return True
        start = text.find(form, start + 1)
    return False


def _joins(beside: str, end: str) -> bool:
    # Letters of scripts without spaces part nothing; digits and Latin letters do.
    if not beside or not end.isascii() or not end.isalnum():
        return False
    near, far = beside[0], beside[1:]
    return (near.isascii() and near.isalnum()) or (near in ",.\u202f:/-" and far.isdigit() and end.isdigit())
