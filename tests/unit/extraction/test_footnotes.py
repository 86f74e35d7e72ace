"""Marks of footnotes are no part of a value; signs that only look like them are."""

from __future__ import annotations

import pytest

from guardbind.extraction import extract


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Fee: $40 [3]\nRent: $15 [4]\n\n[3] per month\n[4] once", ["$40", "$15"]),
        ("Fee: 40 €¹\nRent: 15 €²\n\n¹ per month\n² once", ["40 €", "15 €"]),
        ("Fee: 40 1)\nRent: 15 2)\n\n1) per month\n2) once", ["40", "15"]),
        (
            "| Cow | Stall |\n|---|---|\n| Ann | 12[^1] |\n| Ida | 14[^2] |\n\n[^1]: old\n[^2]: new",
            ["Ann", "12", "Ida", "14"],
        ),
        ("Ann's desk is 12¹. Ida's desk is 14². Eva's desk is 9³.", ["12", "14", "9"]),
        ("Ann's desk: 12^1\nIda's desk: 14^2", ["12", "14"]),
        ("Size: 14 m²\nVolume: 30 m³", ["14 m²", "30 m³"]),
        ("Size: 10²\nVolume: 30", ["10²", "30"]),
        ("Size: 10²\nVolume: 3²", ["10²", "3²"]),
        ("Fee: 12 (2)\nRent: 15 (3)", ["12 (2)", "15 (3)"]),
    ],
)
def test_values_without_marks(text: str, values: list[str]) -> None:
    assert [item.said for item in extract(text, language="english").items] == values


def test_pages_are_no_values() -> None:
    pages = "Feeding .... 3\nStalls .... 14\nVets .... 22"
    assert extract(f"Contents\n{pages}", language="english").items == ()
    assert len(extract(f"Doors\n{pages}", language="english").items) == 3
