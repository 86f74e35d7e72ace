"""What a statement without an owner is of: the sheet's title or first field, and none of the things its values name."""

from __future__ import annotations

import pytest
from plain_slots import LETTERS

from guardbind.session.bound_prompt import bind_prompt
from guardbind.slots.detector import Detected
from guardbind.targets import Place

SHEET = "Firm: Alder Pumps\nHead: Mira Voss\nStaff: 41\nPartner: Tarn Group\n\n"
TITLED = "Fountain of Ceres\nHeight: 3 m\nCarver: R. Dale\nNearby: Well of Pan\nBasin: slate\n\n"


def resolved(text: str, begun: str) -> str | None:
    """Return the value that would be aimed at behind a begun answer."""
    bound = bind_prompt(LETTERS, index=0, pad=0, ids=LETTERS.encode(text), items=None, declared=None, source=None)
    slot = Detected("value", Place(begun, begun), expects_value=True)
    index = bound.resolve(slot, lambda: f" {begun}", started=True).index
    return None if index is None else bound.table.items[index].value


@pytest.mark.parametrize(
    ("text", "begun", "value"),
    [
        (SHEET + "Who is the head of Alder Pumps?", "The head of Alder Pumps is", "Mira Voss"),
        (SHEET + "Who is the head?", "The head is", "Mira Voss"),
        (SHEET + "Who is the head of Tarn Group?", "The head of Tarn Group is", None),
        (SHEET + "How many staff does the partner have?", "The staff of the partner is", None),
        (TITLED + "Who is the carver of the Fountain of Ceres?", "The carver of the Fountain of Ceres is", "R. Dale"),
        (TITLED + "Who is the carver of the Well of Pan?", "The carver of the Well of Pan is", None),
        (TITLED + "What is the height of the basin?", "The height of the basin is", None),
        ("松涛馆\n电话：0532-88\n附近：海月楼\n\n海月楼的电话是多少？", "海月楼的电话是", None),
        ("松涛馆\n电话：0532-88\n附近：海月楼\n\n松涛馆的电话是多少？", "松涛馆的电话是", "0532-88"),
    ],
)
def test_what_only_another_statement_names_has_no_value_of_the_sheet(text: str, begun: str, value: str | None) -> None:
    assert resolved(text, begun) == value


def test_a_part_of_an_owner_that_is_a_key_itself_is_another() -> None:
    text = "Director: Salma Iyer. Deputy director: Colm Rafferty. Deputy director's assistant: June Pak.\n\n"
    assert resolved(text + "Who is the director's assistant?", "The director's assistant is") is None
    asked = "Who is the deputy director's assistant?"
    assert resolved(text + asked, "The deputy director's assistant is") == "June Pak"


@pytest.mark.parametrize(("asked", "value"), [("Qui est le chef ?", None), ("Qui est le sous-chef ?", "Maëlle Guérin")])
def test_a_compound_is_not_its_last_part(asked: str, value: str | None) -> None:
    sheet = "Sous-chef : Maëlle Guérin\nPâtissier : Ilan Roche\n\n"
    assert resolved(sheet + asked, asked.replace("Qui est ", "").replace(" ?", " est").capitalize()) == value


@pytest.mark.parametrize(
    ("asked", "begun", "value"),
    [
        ("What is the price for members?", "The price for members is", None),
        ("What is the place?", "The place is", "Aula"),
    ],
)
def test_a_value_with_an_exception_is_not_what_the_exception_says(asked: str, begun: str, value: str | None) -> None:
    assert resolved(f"Price: 18 € (members 14 €)\nPlace: Aula\n\n{asked}", begun) == value
