"""Draws values of each kind, with every spelling that says the same; any part tells those of one trial apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from guardbind.errors import CandidateError
from guardbind_bench.prompts.texts.words import (
    ANIMALS,
    CITIES,
    FAMILY_NAMES,
    FIRST_NAMES,
    GOODS,
    MONTHS,
    PROJECTS,
    REGIONS,
    SHOPS,
    STATUSES,
)

__all__ = ["CALLED", "CURRENCIES", "Draws", "ValueSpelling", "styles"]

_TRIES = 2000
CURRENCIES = (("$", "USD"), ("€", "EUR"), ("£", "GBP"))
"""Sign and code of each; the styles of an amount come by currency."""


@dataclass(frozen=True, slots=True)
class ValueSpelling:
    """A value or a name.

    Attributes:
        kind: Values of one kind are taken for each other.
        forms: Every spelling that counts as the same, the one in the prompt first.
    """

    kind: str
    forms: tuple[str, ...]

    @property
    def text(self) -> str:
        """As it is written in the prompt."""
        return self.forms[0]


class Draws:
    """Draws names and values of one trial, none of whose spellings is part of a spelling of another.

    Args:
        rng: Where they are drawn from.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._taken: list[str] = []

    def value(self, kind: str, style: int = 0) -> ValueSpelling:
        """Draw a value.

        Args:
            kind: Of which kind.
            style: How it is written, below `styles(kind)`.

        Raises:
            CandidateError: Every value of the kind is taken.
        """
        make, _ = _KINDS[kind]
        for _ in range(_TRIES):
            forms = make(self._rng, style)
            lowered = [form.lower() for form in forms]
            if not any(a in b or b in a for a in lowered for b in self._taken):
                self._taken += lowered
                return ValueSpelling(kind, forms)
        raise CandidateError(f"no {kind} is left that is no part of another value.", hint="Draw fewer for one trial.")


def styles(kind: str) -> int:
    """Return in how many ways a value of a kind may be written."""
    return _KINDS[kind][1]


def _distinct(*forms: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(forms))


def _one_of(words: Sequence[str]) -> Callable[[Random, int], tuple[str, ...]]:
    return lambda rng, style: (rng.choice(words),)


def _person(rng: Random, style: int) -> tuple[str, ...]:
    return (f"{rng.choice(FIRST_NAMES)} {rng.choice(FAMILY_NAMES)}",)


def _code(rng: Random, style: int) -> tuple[str, ...]:
    return (str(rng.randrange(1000, 10000) if style == 0 else rng.randrange(100000, 1000000)),)


def _number(rng: Random, style: int) -> tuple[str, ...]:
    number = rng.randrange(1010, 9990, 10)
    return (f"{number}", f"{number:,}") if style == 0 else (f"{number:,}", f"{number}")


def _quantity(rng: Random, style: int) -> tuple[str, ...]:
    # Three digits, so that none is the day of a date or the hour of a time.
    return (str(rng.randrange(101, 500)),)


def _prefixed(*prefixes: str) -> Callable[[Random, int], tuple[str, ...]]:
    """Make numbers behind letters; which letters is the style."""
    return lambda rng, style: (f"{prefixes[style]}-{rng.randrange(10000, 100000)}",)


def _room(rng: Random, style: int) -> tuple[str, ...]:
    return (f"{rng.choice('BCDFGHK')}{'-' if style else ''}{rng.randrange(101, 600)}",)


def _booking(rng: Random, style: int) -> tuple[str, ...]:
    letters = "".join(rng.sample("BCDFGHJKLMNPQRSTVWXZ", 3))
    return (f"{letters}{rng.randrange(100, 1000)}" if style == 0 else f"{letters}-{rng.randrange(1000, 10000)}",)


def _hash(rng: Random, style: int) -> tuple[str, ...]:
    # A letter in front and a digit behind: no number, and no word.
    middle = "".join(rng.choice("0123456789abcdef") for _ in range((5, 8)[style]))
    return (f"{rng.choice('abcdef')}{middle}{rng.randrange(10)}",)


def _tracking(rng: Random, style: int) -> tuple[str, ...]:
    number, letters = f"{rng.randrange(10**8):08d}", "".join(rng.sample("ABCDEFGHJKMNPRSTUWXYZ", 2))
    return (f"1Z{letters}{number}" if style == 0 else f"TRK-{number[:4]}-{letters}{number[4:]}",)


def _version(rng: Random, style: int) -> tuple[str, ...]:
    bare = f"{rng.randrange(1, 13)}.{rng.randrange(20)}.{rng.randrange(30)}"
    return (f"v{bare}", bare) if style else (bare, f"v{bare}")


def _email(rng: Random, style: int) -> tuple[str, ...]:
    top = rng.choice(("com", "org", "net"))
    return (f"{rng.choice(ANIMALS)}{rng.randrange(10, 100)}@{rng.choice(ANIMALS)}.example.{top}",)


def _phone(rng: Random, style: int) -> tuple[str, ...]:
    area, line = rng.randrange(201, 990), f"{rng.randrange(100, 200):04d}"
    forms = _distinct(f"{area}-555-{line}", f"({area}) 555-{line}", f"{area} 555 {line}")
    return forms if style == 0 else (forms[1], forms[0], forms[2])


def _money(amount: int, style: int) -> tuple[str, ...]:
    """Write an amount of money.

    Args:
        amount: In hundredths; of a style without cents only whole units.
        style: `place + 3 * cents + 6 * currency`: sign in front, code behind, code in front; without or with cents.
    """
    sign, code = CURRENCIES[style // 6]
    numbers = [f"{amount / 100:,.2f}", f"{amount / 100:.2f}"]
    if amount % 100 == 0:
        whole = [f"{amount // 100:,}", f"{amount // 100}"]
        numbers = numbers + whole if style % 6 >= 3 else whole + numbers
    written = (f"{sign}{numbers[0]}", f"{numbers[1]} {code}", f"{code} {numbers[0]}")[style % 3]
    every = (form for number in numbers for form in (f"{sign}{number}", f"{number} {code}", f"{code} {number}", number))
    return _distinct(written, *every)


def _amount(least: int, most: int) -> Callable[[Random, int], tuple[str, ...]]:
    def make(rng: Random, style: int) -> tuple[str, ...]:
        whole = rng.randrange(least, most)
        return _money(whole * 100 if style % 6 < 3 else whole * 100 + rng.randrange(1, 100), style)

    return make


def _date(rng: Random, style: int) -> tuple[str, ...]:
    year, month, day = rng.randrange(2021, 2027), rng.randrange(12), rng.randrange(1, 29)
    forms = (
        f"{year}-{month + 1:02d}-{day:02d}",
        f"{MONTHS[month]} {day}, {year}",
        f"{day} {MONTHS[month]} {year}",
    )
    return _distinct(forms[style], *forms)


_KINDS: dict[str, tuple[Callable[[Random, int], tuple[str, ...]], int]] = {
    "booking": (_booking, 2),
    "city": (_one_of(CITIES), 1),
    "code": (_code, 2),
    "date": (_date, 3),
    "email": (_email, 1),
    "hash": (_hash, 2),
    "host": (lambda rng, style: (f"{rng.choice(ANIMALS)}-{rng.randrange(10, 100)}",), 1),
    "invoice": (_prefixed("INV", "RCPT", "R"), 3),
    "item": (_one_of(GOODS), 1),
    "job": (lambda rng, style: (f"job-{rng.randrange(11, 99)}",), 1),
    "money": (_amount(1000, 9000), 18),
    "name": (_one_of(FIRST_NAMES), 1),
    "number": (_number, 2),
    "order": (_prefixed("ORD", "SO", "A"), 3),
    "person": (_person, 1),
    "phone": (_phone, 2),
    "price": (_amount(101, 480), 18),
    "project": (_one_of(PROJECTS), 1),
    "quantity": (_quantity, 1),
    "region": (_one_of(REGIONS), 1),
    "room": (_room, 2),
    "shop": (_one_of(SHOPS), 1),
    "status": (_one_of(STATUSES), 1),
    "ticket": (_prefixed("TCK", "CASE", "T"), 3),
    "tracking": (_tracking, 2),
    "version": (_version, 2),
}

CALLED = {
    "booking": "code",
    "city": "city",
    "code": "number",
    "date": "date",
    "email": "email address",
    "hash": "value",
    "host": "name",
    "invoice": "full number",
    "item": "item",
    "job": "job",
    "money": "amount",
    "name": "name",
    "number": "number",
    "order": "order number",
    "person": "name",
    "phone": "number",
    "price": "amount",
    "project": "name",
    "quantity": "number",
    "region": "region",
    "room": "room",
    "shop": "name",
    "status": "status",
    "ticket": "ticket number",
    "tracking": "tracking number",
    "version": "version",
}
"""What a value of each kind is called where only it is asked for."""
