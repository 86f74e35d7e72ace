"""What kind of value a string is, and which spellings mean the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_values import BROKE_A_PARSER, odd_values

from guardbind.extraction import classify, extract, spellings
from guardbind.text import values

TYPES: dict[str, tuple[str, str]] = {
    "4417": ("number", "4417"),
    "1,250": ("number", "1250"),
    "1,250.50": ("number", "1250.50"),
    "1.250,50": ("number", "1250.50"),
    "-12": ("number", "-12"),
    "\u221212": ("number", "-12"),
    "15 %": ("number", "15%"),
    "1.10": ("number", "1.10"),
    "\u0664\u0664": ("number", "44"),
    "00417": ("id", "00417"),
    "ORD-4417": ("id", "ORD-4417"),
    "#4417": ("id", "#4417"),
    "555-0199": ("id", "555-0199"),
    "(514) 555-0114": ("id", "(514) 555-0114"),
    "+351 555 010 200": ("id", "+351 555 010 200"),
    "20240503": ("number", "20240503"),
    "$1,250.00": ("money", "1250 USD"),
    "1250 USD": ("money", "1250 USD"),
    "-$5": ("money", "-5 USD"),
    "€1.250,00": ("money", "1250 EUR"),
    "CA$5": ("money", "5 CAD"),
    "500 ₭": ("money", "500 ₭"),
    "2024-05-03": ("date", "2024-05-03"),
    "May 3, 2024": ("date", "2024-05-03"),
    "3rd of May 2024": ("date", "2024-05-03"),
    "13/05/2024": ("date", "2024-05-13"),
    "2024-05-03T10:00:00Z": ("date", "2024-05-03T10:00:00+00:00"),
    "03/05/2024": ("date", "03/05/2024"),
    "Ann.B@Example.ORG": ("email", "Ann.B@example.org"),
    "https://Example.org/": ("url", "https://example.org"),
    "https://example.org/A?b=c": ("url", "https://example.org/A?b=c"),
    "v1.2": ("version", "1.2"),
    "1.2.3rc1": ("version", "1.2.3rc1"),
    "Paris": ("text", "Paris"),
    "12 Main Street": ("text", "12 Main Street"),
    "May 2024": ("text", "May 2024"),
    "10 lei and a half": ("text", "10 lei and a half"),
    "a@b": ("text", "a@b"),
    "on May 3, 2024": ("text", "on May 3, 2024"),
}


@pytest.mark.parametrize("value", TYPES)
def test_type(value: str) -> None:
    assert classify(value) == TYPES[value]


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from(["USD", "EUR", "GBP", "CAD", "CHF"]))
def test_every_spelling_of_an_amount_is_read_as_that_amount(amount: Decimal, code: str) -> None:
    typed = classify(f"{amount} {code}")
    assert typed == ("money", f"{amount.normalize():f} {code}")
    assert spellings(typed)
    assert {classify(form) for form in spellings(typed)} == {typed}


@given(st.dates(min_value=date(1000, 1, 1), max_value=date(2999, 12, 31)))
def test_every_spelling_of_a_date_is_read_as_that_date(day: date) -> None:
    typed = classify(day.isoformat())
    assert typed == ("date", day.isoformat())
    assert len(spellings(typed)) == 3
    assert {classify(form) for form in spellings(typed)} == {typed}


@given(st.text(max_size=80))
def test_any_string_has_one_type(value: str) -> None:
    typed = classify(value)
    assert typed == classify(value)
    assert typed.canonical.strip() or not value.strip()
    assert all(classify(form).type == typed.type for form in spellings(typed))


@pytest.mark.parametrize("value", BROKE_A_PARSER)
def test_what_a_parser_falls_over_has_a_type(value: str) -> None:
    assert classify(value).type == BROKE_A_PARSER[value]


@given(odd_values())
def test_no_string_is_an_error(value: str) -> None:
    typed = classify(value)
    assert typed.canonical.strip() or not value.strip()
    for locale in ("en_US", "de_DE"):
        assert all(form.strip() for form in spellings(typed, locale))


def test_an_address_is_no_longer_than_one_can_be() -> None:
    longest = "a" * 248 + "@b.org"
    assert classify(longest).type == "email"
    assert classify(f"a{longest}").type == "text"


def test_spellings_of_one_value_are_one_binding() -> None:
    text = "Total: $1,250.00\nDue: May 3, 2024\ntotal due: 5\nTotal = 1250 USD"
    total = next(binding for binding in extract(text).bindings if binding.key == "Total")
    assert total.value == "1250 USD"
    assert {"$1,250.00", "$1250", "1,250 USD"} <= set(total.aliases)
    assert total.span is None  # two statements, each beside its key
    due = next(binding for binding in extract(text).bindings if binding.key == "Due")
    assert due.aliases == ("2024-05-03", "3 May 2024")


def test_no_spelling_is_made_up_for_numbers_and_names() -> None:
    assert [
        binding.aliases for binding in extract("a = 4417\nb = 1,250\nc = ORD-1\nd = 1.10\ne = 03/04/2025").bindings
    ] == [()] * 5


def test_what_is_not_recognised_without_a_parser_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "_installed", lambda module: module not in ("dateutil", "price_parser"))
    classify.cache_clear()
    try:
        table = extract("a = May 3, 2024\nb = $7.00\nc = 8")
        assert [item.type for item in table.items] == ["text", "text", "number"]
        assert any("python-dateutil" in note and "dates" in note for note in table.notes)
        assert any("price-parser" in note for note in table.notes)
    finally:
        classify.cache_clear()


def test_a_long_amount_has_no_other_spelling_and_breaks_nothing() -> None:
    for digits in ("9" * 40, "1" + "0" * 30 + ".001", "0.001"):
        typed = classify(f"${digits}")
        assert all(isinstance(form, str) for form in spellings(typed))


def test_dates_with_german_months() -> None:
    assert classify("3. Mai 2024") == classify("2024-05-03") == classify("May 3, 2024")
    assert classify("12. M\u00e4rz 2024").canonical == "2024-03-12"
    assert classify("3. Floreal 2024").type == "text"
    assert "3. Mai 2024" in spellings(classify("2024-05-03"), "de_DE")
    assert "1.234,50 \u20ac" in spellings(classify("1234.50 EUR"), "de_DE")
