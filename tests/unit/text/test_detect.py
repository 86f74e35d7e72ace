"""What a text is written in, told from its words and its script."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt

from guardbind.extraction import extract
from guardbind.registry import LANGUAGES
from guardbind.text.detect import language_of, language_of_prompt

EVERY = [LANGUAGES.get(name) for name in LANGUAGES]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("What is the badge number of Alice?", "english"),
        ("Wie lautet die Kundennummer von Anna?", "german"),
        ("Numéro de facture : 88-40127\n\nQuel est le montant dû ?", "french"),
        ("L'adresse d\u2019Alice, c'est laquelle ?", "french"),
        ("Número de factura: 88-40127\n¿Cuál es el importe de la factura?", "spanish"),
        ("Don't say it's Bob's, I'm sure that isn't so.", "english"),
        ('{"order": 1001, "total": 52.1}', "english"),
        ("社員番号は4417です。電話番号は何ですか。", "english"),
        ("\ud800 4417", "english"),
        ('"moi","A"\r\n"moi","0"', "english"),
        ("Es falso que el número de placa de Alicia es 4417.", "spanish"),
        ("", "english"),
        ("¿Qué tóner usa printer_2?", "spanish"),
        ("Quelle hauteur a Fern ?", "french"),
        ("Was kostet der Hobel?", "german"),
        ("Welche Blutgruppe hat Bruna? Dr. Kettner, Dr. Le", "german"),
        ("Who was Der Kaiser, and what was it?", "english"),
        ("Der Spiegel: which year?", "english"),
        ("Die Hard release year?", "english"),
        ("张伟的工号是多少？", "chinese"),
        ("Alice的工号是4417。Bob的工号是9082。", "chinese"),
    ],
)
def test_is_told(text: str, name: str) -> None:
    assert language_of(text, EVERY).name == name


def test_the_last_turn_of_the_user_goes_before_what_stands_around_it() -> None:
    assert language_of_prompt(as_prompt("Quel est le total de la commande ?"), EVERY).name == "french"


def test_the_line_that_asks_goes_before_data_and_instructions_in_another_language() -> None:
    data = "The order is of the customer that is in the list.\n\n"
    asks = f"{data}Welche Farbe hat das Sofa?\nAnswer with the value only, and with nothing else than that."
    assert language_of_prompt(as_prompt(asks), EVERY).name == "german"
    german = "Das Sofa ist von der Firma, die auch den Tisch liefert.\n\nWhat is the price of the sofa?"
    assert language_of_prompt(as_prompt(german), EVERY).name == "english"


def test_extraction_takes_it() -> None:
    text = "Le numéro de badge d'Alice est 4417. Quel est le numéro de badge d'Alice ?"
    assert extract(text, language="english").items == ()
    assert [item.value for item in extract(text).items] == ["4417"]
