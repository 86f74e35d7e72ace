"""What a question asks for without its name, "how heavy", is found where it is somebody's; anything else is open."""

from __future__ import annotations

import pytest
from aimed import value_asked

PETS = (
    "Ward list of this morning.\n\n| Pet | Owner | Weight |\n|---|---|---|\n"
    "| Moss | Ada | 12.4 kg |\n| Fern | Ben | 4.1 kg |"
)
VANS = "- Van 1: plate LR-19; driver Sam Otieno; length 5 m\n- Van 2: plate LR-21; driver Chloe Barr; length 6 m"
EMPTY = "- Van 1: plate LR-19; driver Sam Otieno\n- Van 2: plate LR-21; driver (vacant)"
FOLK = (
    "| Name | Age | Height | Town |\n|---|---|---|---|\n| Ana Ruiz | 34 | 170 cm | Cork |\n"
    "| Ben Roy | 41 | 182 cm | Hull |"
)
HUTS = "| Hut | Temp. | Size |\n|---|---|---|\n| Ridge | 4 °C | 40 m² |\n| Lake | 9 °C | 25 m² |"
TRAILS = "| Trail | Length | Duration |\n|---|---|---|\n| Ridge | 9 km | 3 h |\n| Creek | 4 km | 1 h |"
SENSOREN = (
    'Das hat das Werkzeug geliefert:\n[{"ort":"Keller","temperatur":11.5},{"ort":"Dachboden","temperatur":27.8},'
    '{"ort":"Garage","temperatur":null}]'
)
KURSE = (
    "Das sind die Kurse der Schule und was sie kosten.\n\n| Kurs | Leiterin | Preis |\n|---|---|---|\n"
    "| Aquarell | Gesa Thoms | 120 € |\n| Töpfern | Ida Falk | 96 € |"
)
JARRAS = (
    "Estas son las fichas de los productos de la tienda, con sus datos.\n\n| Producto | Precio | Peso |\n"
    "|---|---|---|\n| Tetera | 34,50 € | 900 g |\n| Jarra | 12,00 € | 400 g |"
)
REFUGE = (
    "Voici la liste des animaux du refuge avec leurs données.\n\n| Nom | Poids | Durée |\n|---|---|---|\n"
    "| Moka | 12 kg | 3 mois |\n| Lupin | 8 kg | 5 mois |"
)
ZHOU = (
    "以下是库存商品的资料：\n\n| 名称 | 价格 | 重量 |\n|---|---|---|\n| 茶壶 | 89元 | 900克 |\n| 水罐 | 45元 | 400克 |"
)

RIGHT = {
    "a verb": (f"{PETS}\n\nHow much does Fern weigh?", "4.1 kg"),
    "a degree": (f"{PETS}\n\nHow heavy is Fern?", "4.1 kg"),
    "how old": (f"{FOLK}\n\nHow old is Ben Roy?", "41"),
    "how cold": (f"{HUTS}\n\nHow cold is Lake?", "9 °C"),
    "who does it": (f"{VANS}\n\nWho drives Van 2?", "Chloe Barr"),
    "a length": (f"{VANS}\n\nHow long is Van 1?", "5 m"),
    "a value without its unit": (f"{SENSOREN}\n\nWie warm ist es auf dem Dachboden?", "27.8"),
    "who does it in German": (f"{KURSE}\n\nWer leitet Aquarell?", "Gesa Thoms"),
    "a price in German": (f"{KURSE}\n\nWas kostet Aquarell?", "120 €"),
    "a weight in Spanish": (f"{JARRAS}\n\n¿Cuánto pesa la jarra?", "400 g"),
    "a weight in French": (f"{REFUGE}\n\nCombien pèse Moka ?", "12 kg"),
    "a price in Chinese": (f"{ZHOU}\n\n茶壶多少钱？", "89元"),
}
OPEN = {
    "an unknown owner": f"{PETS}\n\nHow heavy is Daisy?",
    "an attribute that nothing has": f"{PETS}\n\nHow long is Fern?",
    "something of hers": f"{PETS}\n\nHow heavy is Fern's basket?",
    "whoever is related": f"{PETS}\n\nHow much does Fern's owner weigh?",
    "what a value of the record names": f"{PETS}\n\nHow heavy is Ada?",
    "how old a town is": f"{FOLK}\n\nHow old is Cork?",
    "how tall a town is": f"{FOLK}\n\nHow tall is Hull?",
    "the mayor of a town": f"{FOLK}\n\nHow old is the mayor of Cork?",
    "outside of it": f"{HUTS}\n\nHow cold is it outside Ridge?",
    "what is there": f"{HUTS}\n\nHow cold is the water at Lake?",
    "tomorrow": f"{HUTS}\n\nHow warm is Lake tomorrow?",
    "a former one": f"{PETS}\n\nHow heavy was Fern in May?",
    "without something": f"{PETS}\n\nHow heavy is Fern without the cone?",
    "nobody's": f"{PETS}\n\nHow heavy is it?",
    "a list that does not hold": f"Superseded list, do not use:\n{VANS}\n\nWho drives Van 2?",
    "what is taken back": f"{PETS}\n\nThe numbers above are invented.\n\nHow heavy is Fern?",
    "what is corrected": f"{PETS}\n\nFern is 5.0 kg by now, the scale was off.\n\nHow heavy is Fern?",
    "what a sentence tells": "Moss weighed 11.2 kg in May. Today the scale is broken.\n\nHow much does Moss weigh?",
    "two that may be meant": f"{TRAILS}\n\nHow long is Ridge?",
    "how long it takes": f"{VANS}\n\nHow long does Van 1 take?",
    "with whom": f"{VANS}\n\nWho drives with Van 2?",
    "nobody does it": f"{EMPTY}\n\nWho drives Van 2?",
    "who did it": f"{VANS}\n\nWho drove Van 2?",
    "no value": f"{SENSOREN}\n\nWie warm ist es in der Garage?",
    "another place": f"{SENSOREN}\n\nWie warm ist es im Wohnzimmer?",
    "yesterday": f"{SENSOREN}\n\nWie warm war es gestern auf dem Dachboden?",
    "two of them": f"{KURSE}\n\nWas kosten zwei Aquarell?",
    "another one in Spanish": f"{JARRAS}\n\n¿Cuánto pesa el vaso?",
    "its box in Spanish": f"{JARRAS}\n\n¿Cuánto pesa la caja de la jarra?",
    "another one in French": f"{REFUGE}\n\nCombien pèse Félix ?",
    "its bowl in French": f"{REFUGE}\n\nCombien pèse la gamelle de Moka ?",
    "another one in Chinese": f"{ZHOU}\n\n杯子多少钱？",
    "its lid in Chinese": f"{ZHOU}\n\n茶壶的盖子多少钱？",
    "both in Chinese": f"{ZHOU}\n\n茶壶和水罐一共多少钱？",
}


@pytest.mark.parametrize("kind", RIGHT)
def test_what_is_implied_is_found(kind: str) -> None:
    text, value = RIGHT[kind]
    assert value_asked(text) == value


@pytest.mark.parametrize("kind", OPEN)
def test_what_is_not_there_is_left_open(kind: str) -> None:
    assert value_asked(OPEN[kind]) is None
