"""Lines of a name and pairs are read beside a heading above them or a note below, and nothing else than them."""

from __future__ import annotations

import pytest

from guardbind.extraction import extract

POINTS = "Lara Simms: midterm 71, final 84\nTom Sims: midterm 88, final 79\nIda Aziz: midterm 64, final absent"
KURSE = "Kurs: Töpfern, Gruppe 3\nIda Falk: Raum 12, Gebühr 96\nGesa Thoms: Raum 14, Gebühr 88"
SALAS = "Oeste: aforo 40, alquiler 120\nNorte: aforo 25, alquiler 90\nNota: horario provisional, sala 3"


def read(text: str) -> dict[str, str]:
    return {item.key: item.value for item in extract(text).items if item.rule == "item_line"}


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        (f"Course: Intro Statistics, group 3\n{POINTS}", "Tom Sims.final", "79"),
        (KURSE, "Gesa Thoms.Raum", "14"),
        (SALAS, "Norte.aforo", "25"),
    ],
)
def test_a_heading_and_a_note_are_no_entries(text: str, key: str, value: str) -> None:
    found = read(text)
    assert found[key] == value
    assert not any(key.startswith(("Course", "Kurs", "Nota")) for key in found)


def test_a_word_among_numbers_is_no_value() -> None:
    found = read(POINTS)
    assert "Ida Aziz.final" not in found
    assert found["Ida Aziz.midterm"] == "64"


@pytest.mark.parametrize(
    "text",
    [
        "Lara Simms: midterm 71, final 84\nLara Simms: midterm 70, final 80\nCourse: Intro Statistics, group 3",
        "Lara Simms: midterm 71, final 84\nCourse: Intro Statistics, group 3\nTom Sims: midterm 88, final 79",
        "Course: Intro Statistics, group 3\nLara Simms: midterm 71, final 84",
    ],
    ids=["one name twice", "another line between", "one entry alone"],
)
def test_what_is_no_list_of_entries_is_not_read(text: str) -> None:
    assert read(text) == {}
