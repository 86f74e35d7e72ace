"""Calibration items: the same in every language, asked in that of the context, and said beside the figures."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fake_verifier import FakeVerifier

from guardbind import AuditConfig, audit
from guardbind.auditing.checking import check_verifier
from guardbind.auditing.items import item_language, verifier_items
from guardbind.errors import ConfigError
from guardbind.registry import LANGUAGES
from guardbind.text.detect import language_of
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language

CONTEXTS = {
    "english": "The badge number of Bob is 4417.\n\nThe pool opens at dawn.",
    "german": "Die Dienstnummer von Bob ist 4417.\n\nDas Schwimmbad wird am Morgen geöffnet.",
    "french": "Le numéro de badge de Bob est le 4417.\n\nLa piscine est ouverte dès le matin.",
    "spanish": "El número de credencial de Bob es el 4417.\n\nLa piscina se abre por la mañana.",
    "chinese": "鲍勃的工号是4417。\n\n游泳池在清晨开放。",
}


def test_english_items_are_those_of_every_stored_figure() -> None:
    drawn = [
        (item.domain, [(span.id, span.text) for span in item.spans], item.claim, item.label)
        for seed in (0, 1, 7)
        for item in verifier_items(90, seed)
    ]
    digest = hashlib.sha256(repr(drawn).encode()).hexdigest()
    assert digest == "4bae5a627152feae36da46a082cf9a18886b624798dd961858d03cf8bf784b94"


@pytest.mark.parametrize("name", CONTEXTS)
def test_items_have_the_same_form_and_labels_in_every_language(name: str) -> None:
    language = LANGUAGES.get(name)
    items, english = verifier_items(90, 3, language), verifier_items(90, 3)
    assert [(item.domain, item.label, len(item.spans)) for item in items] == [
        (item.domain, item.label, len(item.spans)) for item in english
    ]
    assert Counter(item.label for item in items) == {"YES": 30, "NO": 30, "UNSURE": 30}
    for item in items:
        assert all("{" not in text for text in (item.claim, *(span.text for span in item.spans)))
        assert item.claim not in {span.text for span in item.spans}
    whole = "\n".join(text for item in items for text in (item.claim, *(span.text for span in item.spans)))
    assert language_of(whole, map(LANGUAGES.get, LANGUAGES)) is language


@pytest.mark.parametrize("name", CONTEXTS)
def test_labels_hold_in_every_language(name: str) -> None:
    """What a claim states is said again by hand: as the text of a domain writes it, it is a span or it is none."""
    language = LANGUAGES.get(name)
    domains = {domain.name: domain for domain in language.items}
    for item in verifier_items(90, 5, language):
        domain = domains[item.domain]
        stated = {
            (owner, attribute, value)
            for owner in domain.owners
            for attribute in domain.attributes
            for value in domain.values
            if (said := domain.states.format(name=owner, attribute=attribute, value=value))
            and said[:1].upper() + said[1:] in {span.text for span in item.spans}
        }
        (claimed,) = {
            (owner, attribute, value)
            for owner in domain.owners
            for attribute in domain.attributes
            for value in domain.values
            if (said := domain.claims.format(name=owner, attribute=attribute, value=value))
            and said[:1].upper() + said[1:] == item.claim
        }
        assert len(stated) == len(item.spans)
        told = {(owner, attribute) for owner, attribute, _ in stated}
        assert item.label == ("YES" if claimed in stated else "NO" if claimed[:2] in told else "UNSURE")


@pytest.mark.parametrize(("name", "context"), CONTEXTS.items())
def test_a_verifier_is_measured_in_the_language_of_the_context(name: str, context: str) -> None:
    report = audit("Bob 4417 [1].", context, verifier=FakeVerifier())
    assert report.language == name and report.verifier is not None
    assert (report.verifier.language, report.verifier.items, report.verifier.correct) == (name, 90, 90)
    assert f"90 of 90 {name.title()} calibration items right" in report.to_html()
    assert not any("not measured" in note for note in report.notes)
    assert not any("not measured" in note for note in audit("Bob 4417 [1].", context).notes)


@pytest.mark.parametrize(("name", "context"), [one for one in CONTEXTS.items() if one[0] != "english"])
def test_a_verifier_that_was_measured_in_another_language_is_said_to_be(name: str, context: str) -> None:
    verifier = FakeVerifier()
    checked = asyncio.run(check_verifier(verifier))
    config = AuditConfig(items_language="english")
    for report in (
        audit("Bob 4417 [1].", context, verifier=verifier, checked=checked),
        audit("Bob 4417 [1].", context, verifier=verifier, config=config),
    ):
        assert report.verifier is not None and report.verifier.language == "english"
        assert any("not measured" in note and name.title() in note for note in report.notes)
        assert "90 of 90 English calibration items right" in report.to_html()


def test_without_a_context_the_settings_say_which_items_are_asked() -> None:
    def asked(**settings: str) -> str:
        return item_language(AuditConfig(**settings)).name

    assert asked() == "english"
    assert asked(language="french") == asked(items_language="french") == "french"
    assert asked(language="french", items_language="spanish") == "spanish"
    record = asyncio.run(check_verifier(FakeVerifier(), AuditConfig(items_language="german")))
    assert (record.language, record.correct) == ("german", 90)
    with pytest.raises(ConfigError, match="german"):
        AuditConfig(items_language="germann")


@pytest.fixture
def without_items() -> Iterator[Language]:
    bare = replace(LANGUAGES.get("german"), name="bare", items=())
    LANGUAGES.register("bare", bare)
    yield bare
    LANGUAGES.unregister("bare")


def test_a_language_without_items_falls_back_to_english_ones_and_the_report_says_so(without_items: Language) -> None:
    assert item_language(AuditConfig(), without_items) is ENGLISH
    report = audit("Bob 4417 [1].", CONTEXTS["german"], verifier=FakeVerifier(), config=AuditConfig(language="bare"))
    assert report.language == "bare" and report.verifier is not None and report.verifier.language == "english"
    assert any("items are English" in note and "Bare" in note for note in report.notes)
