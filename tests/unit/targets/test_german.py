"""German prompts, read whole: what they bind, what they ask, and what is left unresolved."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt, said

from guardbind import GuardConfig
from guardbind.evidence import Binding, locate
from guardbind.extraction import extract
from guardbind.registry import LANGUAGES, SLOTS
from guardbind.slots import Moment
from guardbind.targets import Agreement, read_query
from guardbind.targets.by_key import resolve
from guardbind.targets.stated import read_bindings
from guardbind.text.german import GERMAN

FACTS = (
    "Die Kundennummer von Anna ist 4417. Die Kundennummer von Bernd lautet 8213. Carla hat die Kundennummer 3352. "
    "Annas E-Mail-Adresse ist anna@acme.test. Der Liefertermin von Bernd ist am 3. Mai 2024."
)


def agreement(question: str, facts: str = FACTS) -> tuple[Agreement, list[Binding]]:
    prompt = as_prompt(f"{facts}\n{question}\n")
    bindings = read_bindings(prompt, GERMAN)
    table = locate(bindings, prompt, language=GERMAN)
    return Agreement(table, read_query(prompt, table.end, GERMAN)), bindings


def answer(question: str, sentence: str | None = None, facts: str = FACTS) -> str | None:
    agreed, bindings = agreement(question, facts)
    found = agreed.resolve(None if sentence is None else said(sentence))
    return None if found.index is None else bindings[found.index].value


class TestStatements:
    @pytest.mark.parametrize(
        ("text", "key", "value"),
        [
            ("Die Kundennummer von Anna ist 4417.", "Kundennummer von Anna", "4417"),
            ("Annas Kundennummer lautet 4417.", "Kundennummer von Anna", "4417"),
            ("Die Nummer der Firma ist 4417.", "Nummer von Firma", "4417"),
            ("Anna hat die Kundennummer 4417.", "Kundennummer von Anna", "4417"),
            ("Der Betrag betr\u00e4gt 1.234,50 \u20ac.", "Betrag", "1.234,50 \u20ac"),
            ("Der Termin ist am 3. Mai 2024.", "Termin", "3. Mai 2024"),
            ("Rechnung Nr. 4417", "Rechnung", "4417"),
            ("Kunde: Dr. J. Meier", "Kunde", "Dr. J. Meier"),
            ("Bestellnummer: A-1042; offen", "Bestellnummer", "A-1042"),
        ],
    )
    def test_are_read(self, text: str, key: str, value: str) -> None:
        assert [(item.key, item.value) for item in extract(text, language="german").items] == [(key, value)]

    @pytest.mark.parametrize(
        "text",
        [
            "Ist die Kundennummer von Anna 4417?",
            "Ob die Nummer 4417 ist, wei\u00df keiner.",
            "Seine Kundennummer ist 4417.",
            "Nenne die Bestellung Nr. 4417.",
        ],
    )
    def test_are_told_from_what_states_nothing(self, text: str) -> None:
        assert extract(text, language="german").items == ()

    def test_the_language_decides(self) -> None:
        assert extract("Annas Kundennummer lautet 4417.").items == ()
        assert extract("Anna's badge number is 4417.", language=GERMAN).items == ()

    def test_spellings_are_german(self) -> None:
        (binding,) = extract("Betrag: 1.234,50 \u20ac", language="german").bindings
        assert "1234,50 EUR" in binding.aliases


class TestQuestions:
    @pytest.mark.parametrize(
        ("question", "right"),
        [
            ("Wie lautet die Kundennummer von Anna?", "4417"),
            ("Wie lautet Annas Kundennummer?", "4417"),
            ("Was ist Bernds Kundennummer?", "8213"),
            ("Welche Kundennummer hat Carla?", "3352"),
            ("Nenne mir bitte die Kundennummer von Carla.", "3352"),
            ("Wie ist die E-Mail von Anna?", "anna@acme.test"),
            ("Wann ist der Liefertermin von Bernd?", "3. Mai 2024"),
            ("Wer hat die Kundennummer 8213?", "Bernd"),
            ("Wem geh\u00f6rt die Kundennummer 4417?", "Anna"),
        ],
    )
    def test_are_resolved(self, question: str, right: str) -> None:
        assert answer(question) == right

    @pytest.mark.parametrize(
        "question",
        [
            "Wie lautet die Kundennummer von Gina?",
            "Wie lautet Ginas Kundennummer?",
            "Wie lautet die Telefonnummer von Anna?",
            "Wie lautet die Kundennummer?",
            "Wie lauten die Kundennummern von Anna und Bernd?",
            "Wie lautet die Kundennummer von Annas Mutter?",
            "Was ist die Summe der Kundennummern von Anna und Bernd?",
            "Welche Kundennummer hat Anna nicht?",
            "Wie viele Kunden haben eine Kundennummer?",
        ],
    )
    def test_are_left_unresolved(self, question: str) -> None:
        assert answer(question) is None

    def test_first_and_last(self) -> None:
        facts = "Das Budget ist 1200. Das Budget ist jetzt 1450."
        assert answer("Wie hoch ist das Budget?", facts=facts) == "1450"
        assert answer("Was ist das Budget?", facts=facts) == "1450"
        assert answer("Was war das urspr\u00fcngliche Budget?", facts=facts) == "1200"

    def test_the_slots_own_sentence_goes_before(self) -> None:
        asked = "Wie lautet die Kundennummer von Anna?"
        assert answer(asked, "Die Kundennummer von Bernd lautet") == "8213"
        assert answer(asked, "Bernds Kundennummer ist") == "8213"
        assert answer(asked, "Die Kundennummer von Gina lautet") is None
        assert answer(asked, "Die Kundennummer von Anna ist nicht") is None


def test_a_slot_opens_behind_a_german_key_phrase() -> None:
    agreed, _ = agreement("Wie lautet die Kundennummer von Anna?")
    text = "Gerne. Die Kundennummer von Anna lautet"
    moment = Moment(
        step=5,
        stops_mid_line=False,
        last=" lautet",
        line=lambda: text,
        generated=lambda: text,
        text=lambda: text,
        token=1,
        starts=frozenset(),
        inside_word=lambda: False,
        names_key=agreed.names,
        language=GERMAN,
    )
    place = SLOTS.get("key_phrase")(moment)
    assert place is not None
    assert place.asks == "Die Kundennummer von Anna lautet"


def test_keys_without_attributes() -> None:
    bound = [Binding("Anna", "4417"), Binding("Bernd", "8213")]
    prompt = as_prompt("Anna hat 4417 und Bernd hat 8213.\nUnd Anna?")
    table = locate(bound, prompt, language=GERMAN)
    assert [item.mentions[0].rule for item in table.items] == ["key", "key"]
    found = resolve(table, prompt, declared=None, generated="", language=GERMAN)
    assert found.key == "Anna"
    written = resolve(
        table, prompt, declared=None, generated="Anna hat 4417, die Zahl von Bernd lautet", language=GERMAN
    )
    assert (written.key, written.how) == ("Bernd", "slot_prefix")


def test_a_guard_takes_it_by_name() -> None:
    assert LANGUAGES.get(GuardConfig(language="german").language) is GERMAN


class TestNamesThatEndInS:
    ONE = "Die PIN von Nikola ist 3117. Die PIN von Erik ist 4228."
    BOTH = "Die PIN von Nikola ist 3117. Die PIN von Nikolas ist 4228."

    @pytest.mark.parametrize(
        ("question", "value"),
        [
            ("Wie lautet die PIN von Nikolas?", None),
            ("Welche PIN hat Nikolas?", None),
            ("Wie lautet Nikolas PIN?", "3117"),
            ("Wie lautet Nikolas neue PIN?", "3117"),
            ("Wie lautet die PIN von Nikola?", "3117"),
        ],
    )
    def test_are_no_genitive_behind_von(self, question: str, value: str | None) -> None:
        assert answer(question, facts=self.ONE) == value

    @pytest.mark.parametrize(
        ("question", "value"),
        [
            ("Wie lautet die PIN von Nikolas?", "4228"),
            ("Wie lautet die PIN von Nikola?", "3117"),
            ("Welche PIN hat Nikolas?", "4228"),
            ("Wie lautet Nikolas' PIN?", "4228"),
            ("Wie lautet Nikolas PIN?", None),
        ],
    )
    def test_are_told_apart(self, question: str, value: str | None) -> None:
        assert answer(question, facts=self.BOTH) == value


class TestSharpS:
    @pytest.mark.parametrize(
        ("question", "value"),
        [("Wie gro\u00df ist der Umsatz von Eva?", "310"), ("Wie hoch ist der Umsatz von Frau Vo\u00df?", "920")],
    )
    def test_hides_no_owner(self, question: str, value: str) -> None:
        facts = "Der Umsatz von Eva ist 310. Der Umsatz von Frau Vo\u00df ist 920."
        assert answer(question, facts=facts) == value


class TestNumberedNames:
    FACTS = "Der Preis von Tisch B ist 350 \u20ac. Der Preis von Stuhl A ist 90 \u20ac."

    @pytest.mark.parametrize(
        ("question", "value"),
        [("Was ist der Preis von Tisch A?", None), ("Was ist der Preis von Tisch B?", "350 \u20ac")],
    )
    def test_a_shared_word_is_not_the_whole(self, question: str, value: str | None) -> None:
        assert answer(question, facts=self.FACTS) == value
