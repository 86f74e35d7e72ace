"""A noun that says of which kind something is leaves the question what it is, unless others are told of."""

from __future__ import annotations

import pytest
from plain_slots import LETTERS

from guardbind.registry import LANGUAGES
from guardbind.session.bound_prompt import bind_prompt
from guardbind.targets import Place

DEPOTS = "- Thirsk\n  - rent: 412\n  - keeper: Ola Brandt\n- Malton\n  - rent: 388\n  - keeper: Ivo Lund"
GERMAN = "- Harzburg\n  - Miete: 412\n  - Verwalter: Ola Brandt\n- Wernigerode\n  - Miete: 388\n  - Verwalter: Ivo Lund"
FRENCH = "- Redon\n  - loyer : 412\n  - gardien : Ola Brandt\n- Quimper\n  - loyer : 388\n  - gardien : Ivo Lund"
SPANISH = "- Lorca\n  - alquiler: 412\n  - guarda: Ola Brandt\n- Baeza\n  - alquiler: 388\n  - guarda: Ivo Lund"
CHINESE = "- 松鼠桂鱼\n  - 价格: 412\n  - 产地: 无锡\n- 葱烧海参\n  - 价格: 388\n  - 产地: 大连"
HALLS = '[{"房号": "4082", "租金": "412"}, {"房号": "5117", "租金": "388"}]'

RIGHT = [
    ("english", f"Our depots:\n\n{DEPOTS}", "What is the rent of the Malton depot?", "388"),
    ("english", DEPOTS, "What is the Malton depot's rent?", "388"),
    ("english", f"Our kilns:\n\n{DEPOTS}", "What is the rent of the Malton kiln?", "388"),
    ("english", f"Our kilns:\n\n{DEPOTS}", "What is the rent of the kiln Malton?", "388"),
    ("german", GERMAN, "Wie lautet die Miete der Filiale Wernigerode?", "388"),
    ("german", GERMAN, "Welche Angabe steht bei Wernigerode unter dem Punkt Miete?", "388"),
    ("german", GERMAN, "Was ist der Wert im Feld „Miete“ bei Wernigerode?", "388"),
    ("german", GERMAN, "Was steht in der Spalte Miete bei Wernigerode?", "388"),
    ("french", FRENCH, "Quel est le loyer de l'agence de Quimper ?", "388"),
    ("french", FRENCH, "Quelle est la valeur du champ loyer pour Quimper ?", "388"),
    ("spanish", SPANISH, "¿Cuál es el alquiler de la sucursal de Baeza?", "388"),
    ("spanish", SPANISH, "¿Qué valor tiene el campo alquiler para Baeza?", "388"),
    ("chinese", CHINESE, "菜品葱烧海参的价格是多少？", "388"),
    ("chinese", CHINESE, "菜品葱烧海参的价格一栏填的是什么？不要解释。", "388"),
    ("chinese", HALLS, "5117号房间的租金是多少？无需说明。", "388"),
]
OPEN = [
    # The prompt tells of other things than the one that is named.
    ("english", f"Our depots:\n\n{DEPOTS}", "What is the rent of the Malton school?"),
    ("english", DEPOTS, "What is the rent of the Malton ferry?"),
    ("english", f"Our kilns:\n\n{DEPOTS}", "What is the rent of the Selby kiln?"),
    ("english", DEPOTS, "What is the rent of the friend of Malton?"),
    ("english", f"Our kilns:\n\n{DEPOTS}", "What is the rent of the kiln of Malton's friend?"),
    ("english", DEPOTS, "What is the field rent of Malton?"),
    ("german", f"Unsere Lager:\n\n{GERMAN}", "Wie lautet die Miete der Schule Wernigerode?"),
    ("german", GERMAN, "Was steht bei Wernigerode unter dem Punkt Kaution?"),
    ("german", GERMAN, "Wie lautet die Miete der Filiale Goslar?"),
    ("french", FRENCH, "Quel est le loyer de l'ami de Quimper ?"),
    ("french", f"Nos entrepôts :\n\n{FRENCH}", "Quel est le loyer de l'école de Quimper ?"),
    ("spanish", SPANISH, "¿Cuál es el alquiler del vecino de Baeza?"),
    ("spanish", f"Nuestros hoteles:\n\n{SPANISH}", "¿Cuál es el alquiler de la escuela de Baeza?"),
    ("chinese", CHINESE, "小葱烧海参的价格是多少？"),
    ("chinese", CHINESE, "菜品糖醋排骨的价格是多少？"),
    ("chinese", HALLS, "6001号房间的租金是多少？"),
]


def test_a_capital_before_a_part_of_a_name_is_another_name() -> None:
    boats = "- Blue Heron: crew 76; port Newark; skipper Quin Reed\n- Wild Oat: crew 55; port Louth; skipper Val Cobb"
    assert aimed_at("english", boats, "What is the port of Tall Reed?") is None
    ids = LETTERS.encode(f"{boats}\n\nWhat is the port of the Tall Reed?\n")
    found = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    assert found.agreement.resolve(Place("port", '{"boat": "Tall Reed", "port": "')).index is None
    assert aimed_at("english", boats, "What is the port of Wild Oat?") == "Louth"


def aimed_at(language: str, facts: str, question: str) -> str | None:
    ids = LETTERS.encode(f"{facts}\n\n{question}\n")
    spoken = LANGUAGES.get(language)
    found = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None, language=spoken)
    index = found.agreement.asked.index
    return None if index is None else found.table.items[index].value


@pytest.mark.parametrize(("language", "facts", "question", "value"), RIGHT, ids=[each[2] for each in RIGHT])
def test_a_noun_of_the_kind_is_no_other_thing(language: str, facts: str, question: str, value: str) -> None:
    assert aimed_at(language, facts, question) == value


@pytest.mark.parametrize(("language", "facts", "question"), OPEN, ids=[each[2] for each in OPEN])
def test_another_thing_is_left_open(language: str, facts: str, question: str) -> None:
    assert aimed_at(language, facts, question) is None
