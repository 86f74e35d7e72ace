"""Questions that anybody would put so find their value, in five languages, and their twins find none."""

from __future__ import annotations

import pytest
from plain_slots import LETTERS

from guardbind.session.bound_prompt import bind_prompt

ENGLISH = (
    "Ferries\n\nMarlin\n- Crossing time: 55 min\n- Deck height: 4.2 m\n- Car spaces: 48\n\n"
    "Petrel\n- Crossing time: 80 min\n- Deck height: 4.6 m\n- Car spaces: 112"
)
GERMAN = (
    "Fähren\n\nMarlin\n- Überfahrt: 55 min\n- Schiffer: Olga Brandt\n- Stellplätze: 48\n\n"
    "Petrel\n- Überfahrt: 80 min\n- Schiffer: Ivo Lund\n- Stellplätze: 112"
)
FRENCH = (
    "Bacs\n\nMarlin\n- Traversée : 55 min\n- Pilote : Olga Brandt\n- Places : 48\n\n"
    "Petrel\n- Traversée : 80 min\n- Pilote : Ivo Lund\n- Places : 112"
)
SPANISH = (
    "Barcos\n\nMarlin\n- Travesía: 55 min\n- Piloto: Olga Brandt\n- Plazas: 48\n\n"
    "Petrel\n- Travesía: 80 min\n- Piloto: Ivo Lund\n- Plazas: 112"
)
PROPERTIES = "barn.oakbarn.capacity=1200\nbarn.oakbarn.rent=340\nbarn.pinebarn.capacity=950\nbarn.pinebarn.rent=275"
ROTA = "Matin : accueil – Yanis ; caisse – Odile\nSoir : accueil – Odile ; caisse – Farida"
PARTS = "Seat: oak, 120 cm wide, 8.5 kg\nFrame: steel, coated, 11.2 kg\nFitting time: 40 min"

RIGHT = [
    (ENGLISH, "What crossing time is listed for the Petrel?", "80 min"),
    (ENGLISH, "What crossing time should I expect with the Petrel?", "80 min"),
    (ENGLISH, "How many car spaces does the Petrel have?", "112"),
    (GERMAN, "Wie lange dauert die Überfahrt der Petrel?", "80 min"),
    (GERMAN, "Wie heißt der Schiffer der Petrel?", "Ivo Lund"),
    (FRENCH, "Combien de places y a-t-il sur le Petrel ?", "112"),
    (SPANISH, "¿Cuántas plazas tiene el Petrel?", "112"),
    (PROPERTIES, "What is the rent of Pinebarn?", "275"),
    (ROTA, "Quelle est la caisse du soir ?", "Farida"),
    (PARTS, "What is the fitting time?", "40 min"),
]
OPEN = [
    (ENGLISH, "How many car spaces are there in total?"),
    (ENGLISH, "How many ferries are there?"),
    (ENGLISH, "What crossing time should I expect with the Heron?"),
    (ENGLISH, "How many bike spaces does the Petrel have?"),
    (ENGLISH.replace("80 min", "80 kg min"), "What is the crossing time of the Petrel?"),
    (ENGLISH.replace("80 min", "80 (min)"), "What is the crossing time of the Petrel?"),
    (GERMAN, "Wie lange dauert die Reparatur der Petrel?"),
    (FRENCH, "Combien de temps dure la réparation du Petrel ?"),
    (FRENCH, "Combien de cabines y a-t-il sur le Petrel ?"),
    (SPANISH, "¿Cuántas plazas hay en total?"),
    (PROPERTIES, "What is the rent of Elmbarn?"),
    (PARTS, "How heavy is the frame?"),
    (PARTS, "How wide is the frame?"),
]


def aimed_at(facts: str, question: str) -> str | None:
    ids = LETTERS.encode(f"{facts}\n\n{question}\n")
    found = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    index = found.agreement.asked.index
    return None if index is None else found.table.items[index].value


@pytest.mark.parametrize(("facts", "question", "value"), RIGHT, ids=[question for _, question, _ in RIGHT])
def test_a_plain_question_finds_its_value(facts: str, question: str, value: str) -> None:
    assert aimed_at(facts, question) == value


@pytest.mark.parametrize(("facts", "question"), OPEN, ids=[question for _, question in OPEN])
def test_what_is_not_stated_is_left_open(facts: str, question: str) -> None:
    assert aimed_at(facts, question) is None
