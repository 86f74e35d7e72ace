"""Spanish prompts, read whole: what they bind, what they ask, and what is left unresolved."""

from __future__ import annotations

import pytest
from answers import answer, misses

from guardbind.extraction import extract
from guardbind.text.spanish import SPANISH

FACTS = (
    "El número de placa de Alicia es 4417. El número de placa de Bruno es 9082. "
    "La placa de Carla lleva el número 3352. Íñigo tiene el número de placa 5120. "
    "El correo electrónico de Alicia es alicia@acme.test. "
    "La fecha de entrega del pedido 1001 es el 3 de junio de 2024."
)
BILL = "Número de factura: 88-40127\nFecha de vencimiento: 26/01/2026\nImporte total: 812,44 €\n"
ASKED = "¿Cuál es el número de placa de Alicia?"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (FACTS, {"número de placa de Íñigo": "5120", "número de placa de Carla": "3352"}),
        (FACTS, {"fecha de entrega de pedido 1001": "3 de junio de 2024"}),
        (BILL, {"Número de factura": "88-40127", "Fecha de vencimiento": "26/01/2026", "Importe total": "812,44 €"}),
        ("El número de la tarjeta de Bruno es 4417.", {"número de la tarjeta de Bruno": "4417"}),
        ("El total del carrito asciende a 49,90 €.", {"total de carrito": "49,90 €"}),
        ("4417 es el número de placa de Alicia.", {"número de placa de Alicia": "4417"}),
        ("El alquiler de Marcos pasó de 700 € a 750 €.", {"alquiler de Marcos": "750 €"}),
        ("La contraseña es «Luna-42».", {"contraseña": "Luna-42"}),
    ],
)
def test_statements_are_read(text: str, found: dict[str, str]) -> None:
    items = {item.key: item.value for item in extract(text, language=SPANISH).items}
    assert {key: value for key, value in items.items() if key in found} == found


def test_what_states_nothing_is_not_bound() -> None:
    texts = (
        "Es falso que el número de placa de Alicia es 4417.",
        "Nadie dijo que el número de placa de Alicia es 4417.",
        "El número de placa de Alicia es 4417, lo cual es falso.",
        "El número de placa de Alicia no es 4417.",
        "Si el número de placa de Alicia es 4417, se abre la puerta.",
        "¿El número de placa de Alicia es 4417?",
        "Su número de placa es 4417.",
        "El portero cree que el código del garaje es 4417.",
        "Se rumorea que el número de placa de Alicia es 4417.",
    )
    assert {text: extract(text, language=SPANISH).keys for text in texts} == dict.fromkeys(texts, ())


def test_questions_and_begun_answers() -> None:
    asked = [
        (ASKED, None, "4417"),
        ("¿Cuál es el número de placa de Bruno?", None, "9082"),
        ("¿Cuál es el número de placa de Carla?", None, "3352"),
        ("¿Qué número de placa tiene Íñigo?", None, "5120"),
        ("¿Cuál es el correo de Alicia?", None, "alicia@acme.test"),
        ("Dime la fecha de entrega del pedido 1001.", None, "3 de junio de 2024"),
        ("¿Quién tiene el número de placa 9082?", None, "Bruno"),
        (ASKED, "El número de placa de Alicia es", "4417"),
        (ASKED, "El número de placa de Bruno es", "9082"),
        (ASKED, "El número de placa de Gina es", None),
        ("¿Cuál es el número de placa de Gina?", None, None),
        ("¿Cuál es el número de placa?", None, None),
        ("¿Cuál es el número de placa de la madre de Alicia?", None, None),
        ("¿Cuál es el número de teléfono de Alicia?", None, None),
        ("¿Cuál es la suma de los números de placa de Alicia y Bruno?", None, None),
        ("¿Qué número de placa no es el de Alicia?", None, None),
    ]
    assert misses(SPANISH, FACTS, asked) == []


def test_a_bill() -> None:
    asked = [
        ("¿Cuál es el importe total?", None, "812,44 €"),
        ("¿Cuál es el importe total?", "El importe total es de", "812,44 €"),
        ("¿Cuál es la fecha de vencimiento?", None, "26/01/2026"),
        ("¿Cuál es el importe del descuento?", None, None),
    ]
    assert misses(SPANISH, BILL, asked) == []


def test_first_and_last() -> None:
    facts = "El presupuesto es de 1200 €. El presupuesto ahora es de 1450 €."
    assert answer(SPANISH, facts, "¿Cuál es el presupuesto?") == "1450 €"
    assert answer(SPANISH, facts, "¿Cuál era el presupuesto inicial?") == "1200 €"
