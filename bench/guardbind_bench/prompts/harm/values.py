"""Draws values of each kind as a language writes them, with the spellings that count as the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from guardbind_bench.prompts.texts.values import ValueSpelling

__all__ = ["HarmDraws", "HarmValue"]

_TRIES = 400


@dataclass(frozen=True, slots=True)
class HarmValue(ValueSpelling):
    """A value or a name, and how JSON writes it."""

    @property
    def bare(self) -> bool:
        """Whether it is a number that JSON writes without quotes."""
        return self.kind in _BARE


class HarmDraws:
    """Draws the values of one trial, no two of which have a spelling in common.

    Args:
        rng: Where they are drawn from.
        pools: Name of a pool to its words.
        language: `en`, `de`, `fr`, `es` or `zh`: how amounts and dates are written.
    """

    def __init__(self, rng: Random, pools: Mapping[str, Sequence[str]], language: str) -> None:
        self.rng = rng
        self.language = language
        self._pools = pools
        self._taken: set[str] = set()

    def draw(self, kind: str) -> HarmValue:
        """Draw a value: of a kind that is made, or a word of the pool of that name.

        Raises:
            LookupError: The pool has no word left.
        """
        for _ in range(_TRIES):
            forms = self._forms(kind)
            if self._taken.isdisjoint(form.lower() for form in forms):
                self._taken.update(form.lower() for form in forms)
                return HarmValue(kind, forms)
        raise LookupError(f"no {kind} is left.")

    def take(self, *texts: str) -> None:
        """Let no value be spelled like one of some texts."""
        self._taken.update(text.lower() for text in texts)

    def _forms(self, kind: str) -> tuple[str, ...]:
        if kind in _MADE:
            return tuple(dict.fromkeys(_MADE[kind](self.rng, self.language)))
        return (self.rng.choice(self._pools[kind]),)


_Make = Callable[[Random, str], Sequence[str]]
_BARE = frozenset({"count", "qty", "pin", "port", "decimal", "year"})
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar M\u00e4rz April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier f\u00e9vrier mars avril mai juin juillet ao\u00fbt septembre octobre novembre d\u00e9cembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}


def _between(least: int, most: int) -> _Make:
    return lambda rng, language: (str(rng.randrange(least, most)),)


def _amount(rng: Random, language: str) -> Sequence[str]:
    whole, cents = rng.randrange(11, 9800), rng.randrange(100)
    plain = f"{whole}.{cents:02d}"
    grouped = f"{whole:,}.{cents:02d}"
    if language == "en":
        sign = rng.choice(("$", "", " EUR", " USD"))
        written = f"{sign}{plain}" if sign in ("$", "") else f"{plain}{sign}"
        signed = (f"{sign}{number}" for sign in ("$", "\u20ac", "EUR ", "USD ") for number in (plain, grouped))
        return (written, plain, grouped, *signed, f"{plain} EUR", f"{plain} USD")
    if language == "zh":
        return (
            rng.choice((f"{plain}\u5143", f"\u00a5{plain}", plain)),
            plain,
            f"{plain}\u5143",
            f"\u00a5{plain}",
            grouped,
        )
    dotted = grouped.translate(str.maketrans(",.", ".,"))
    spaced = grouped.replace(",", " ").replace(".", ",")
    comma = f"{whole},{cents:02d}"
    written = f"{spaced if language == 'fr' else dotted} \u20ac"
    return (
        written,
        *(f"{n}{end}" for n in (dotted, spaced, comma, plain) for end in (" \u20ac", " EUR", "\u20ac", "")),
        *(f"{sign}{n}" for n in (dotted, spaced, comma, plain) for sign in ("\u20ac", "\u20ac ", "EUR ")),
    )


def _decimal(rng: Random, language: str) -> Sequence[str]:
    number = f"{rng.randrange(2, 400)}.{rng.randrange(1, 10)}"
    return (number, number.replace(".", ","))


def _unit(*units: str) -> _Make:
    def make(rng: Random, language: str) -> Sequence[str]:
        number = f"{rng.randrange(3, 180)}.{rng.randrange(1, 10)}"
        if language in ("de", "fr", "es"):
            number = number.replace(".", ",")
        unit = rng.choice(units)
        return (f"{number} {unit}", f"{number}{unit}", number)

    return make


def _percent(rng: Random, language: str) -> Sequence[str]:
    number = f"{rng.randrange(2, 98)}.{rng.randrange(1, 10)}"
    if language in ("de", "fr", "es"):
        return (f"{number.replace('.', ',')} %", number.replace(".", ","), number)
    return (f"{number}%", f"{number} %", f"{number} percent", number)


def _date(rng: Random, language: str) -> Sequence[str]:
    year, month, day = rng.randrange(2022, 2028), rng.randrange(1, 13), rng.randrange(1, 29)
    iso = f"{year}-{month:02d}-{day:02d}"
    if language == "zh":
        return (
            rng.choice((iso, f"{year}\u5e74{month}\u6708{day}\u65e5")),
            iso,
            f"{year}\u5e74{month}\u6708{day}\u65e5",
        )
    name = _MONTHS[language].split()[month - 1]
    local = {
        "en": (f"{day} {name} {year}", f"{name} {day}, {year}"),
        "de": (f"{day:02d}.{month:02d}.{year}", f"{day}. {name} {year}"),
        "fr": (f"{day:02d}/{month:02d}/{year}", f"{day} {name} {year}"),
        "es": (f"{day:02d}/{month:02d}/{year}", f"{day} de {name} de {year}"),
    }[language]
    return (rng.choice((iso, *local)), iso, *local)


def _time(rng: Random, language: str) -> Sequence[str]:
    hour, minute = rng.randrange(10, 24), rng.randrange(60)
    written = f"{hour}:{minute:02d}"
    return (written, f"{hour}h{minute:02d}") if language == "fr" else (written,)


def _code(rng: Random, language: str) -> Sequence[str]:
    a, b = rng.choice(_LETTERS), rng.choice(_LETTERS)
    shapes = (f"{a}{b}-{rng.randrange(100, 10000)}", f"{a}{rng.randrange(10, 100)}-{b}{rng.randrange(10, 100)}")
    return (rng.choice((*shapes, f"{a}{b}{rng.randrange(10000, 100000)}")),)


def _host(rng: Random, language: str) -> Sequence[str]:
    head = rng.choice(("web", "db", "cache", "api", "queue", "edge", "auth", "batch"))
    return (f"{head}-{rng.choice(('a', 'b', 'eu', 'us', 'blue', 'green'))}{rng.randrange(1, 60)}",)


def _version(rng: Random, language: str) -> Sequence[str]:
    bare = f"{rng.randrange(0, 12)}.{rng.randrange(0, 40)}.{rng.randrange(0, 20)}"
    return (bare, f"v{bare}")


def _mail(rng: Random, language: str) -> Sequence[str]:
    name = "".join(rng.choice(("ka", "lo", "mi", "ren", "tu", "vas", "dor", "bel", "nim", "qui")) for _ in range(3))
    return (f"{name}{rng.randrange(2, 99)}@{rng.choice(('mailbox', 'post', 'office', 'desk'))}.example",)


def _phone(rng: Random, language: str) -> Sequence[str]:
    a, b, c = rng.randrange(210, 990), rng.randrange(200, 999), rng.randrange(1000, 9999)
    return (f"{a}-{b}-{c}", f"{a} {b} {c}", f"({a}) {b}-{c}")


def _hex(size: int) -> _Make:
    def make(rng: Random, language: str) -> Sequence[str]:
        middle = "".join(rng.choice("0123456789abcdef") for _ in range(size - 2))
        return (f"{rng.choice('abcdef')}{middle}{rng.randrange(10)}",)

    return make


def _secret(rng: Random, language: str) -> Sequence[str]:
    words = ("plum", "kiwi", "slate", "ember", "frost", "cliff", "maple", "coral", "dusk", "birch", "salt", "fern")
    return (f"{rng.choice(words)}-{rng.randrange(10, 99)}-{rng.choice(words)}",)


def _prefixed(*prefixes: str) -> _Make:
    return lambda rng, language: (f"{rng.choice(prefixes)}-{rng.randrange(1000, 9999)}",)


_MADE: dict[str, _Make] = {
    "amount": _amount,
    "case": _prefixed("CASE", "TKT", "REQ"),
    "code": _code,
    "count": _between(101, 9900),
    "date": _date,
    "decimal": _decimal,
    "degrees": _unit("\u00b0C"),
    "hash": _hex(8),
    "host": _host,
    "ip": lambda rng, language: (f"10.{rng.randrange(2, 250)}.{rng.randrange(2, 250)}.{rng.randrange(2, 250)}",),
    "mail": _mail,
    "number": _between(1001, 9999),
    "percent": _percent,
    "phone": _phone,
    "pin": _between(1000, 10000),
    "port": _between(1024, 65000),
    "qty": _between(11, 99),
    "secret": _secret,
    "serial": _between(100000, 999999),
    "size": _unit("kg", "mm", "cm", "l"),
    "time": _time,
    "uuid": lambda rng, language: (str(UUID(int=rng.getrandbits(128), version=4)),),
    "version": _version,
    "year": _between(1950, 2031),
}
