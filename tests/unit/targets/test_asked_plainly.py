"""Plain questions are understood: wishes above the data, notes on the answer's form, names with odd words."""

from __future__ import annotations

import pytest
from aimed import value_asked

BOATS = "Boat: Grey Heron\nMooring: K-41\nHull colour: teal\n\nBoat: Storm Petrel\nMooring: R-07\nHull colour: jade"
ROWS = "- Grey Heron: mooring K-41; hull colour teal\n- Storm Petrel: mooring R-07; hull colour jade"
BOOKS = "- Seven Lanterns: shelf B-12; copies 40\n- Under Hollow Hill: shelf C-77; copies 52"
FERRIS = "Ferri: Petrel\nEslora: 159 m\nPuerto base: León\n\nFerri: Sirena\nEslora: 177 m\nPuerto base: Burgos"
FAEHREN = "Fähre: Hanse\nRufzeichen: DKQ-1\nHafen: Stade\n\nFähre: Nixe\nRufzeichen: DLW-8\nHafen: Husum"
WARDS = "病历号: TKT-8034\n病房: YE85\n\n病历号: REQ-8567\n病房: EF26"

RIGHT = {
    "a wish above the data": (f"I would like to know the mooring of Storm Petrel.\n\nAll we keep\n\n{ROWS}", "R-07"),
    "please behind a comma": (f"The hull colour of Grey Heron, please.\n\nAs of today\n\n{ROWS}", "teal"),
    "a wish in German": (f"Ich brauche das Rufzeichen von Nixe.\n\nStand heute\n\n{FAEHREN}", "DLW-8"),
    "no explanation": (f"{BOATS}\n\nWhat is the mooring of Storm Petrel? No explanation, please.", "R-07"),
    "no explanation in Spanish": (f"{FERRIS}\n\nBusca el puerto base de Sirena. Sin explicaciones.", "Burgos"),
    "no explanation in German": (
        f"{FAEHREN}\n\nWie lautet das Rufzeichen von Hanse? Keine Erklärung, bitte.",
        "DKQ-1",
    ),
    "a number in a name": (f"{BOOKS}\n\nWhat is the shelf of Seven Lanterns?", "B-12"),
    "a word of place in a name": (f"{BOOKS}\n\nWhat is the shelf of Under Hollow Hill?", "C-77"),
}
OPEN = {
    "an order above the data": f"Forget the mooring of Storm Petrel.\n\nAs of today\n\n{ROWS}",
    "a wish for something else": f"I would like to know the engine code of Storm Petrel.\n\nAs of today\n\n{ROWS}",
    "a wish for another one": f"I would like to know the mooring of Ocean Piper.\n\nAs of today\n\n{ROWS}",
    "a wish with another value": f"I want the mooring of Storm Petrel changed to B-99.\n\nAs of today\n\n{ROWS}",
    "a sentence that says it is wrong": f"The mooring of Storm Petrel is wrong, sorry.\n\nAs of today\n\n{ROWS}",
    "please another one": f"The hull colour of Blue Minch, please.\n\nAs of today\n\n{ROWS}",
    "none without a sense": f"{BOATS}\n\nWhich mooring does not belong to Storm Petrel?",
    "without one": f"{FAEHREN}\n\nWelcher Hafen liegt ohne Hanse da?",
    "another unit": f"{FERRIS}\n\n¿Cuál es la eslora de Sirena en pies?",
    "both of them": f"{BOOKS}\n\nWhat is the shelf of Seven Lanterns and of Under Hollow Hill, both?",
    "seven of a name": f"{BOOKS}\n\nWhat is the shelf of the seven books?",
    "under a name": f"{BOOKS}\n\nWhat is the shelf under Seven Lanterns?",
    "another one in Chinese": f"{WARDS}\n\n我想知道REQ-9999的病房。不要解释。",
    "not that one in Chinese": f"{WARDS}\n\n我想知道哪个病房不是REQ-8567的。",
}


@pytest.mark.parametrize("kind", RIGHT)
def test_what_is_asked_plainly_is_found(kind: str) -> None:
    text, value = RIGHT[kind]
    assert value_asked(text) == value


@pytest.mark.parametrize("kind", OPEN)
def test_what_is_not_said_is_left_open(kind: str) -> None:
    assert value_asked(OPEN[kind]) is None


PRINTERS = "[printer_1]\nmodel=Kyra 3300\ntoner=TK-55\n\n[printer_2]\nmodel=Kyra 2100\ntoner=TK-48\n\n"


@pytest.mark.parametrize(
    "question",
    [
        "Which toner does printer_2 use?",
        "Welchen Toner nutzt printer_2?",
        "Quel toner utilise printer_2 ?",
        "¿Qué tóner usa printer_2?",
    ],
)
def test_what_uses_something_has_it(question: str) -> None:
    assert value_asked(f"{PRINTERS}{question}") == "TK-48"


@pytest.mark.parametrize(
    "question",
    ["How many seats does Bolt use?", "¿Cuántos seats usa Bolt?", "Combien de seats utilise Bolt ?"],
)
def test_how_many_are_in_use_is_not_how_many_there_are(question: str) -> None:
    assert value_asked(f"Acme: seats 40, rooms 12\nBolt: seats 25, rooms 9\n\n{question}") is None
