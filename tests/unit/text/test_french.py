"""French prompts, read whole: what they bind, what they ask, and what is left unresolved."""

from __future__ import annotations

import pytest
from answers import answer, misses

from guardbind.extraction import extract
from guardbind.text.french import FRENCH
from guardbind.text.words import content, joined, words

FACTS = (
    "Le numéro de badge d'Alice est 4417. Le numéro de badge de Bob est 9082. Le badge de Carla porte le numéro 3352. "
    "Émile a le numéro de badge 5120. L'adresse e-mail d\u2019Alice est alice@acme.test. "
    "La date de livraison de la commande 1001 est le 3 juin 2024."
)
BILL = "Numéro de facture : 88-40127\nDate d'échéance\u00a0: 26/01/2026\nMontant dû : 812,44 EUR\n"
ASKED = "Quel est le numéro de badge d'Alice ?"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            FACTS,
            {"numéro de badge de Émile": "5120", "numéro de badge de Carla": "3352"},
        ),
        (BILL, {"Numéro de facture": "88-40127", "Date d'échéance": "26/01/2026", "Montant dû": "812,44 EUR"}),
        ("Le numéro de la carte de Bob est 4417.", {"numéro de la carte de Bob": "4417"}),
        ("Le total du panier s'élève à 49,90 €.", {"total de panier": "49,90 €"}),
        ("Le mot de passe est « Lune-42 ».", {"mot de passe": "Lune-42"}),
        ("4417 est le numéro de badge d'Alice.", {"numéro de badge de Alice": "4417"}),
        ("Le loyer de Marc est passé de 700 € à 750 €.", {"loyer de Marc": "750 €"}),
        ("Le rendez-vous est le 1er mai 2024.", {"rendez-vous": "1er mai 2024"}),
        ("Le téléphone de Bob est le 06 12 34 56 78.", {"téléphone de Bob": "06 12 34 56 78"}),
    ],
)
def test_statements_are_read(text: str, found: dict[str, str]) -> None:
    items = {item.key: item.value for item in extract(text, language=FRENCH).items}
    assert {key: value for key, value in items.items() if key in found} == found


def test_what_states_nothing_is_not_bound() -> None:
    texts = (
        "Il est faux que le numéro de badge d'Alice est 4417.",
        "Personne n'a dit que le numéro de badge d'Alice est 4417.",
        "Le numéro de badge d'Alice est 4417, ce qui est faux.",
        "Le numéro de badge d'Alice n'est pas 4417.",
        "Si le numéro de badge d'Alice est 4417, la porte s'ouvre.",
        "Le numéro de badge d'Alice est 4417 ?",
        "Son numéro de badge est 4417.",
        "Le gardien dit que le code du parking est 4417.",
        "On prétend que le numéro de badge d'Alice est 4417.",
    )
    assert {text: extract(text, language=FRENCH).keys for text in texts} == dict.fromkeys(texts, ())


def test_questions_and_begun_answers() -> None:
    asked = [
        (ASKED, None, "4417"),
        ("Quel est le numéro de badge de Bob ?", None, "9082"),
        ("Quel est le badge de Carla ?", None, "3352"),
        ("Quel est le numéro de badge de Carla ?", None, "3352"),
        ("Quel numéro de badge a Émile ?", None, "5120"),
        ("Quelle est l'adresse e-mail d\u2019Alice ?", None, "alice@acme.test"),
        ("Donne-moi la date de livraison de la commande 1001.", None, "3 juin 2024"),
        ("Qui a le numéro de badge 9082 ?", None, "Bob"),
        (ASKED, "Le numéro de badge d'Alice est", "4417"),
        (ASKED, "Le numéro de badge de Bob est", "9082"),
        (ASKED, "Le numéro de badge de Gina est", None),
        ("Quel est le numéro de badge de Gina ?", None, None),
        ("Quel est le numéro de badge ?", None, None),
        ("Quel est le numéro de badge de la mère d'Alice ?", None, None),
        ("Quel est le numéro de téléphone d'Alice ?", None, None),
        ("Quelle est la somme des numéros de badge d'Alice et de Bob ?", None, None),
        ("Quel numéro de badge n'est pas celui d'Alice ?", None, None),
    ]
    assert misses(FRENCH, FACTS, asked) == []


def test_a_bill() -> None:
    due = "Quel est le montant dû ?"
    off = "Quel est le montant de la remise ?"
    asked = [
        (due, None, "812,44 EUR"),
        (due, "Le montant dû est de", "812,44 EUR"),
        ("Quelle est la date d'échéance ?", None, "26/01/2026"),
        (off, None, None),
        (off, "Le montant de la remise est de", None),
    ]
    assert misses(FRENCH, BILL, asked) == []


def test_first_and_last() -> None:
    facts = "Le budget est de 1200 €. Le budget est désormais de 1450 €."
    assert answer(FRENCH, facts, "Quel est le budget ?") == "1450 €"
    assert answer(FRENCH, facts, "Quel était le budget initial ?") == "1200 €"


def test_elided_words_stand_alone() -> None:
    found = content(words("l'adresse d\u2019Alice et qu'aujourd'hui", FRENCH))
    assert [word.stem for word in found] == [FRENCH.stem(word) for word in ("adresse", "Alice", "aujourd'hui")]
    assert joined(["date", "d'", "échéance"], FRENCH) == "date d'échéance"
