"""By which words bindings are called, and where a text names their owners."""

from __future__ import annotations

from plain_prompts import as_prompt

from guardbind.evidence import Binding, locate
from guardbind.targets.labels import LabelTable, label_table
from guardbind.text.english import ENGLISH
from guardbind.text.german import GERMAN
from guardbind.text.language import Language


def labels(*bindings: Binding, language: Language = ENGLISH) -> LabelTable:
    prompt = as_prompt(" ".join(f"{binding.key}: {binding.value}." for binding in bindings))
    return label_table(locate(bindings, prompt, language=language), language)


ALICE = Binding("Alice Moreno's badge number", "4417", attribute="badge number", owners=("Alice Moreno",))
BOB = Binding("Bob's badges", "8213", attribute="badges", owners=("Bob", "#1001"))
SHIPPING = Binding("shipping.status", "open", attribute="status")


def test_an_attribute_is_its_words_without_case_and_plural() -> None:
    assert [label.attribute for label in labels(ALICE, BOB).labels] == [("badge", "number"), ("badge",)]


def test_the_core_leaves_out_what_people_leave_out() -> None:
    assert labels(ALICE).of(0).core == ("badge",)
    assert labels(Binding("number", "5")).of(0).core == ()


def test_an_attribute_of_words_about_nothing_keeps_them() -> None:
    assert labels(Binding("from", "Cork")).of(0).attribute == ("from",)


def test_names_stand_for_the_whole_where_nobody_shares_them() -> None:
    table = labels(ALICE, Binding("Alice Stone's badge", "1234", attribute="badge", owners=("Alice Stone",)))
    assert [mention.owners for mention in table.mentions("Ask Moreno and Stone")] == [
        frozenset({"Alice Moreno"}),
        frozenset({"Alice Stone"}),
    ]
    assert table.mentions("Ask Alice") == []


def test_the_longest_name_wins() -> None:
    (mention,) = labels(ALICE).mentions("the badge of Alice Moreno")
    assert mention.span == (13, 25)


def test_other_names_of_an_owner_name_it() -> None:
    (mention,) = labels(BOB).mentions("the badge of order #1001")
    assert mention.owners == {"#1001"}
    assert "#1001" in labels(BOB).of(0).owners


def test_words_beside_the_attribute_may_stand_before_it() -> None:
    table = labels(SHIPPING, BOB)
    assert {"shipping", "badge", "status"} <= table.modifiers
    assert table.vocabulary >= {"shipping", "status", "bob", "badge"}
    assert table.name_words == {"bob", "1001"}


def test_an_owner_with_an_ending_of_its_own() -> None:
    table = labels(
        Binding("Kundennummer von Anna", "4417", attribute="Kundennummer", owners=("Anna",)), language=GERMAN
    )
    assert [mention.owners for mention in table.mentions("Wie lautet Annas Kundennummer?")] == [{"Anna"}]
    assert [mention.owners for mention in table.mentions("die Nummer von Anna")] == [{"Anna"}]
    assert table.mentions("Annalena") == []
