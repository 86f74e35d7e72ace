"""Words that say nothing of which value is asked for are none that say so."""

from __future__ import annotations

import pytest

from guardbind.registry import LANGUAGES

NAMES = ("english", "german", "french", "spanish", "chinese")


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_word_computes_denies_and_orders_nothing(name: str) -> None:
    language = LANGUAGES.get(name)
    said = language.questions
    assert len(language.plain) > 20
    for word in language.vocabulary.plain - language.vocabulary.stop:
        assert not said.negated.fullmatch(word), word
        assert not said.several.fullmatch(word), word
    assert language.plain.isdisjoint(language.first | language.latest)


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("english", "paid due refunded planned saved total net gross old new manager assistant colleague"),
        ("german", "bezahlt fällig erstattet geplant alt neu chef kollegin gesamt"),
        ("french", "payé dû remboursé prévu ancien nouveau collègue total"),
        ("spanish", "pagado debido reembolsado previsto antiguo nuevo colega total"),
    ],
)
def test_what_tells_one_value_from_another_is_not_plain(name: str, telling: str) -> None:
    language = LANGUAGES.get(name)
    assert not {word for word in telling.split() if language.stem(word) in language.plain}
