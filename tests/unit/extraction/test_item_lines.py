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


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("Stall\n- Lamp: price $12\n- Vase: price $30\n", "Vase.price", "$30"),
        ("- Heron: mooring fee 4705.21\n- Tern: mooring fee 311.40", "Tern.mooring fee", "311.40"),
        ("Falk: Raum 12\nThoms: Raum 14", "Thoms.Raum", "14"),
    ],
)
def test_an_entry_may_have_one_field(text: str, key: str, value: str) -> None:
    assert read(text)[key] == value


@pytest.mark.parametrize(
    "text",
    [
        "- Lamp: price $12\n- Vase: price on request",
        "- Ann: room 12\n- Ben: desk 9",
        "- Soup: 300 g\n- Stew: 450 g",
        "- Lamp: price $12",
        "- Lamp: shelf BF31\n- Vase: shelf DT44",
        "Subtotal: EUR 9.20\nVAT: EUR 0.64",
        "Lamp: ca. 12\nVase: ca. 30",
        "- Lamp: price is up by 12\n- Vase: price is up by 30",
        "- Mix: add 300 g of flour and 2 eggs\n- Bake: add 2 trays and wait",
    ],
)
def test_what_has_no_number_behind_a_shared_key_is_no_entry_of_one_field(text: str) -> None:
    assert read(text) == {}
