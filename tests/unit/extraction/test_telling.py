"""Verbs other than those of being give a value with its owner and its attribute."""

from __future__ import annotations

from guardbind.extraction import extract

TOLD = {
    "The lamp costs $258.84.": ("lamp", "price", "$258.84"),
    "Lamp (in stock) costs $12.": ("Lamp", "price", "$12"),
    "The parcel weighs 4 kg.": ("parcel", "weight", "4 kg"),
    "Clause 9 gives 14 days.": ("Clause 9", "days", "14"),
    "The hall seats 120 guests.": ("hall", "guests", "120"),
    "The Salt Road stands on shelf DT44.": ("Salt Road", "shelf", "DT44"),
    "The billing service runs on port 8112.": ("billing service", "port", "8112"),
    "The meeting is in January.": ("meeting", "month", "January"),
    "The review is on Monday.": ("review", "day", "Monday"),
}
TOLD_IN_GERMAN = {
    "Die Lampe kostet 12 €.": ("Lampe", "Preis", "12 €"),
    "Klausel 9 gewährt 14 Tage.": ("Klausel 9", "Tage", "14"),
    "Der Server läuft auf Port 8112.": ("Server", "Port", "8112"),
}
NOTHING = [
    "Clause 9 gives 14 days and 3 hours.",
    "Clause 9 gives 14 or 30 days.",
    "The lamp costs $5 more than the desk.",
    "It costs $5.",
    "Does the lamp cost $5?",
    "If the lamp costs $5, buy it.",
    "I think the lamp costs $5.",
    "The train runs on time.",
    "Eva has 3 cats.",
]


def told(text: str, language: str = "english") -> list[tuple[str | None, str | None, str]]:
    return [(item.owner, item.attribute, item.value) for item in extract(text, language=language).items]


def test_owner_attribute_and_value_are_told_apart() -> None:
    assert {text: told(text) for text in TOLD} == {text: [found] for text, found in TOLD.items()}
    german = {text: told(text, "german") for text in TOLD_IN_GERMAN}
    assert german == {text: [found] for text, found in TOLD_IN_GERMAN.items()}


def test_nothing_is_guessed() -> None:
    assert not {text: found for text in NOTHING if (found := told(text))}
