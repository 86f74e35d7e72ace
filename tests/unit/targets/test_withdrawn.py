"""What a sentence about an owner, or the one right behind a statement, takes back has no target, in five languages."""

from __future__ import annotations

import pytest
from plain_slots import LETTERS

from guardbind.session.bound_prompt import bind_prompt

FACTS = {
    "en": ("The weight of Luna is 12 kg.", "The weight of Nube is 15 kg.", "What is the weight of {}?"),
    "de": ("Das Gewicht von Luna ist 12 kg.", "Das Gewicht von Nube ist 15 kg.", "Was ist das Gewicht von {}?"),
    "fr": ("Le poids de Luna est 12 kg.", "Le poids de Nube est 15 kg.", "Quel est le poids de {} ?"),
    "es": ("El peso de Luna es 12 kg.", "El peso de Nube es 15 kg.", "¿Cuál es el peso de {}?"),
    "zh": ("Luna的重量是12公斤。", "Nube的重量是15公斤。", "{}的重量是多少？"),
}
TAKEN_BACK = {
    "en": ("Forget what I said about Luna: the weight is not known yet.", "My note about Luna was wrong."),
    "de": (
        "Ich nehme zurück, was ich zu Luna schrieb: das Gewicht wird noch geklärt.",
        "Luna: das Gewicht ist unbekannt.",
    ),
    "fr": ("Oublie ce que j'ai dit de Luna : on ne connaît pas encore le poids.", "Pour Luna, laisse tomber ma note."),
    "es": ("Lo que escribí sobre Luna no vale, todavía no se sabe el peso.", "Ojo: el peso de Luna está mal."),
    "zh": ("关于Luna，我前面写的不对，重量还不清楚。", "Luna的重量还在核实中。"),
}
RIGHT_BEHIND = {
    "en": "Strike that, it remains to be seen.",
    "de": "Das nehme ich zurück.",
    "fr": "Je retire cette dernière ligne.",
    "es": "Bueno, eso está por ver.",
    "zh": "这条作废。",
}
SAYS_NOTHING = {
    "en": "I don't know the weight of Luna.",
    "de": "Ich weiß das Gewicht von Luna nicht.",
    "fr": "J'ai oublié le poids de Luna.",
    "es": "No recuerdo el peso de Luna.",
    "zh": "我忘了Luna的重量。",
}


def aimed_at(language: str, facts: str, owner: str) -> str | None:
    ids = LETTERS.encode(f"{facts}\n\n{FACTS[language][2].format(owner)}\n")
    found = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    index = found.agreement.asked.index
    return None if index is None else found.table.items[index].value


@pytest.mark.parametrize("language", FACTS)
@pytest.mark.parametrize("which", [0, 1])
def test_what_is_taken_back_by_name_has_no_target(language: str, which: int) -> None:
    luna, nube, _ = FACTS[language]
    facts = f"{luna}\n{nube}\n{TAKEN_BACK[language][which]}"
    assert aimed_at(language, facts, "Luna") is None
    assert (
        aimed_at(language, facts, "Nube") == FACTS[language][1].rstrip(".。")[-5 if language != "zh" else -4 :].strip()
    )


@pytest.mark.parametrize("language", FACTS)
def test_what_the_next_sentence_takes_back_has_no_target(language: str) -> None:
    luna, nube, _ = FACTS[language]
    facts = f"{luna} {RIGHT_BEHIND[language]}\n{nube}"
    assert aimed_at(language, facts, "Luna") is None
    assert aimed_at(language, facts, "Nube") is not None


@pytest.mark.parametrize("language", FACTS)
def test_who_asks_because_he_does_not_know_takes_nothing_back(language: str) -> None:
    luna, nube, _ = FACTS[language]
    assert aimed_at(language, f"{luna}\n{nube}\n{SAYS_NOTHING[language]}", "Luna") is not None
