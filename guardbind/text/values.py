"""Tells what kind of value a string is, and which other spellings say the same.

Types are recognised by parsers, not guessed: Babel reads numbers, price-parser amounts of money, dateutil dates,
packaging versions. Where two readings differ (03/04/2025), the value has its type and is equal to its own spelling
only.
"""

from __future__ import annotations

import email.headerregistry
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar
from urllib.parse import urlsplit

__all__ = ["Typed", "ValueType", "classify", "missing_parsers", "spellings"]

T = TypeVar("T")

ValueType: TypeAlias = Literal["number", "money", "date", "id", "email", "url", "version", "text"]

_KEPT = 1 << 16  # values: a table that is read again and again must not push its own rows out
_LONGEST = 64  # characters of a number, amount, date, id or version
_LONGEST_ADDRESS = 254  # characters of an e-mail address, by RFC 5321
_LONGEST_AMOUNT = 20  # characters of one that has other spellings: Babel rounds to 28 digits
_PARSERS = {
    "babel": ("babel", "numbers with separators and other spellings of amounts and dates"),
    "dateutil": ("python-dateutil", "dates"),
    "packaging": ("packaging", "versions"),
    "price_parser": ("price-parser", "amounts of money"),
}
_ONE_COMMA = re.compile(r"(?P<left>0|[1-9][0-9]*),(?P<right>[0-9]+)")
_SIGNS = "+-\u2212"
_AMOUNT = frozenset("0123456789.,' \u00a0\u202f")
_NO_POINTS = str.maketrans("", "", ".,")
_NO_ID_MARKS = str.maketrans("", "", "-_#/.:")
_DECIMAL = re.compile(r"\d")
_ASCII_DIGIT = re.compile(r"[0-9]")
_DECIMALS = re.compile(r"\d+")
_PHONE = re.compile(r"\+?(?:\d|\(\d{1,5}\))(?:[ ./-]?(?:\d|\(\d{1,5}\)))*")
_SPACED_PHONE = re.compile(r"0\d(?:[ \u00a0\u202f]\d\d){4}|\d{3}(?:[ \u00a0\u202f]\d{3,4}){2}")
_YUAN = re.compile(r"(?P<amount>\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,4})?)\s?(?P<sign>\u5143)\u6574?")
_MONTHS_OF = ("de_DE", "fr_FR", "es_ES")
_BETWEEN = ("de", "del")  # "3 de mayo de 2024"
_FIRST_DAY = re.compile(r"\A1(?:er|\u00ba)(?=\s)")
_CHINESE_DAY = re.compile(r"(\d{4})\s?\u5e74\s?(\d{1,2})\s?\u6708\s?(\d{1,2})\s?[\u65e5\u53f7]")


class Typed(NamedTuple):
    """A value's type and the one form that all its spellings share."""

    type: ValueType
    canonical: str


def missing_parsers() -> dict[str, str]:
    """Return the packages that are not installed, and what is not recognised without each."""
    return {package: what for module, (package, what) in _PARSERS.items() if not _installed(module)}


@lru_cache(maxsize=_KEPT)
def classify(value: str) -> Typed:
    """Recognise a value; what is nothing else is `text`, whose canonical form is the value itself.

    No string is an error.
    """
    value = value.strip()
    if len(value) <= _LONGEST and _has_digit(value):
        for read in (_number, _date, _version, _money):
            if (typed := read(value)) is not None:
                return typed
    return _address(value) or _phone(value) or _id(value) or Typed("text", value)


@lru_cache(maxsize=_KEPT)
def spellings(typed: Typed, locale: str = "en_US") -> tuple[str, ...]:
    """Return common spellings of an amount or a date, and `#20391` without its sign; else none.

    Args:
        typed: The value.
        locale: As which Babel locale writes it.

    >>> spellings(classify("2024-05-03"), "de_DE")
    ('2024-05-03', '3. Mai 2024', '03.05.2024')
    """
    if typed.type == "id" and typed.canonical[:1] == "#" and typed.canonical[1:].isalnum():
        return (typed.canonical[1:],)
    if not _installed("babel"):
        return ()
    if typed.type == "money":
        return _money_spellings(typed.canonical, locale)
    if typed.type == "date" and (day := _iso_date(typed.canonical)) is not None:
        from babel.dates import format_date

        forms = ("MMMM d, yyyy", "d MMMM yyyy") if locale.startswith("en") else ("long", "medium")
        return (day.isoformat(), *(format_date(day, form, locale=locale) for form in forms))
    return ()


def _attempt(parse: Callable[..., T], *arguments: Any, **settings: Any) -> T | None:
    """Return what a parser makes of a string; None where it raises anything at all.

    On odd strings the parsers raise more than they say: the email package an AttributeError at `a@[b`, Babel
    InvalidOperation at thirty digits and a comma. A prompt may hold any of these, and must not end a request.
    """
    try:
        return parse(*arguments, **settings)
    except Exception:
        return None


@cache
def _installed(module: str) -> bool:
    return find_spec(module) is not None


def _has_digit(value: str) -> bool:
    return _DECIMAL.search(value) is not None or (not value.isascii() and any(map(str.isdigit, value)))


def _number(value: str) -> Typed | None:
    if value.isascii() and value.isdecimal():
        # A leading zero says that it is a name.
        return Typed("number", value) if value[0] != "0" or len(value) == 1 else None
    percent = "%" if value.endswith("%") else ""
    digits = value.removesuffix("%").rstrip()
    unsigned = digits.lstrip(_SIGNS)
    if len(digits) - len(unsigned) > 1 or not unsigned:
        return None
    if not unsigned[0].isdecimal() or not unsigned.translate(_NO_POINTS).isdecimal():
        return None
    if len(unsigned) > 1 and unsigned[0] == "0" and unsigned[1].isdecimal():
        return None  # a leading zero says that it is a name
    amount = _decimal(unsigned)
    if amount is None:
        return None
    sign = "-" if digits[0] in "-\u2212" and amount else ""
    # 1.10 may be a version: the zeros at the end stay.
    return Typed("number", f"{sign}{amount:f}{percent}")


def _decimal(digits: str) -> Decimal | None:
    if digits.isdecimal():
        return Decimal(digits)
    whole, point, fraction = digits.partition(".")
    if point and whole.isdecimal() and fraction.isdecimal():
        return Decimal(digits)
    if not _installed("babel"):
        return None
    if simple := _ONE_COMMA.fullmatch(digits):
        # As Babel reads it in either locale, which takes a hundred times as long: one group of US English, or a point.
        grouped = len(simple["right"]) == 3 and len(simple["left"]) <= 3 and simple["left"] != "0"
        return Decimal(simple["left"] + ("" if grouped else ".") + simple["right"])
    from babel.numbers import parse_decimal

    readings = (_attempt(parse_decimal, digits, locale=locale, strict=True) for locale in ("en_US", "de_DE"))
    return next((amount for amount in readings if amount is not None), None)


def _money(value: str) -> Typed | None:
    if not _installed("price_parser"):
        return None
    from price_parser import Price

    if yuan := _YUAN.fullmatch(value):
        yuans = _decimal(yuan["amount"])
        return None if yuans is None else Typed("money", f"{yuans.normalize():f} {yuan['sign']}")
    unsigned = value.lstrip(_SIGNS)
    if len(value) - len(unsigned) > 1 or _ASCII_DIGIT.search(unsigned) is None:
        return None
    named = "".join([char for char in unsigned if char not in _AMOUNT])
    if len(named) > 4 or not (named in _currency_letters() or any(unicodedata.category(c) == "Sc" for c in named)):
        return None  # before the parser is asked, which takes ten times as long
    price = _attempt(Price.fromstring, unsigned)
    if price is None or price.amount is None or not price.currency:
        return None
    rest = unsigned.replace(price.currency, "", 1).strip()
    code = _currency(price.currency)
    if code is None or not rest or not set(rest) <= _AMOUNT or rest[-1] in ".,'":
        return None
    sign = "-" if value[0] in "-\u2212" and price.amount else ""
    whole, _, cents = f"{price.amount:f}".partition(".")
    # Not Decimal.normalize, which rounds to 28 digits, so that two long amounts would be one value.
    amount = f"{whole}.{cents.rstrip('0')}".removesuffix(".")
    return Typed("money", f"{sign}{amount} {code}")


def _currency(written: str) -> str | None:
    """Return the ISO code of a currency; a sign as it is read in US English, one unknown there as it is written."""
    codes = _currencies() if _installed("babel") else {}
    if written in codes or written in codes.values():
        return codes.get(written, written)
    return written if any(unicodedata.category(char) == "Sc" for char in written) else None


@cache
def _currencies() -> dict[str, str]:
    from babel.numbers import get_currency_symbol, list_currencies

    signs = {get_currency_symbol(code, "en_US"): code for code in sorted(list_currencies("en_US"))}
    return {**signs, "US$": "USD"}


@cache
def _currency_letters() -> frozenset[str]:
    """Return what is left of each known currency without the characters that an amount may have too."""
    codes = _currencies() if _installed("babel") else {}
    known = (*codes, *codes.values())
    return frozenset("".join(char for char in written if char not in _AMOUNT) for written in known)


def _money_spellings(canonical: str, locale: str) -> tuple[str, ...]:
    from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol

    amount, _, code = canonical.rpartition(" ")
    if not (code.isascii() and code.isalpha() and len(code) == 3) or amount.startswith("-"):
        return ()
    number = Decimal(amount)
    places = get_currency_precision(code)
    exponent = number.as_tuple().exponent
    if len(amount) > _LONGEST_AMOUNT or not isinstance(exponent, int) or -exponent > places:
        return ()
    whole = ["#,##0", "0"] if number == number.to_integral_value() else []
    point = "." + "0" * places if places else ""
    forms = dict.fromkeys([f"#,##0{point}", f"0{point}", *whole])
    amounts = [format_decimal(number, form, locale=locale) for form in forms]
    sign = get_currency_symbol(code, "en_US")
    before = locale.startswith("en")
    signed = [f"{sign}{written}" if before else f"{written} {sign}" for written in amounts] if sign != code else []
    named = [form for written in amounts for form in (f"{written} {code}", f"{code} {written}")]
    return tuple(dict.fromkeys([*signed, *named]))


def _date(value: str) -> Typed | None:
    value = _written_day(value)
    if not _installed("dateutil") or not 6 <= len(value) <= 40 or value.isdecimal():
        return None
    # A year in full or the name of a month: without one of them too much that is no date reads like one.
    info = _parserinfo()
    words = value.replace(",", " ").split()
    named = any(info.month(word.strip(".")) is not None for word in words if not _DECIMAL.search(word))
    if not named and not _has_year(value):
        return None
    if not words or info.jump(words[0]) or info.jump(words[-1]):
        return None
    if (moment := _iso_moment(value)) is not None:
        return Typed("date", moment)
    readings = {_read_date(value, dayfirst) for dayfirst in (False, True)}
    if len(readings) > 1:
        return None if None in readings else Typed("date", value)
    (read,) = readings
    return None if read is None else Typed("date", read)


@cache
def _parserinfo() -> Any:
    from dateutil.parser import parserinfo

    words = {"MONTHS": _months(parserinfo.MONTHS), "JUMP": [*parserinfo.JUMP, *_BETWEEN]}
    return type("Months", (parserinfo,), words)()


def _months(known: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the names of each month: the English ones and, where Babel is installed, those of other languages."""
    if not _installed("babel"):
        return list(known)
    from babel.dates import get_month_names

    names = [get_month_names("wide", locale=locale) for locale in _MONTHS_OF]
    return [tuple(dict.fromkeys((*month, *(of[place] for of in names)))) for place, month in enumerate(known, 1)]


def _iso_moment(value: str) -> str | None:
    """Read a date of ISO 8601, whose order is year, month, day whatever the country."""
    if value[4:5] != "-" or value[7:8] != "-":
        return None
    try:
        return date.fromisoformat(value).isoformat() if len(value) == 10 else datetime.fromisoformat(value).isoformat()
    except ValueError:
        return None


def _has_year(value: str) -> bool:
    digits = _DECIMALS.findall(value)
    return len(digits) >= 3 and any(len(run) == 4 and run[0] in "12" for run in digits)


def _written_day(value: str) -> str:
    """Write the signs of Chinese years, months and days as ISO 8601 does, and the first of a month as a number."""
    if signs := _CHINESE_DAY.fullmatch(value):
        year, month, day = signs.groups()
        return f"{year}-{month:0>2}-{day:0>2}"
    return _FIRST_DAY.sub("1", value)


def _read_date(value: str, dayfirst: bool) -> str | None:
    """Read a date that says its day, month and year: one that does not takes them from the default, and so differs."""
    moment, other = (
        _attempt(_moment, value, dayfirst, default) for default in (datetime(1904, 1, 1), datetime(2096, 12, 28))
    )
    if moment is None or moment != other:
        return None
    whole_day = ":" not in value and not (moment.hour or moment.minute or moment.second)
    return str(moment.date() if whole_day else moment.isoformat())


def _moment(value: str, dayfirst: bool, default: datetime) -> datetime:
    from dateutil.parser import parse

    moment: datetime = parse(value, _parserinfo(), dayfirst=dayfirst, default=default)
    moment.utcoffset()  # an offset of a day or more is refused when it is asked for, and not before
    return moment


def _iso_date(canonical: str) -> date | None:
    try:
        return date.fromisoformat(canonical) if len(canonical) == 10 else None
    except ValueError:
        return None


def _version(value: str) -> Typed | None:
    named = value[0] in "vV" and value[1:2].isdecimal()
    if (not named and value.count(".") < 2) or not _installed("packaging"):
        return None
    from packaging.version import Version

    if _attempt(Version, value) is None:
        return None
    return Typed("version", value[1:] if named else value)


def _address(value: str) -> Typed | None:
    if ("@" not in value and "://" not in value) or any(map(str.isspace, value)):
        return None
    readers: tuple[Callable[[str], Typed | None], ...] = (_email, _url)
    return next((typed for read in readers if (typed := read(value)) is not None), None)


def _email(value: str) -> Typed | None:
    if value.count("@") != 1 or len(value) > _LONGEST_ADDRESS or not value.isprintable():
        return None
    address = _attempt(email.headerregistry.Address, addr_spec=value)
    if address is None or "." not in address.domain.strip("."):
        return None
    return Typed("email", f"{address.username}@{address.domain.lower()}")


def _url(value: str) -> Typed | None:
    if "://" not in value:
        return None
    parts = _attempt(urlsplit, value)
    if parts is None or not parts.scheme or not parts.netloc:
        return None
    path = "" if parts.path == "/" and not parts.query and not parts.fragment else parts.path
    return Typed("url", parts._replace(netloc=parts.netloc.lower(), path=path).geturl())


def _phone(value: str) -> Typed | None:
    """Read a telephone number with its signs; it has no second spelling here, as no country is known."""
    if _SPACED_PHONE.fullmatch(value):
        return Typed("id", value)
    if not ("+" in value or "(" in value) or not _PHONE.fullmatch(value):
        return None
    return Typed("id", value) if 7 <= sum(map(str.isdecimal, value)) <= 15 else None


def _id(value: str) -> Typed | None:
    if len(value) > _LONGEST or not _DECIMAL.search(value) or not value.translate(_NO_ID_MARKS).isalnum():
        return None
    return Typed("id", value)
