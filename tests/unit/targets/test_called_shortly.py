"""What data call shortly, `Ext.`, `weight_kg`, "Lau, Wendy", is found by its whole name; what else is asked is open."""

from __future__ import annotations

import pytest
from aimed import value_asked

DESKS = "Our desks.\n\n| Name | Ext. | Room |\n|---|---|---|\n| Noor Hale | 4410 | B21 |\n| Iris Hale | 4415 | B22 |"
RAEUME = (
    "Das sind die Räume und was dort gemessen wurde.\n\n| Raum | Temp. | Feuchte |\n|---|---|---|\n"
    "| Keller | 11,5 °C | 72 % |\n| Halle | 18,0 °C | 40 % |"
)
LOANS = "| Title | Due | Price |\n|---|---|---|\n| Salt Roads | 2024-07-02 | $4 |\n| Old Moss | 2024-07-09 | $6 |"
HIVES = '[{"hive":"Ash","weight_kg":27.9,"level_cm":118},{"hive":"Elm","weight_kg":31.2,"level_cm":97}]'
TWICE = '[{"hive":"Ash","weight_kg":27.9,"weight_lb":61.5},{"hive":"Elm","weight_kg":31.2,"weight_lb":68.8}]'
MENU = (
    "| Dish | Price | kcal |\n|---|---|---|\n| Curry | 11.80 | 640 |\n| Soup | 5.50 | varies |\n| Tart | 6.10 | 520 |"
)
GUESTS = '[{"guest":"Lau, Wendy","room":"118"},{"guest":"Liu, Wen","room":"214"}]'
RESERVA = "Notas de la reserva: somos 8 a cenar, mesa en la terraza, y la señal es de 50 €. El grupo llega a las nueve."
FENJI = "| 姓名 | 部门 | 分机 |\n|---|---|---|\n| 张伟 | 财务部 | 8021 |\n| 张玮 | 市场部 | 8035 |"

RIGHT = {
    "an abbreviation": (f"{DESKS}\n\nWhat is Iris Hale's extension?", "4415"),
    "an abbreviation in German": (f"{RAEUME}\n\nWie lautet die Temperatur im Raum Halle?", "18,0 °C"),
    "a date that is due": (f"{LOANS}\n\nWhat is the due date of Old Moss?", "2024-07-09"),
    "without the unit": (f"{HIVES}\n\nWhat is the weight of Elm?", "31.2"),
    "with the unit": (f"{HIVES}\n\nWhat is the weight of Elm in kg?", "31.2"),
    "how heavy, with a unit": (f"{HIVES}\n\nHow heavy is Elm?", "31.2"),
    "how many of a unit": (f"{MENU}\n\nHow many kcal does the curry have?", "640"),
    "a name turned round": (f"{GUESTS}\n\nIn which room does Wendy Lau stay?", "118"),
    "a verb that says nothing in Spanish": (f"{RESERVA}\n\n¿A cuánto asciende la señal?", "50 €"),
    "a number in Chinese": (f"{FENJI}\n\n张玮的分机号是多少？", "8035"),
}
OPEN = {
    "an abbreviation of another owner": f"{DESKS}\n\nWhat is Ana Hale's extension?",
    "the extension of a room": f"{DESKS}\n\nWhat is the extension of Iris Hale's assistant?",
    "another date": f"{LOANS}\n\nWhat is the loan date of Old Moss?",
    "what is due and no date": f"{LOANS}\n\nWhat is the due amount of Old Moss?",
    "the date of a price": f"{LOANS}\n\nWhat is the price date of Old Moss?",
    "another unit": f"{HIVES}\n\nWhat is the weight of Elm in lb?",
    "the weight of another one": f"{HIVES}\n\nWhat is the weight of Oak?",
    "the weight of its lid": f"{HIVES}\n\nWhat is the weight of Elm's lid?",
    "a weight in two units": f"{TWICE}\n\nWhat is the weight of Elm?",
    "no number": f"{MENU}\n\nHow many kcal does the soup have?",
    "a number of both": f"{MENU}\n\nHow many kcal do both have?",
    "how many dishes": f"{MENU}\n\nHow many dishes are there?",
    "a name of two": f"{GUESTS}\n\nIn which room does Wendy Liu stay?",
    "a longer name": f"{GUESTS}\n\nIn which room does Wendy Laurel stay?",
    "something else in Spanish": f"{RESERVA}\n\n¿A cuánto asciende la propina?",
    "another one in Chinese": f"{FENJI}\n\n张三的分机号是多少？",
}


@pytest.mark.parametrize("kind", RIGHT)
def test_what_is_called_shortly_is_found(kind: str) -> None:
    text, value = RIGHT[kind]
    assert value_asked(text) == value


@pytest.mark.parametrize("kind", OPEN)
def test_what_is_not_there_is_left_open(kind: str) -> None:
    assert value_asked(OPEN[kind]) is None
