"""What a prompt takes back as a whole, or changes in other words, is no target; what it leaves alone is one."""

from __future__ import annotations

import pytest
from plain_slots import LETTERS

from guardbind.session.bound_prompt import bind_prompt
from guardbind.targets import Resolution


def asked(facts: str, question: str) -> Resolution:
    ids = LETTERS.encode(f"{facts}\n\n{question}\n")
    return bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None).agreement.asked


LISTS = {
    "en": ("Bella: stall 12\nDaisy: stall 14", "Which stall is Daisy's?"),
    "de": ("Anna: Raum 4\nPaul: Raum 6", "Welcher Raum ist der von Paul?"),
    "fr": ("Anna : salle 4\nPaul : salle 6", "Quelle est la salle de Paul ?"),
    "es": ("Anna: aula 4\nPablo: aula 6", "¿Cuál es el aula de Pablo?"),
    "zh": ("李华的教室：301\n王芳的教室：405", "王芳的教室是什么？"),
}
LABELS = {
    "en": (
        "Superseded list",
        "DRAFT",
        "Test data",
        "Cancelled",
        "Last year",
        "Old plan (not valid any more):",
        "## Sample",
        "Former stalls:",
        "Everything below is nonsense:",
        "Scrapped plan",
        "Not in force:",
    ),
    "de": (
        "Alter Plan, gilt nicht mehr",
        "Entwurf, nicht verwenden:",
        "Beispiel (frei erfunden):",
        "Alte Räume:",
        "Falsche Liste:",
    ),
    "fr": ("Ancien plan, plus valable :", "Brouillon, ne plus utiliser :", "Exemple fictif :", "Anciennes salles :"),
    "es": ("Plan antiguo, ya no es válido:", "Borrador, no usar:", "Ejemplo inventado:", "Aulas antiguas:"),
    "zh": ("旧表（已作废）：", "示例（虚构）：", "旧安排："),
}
NOTES = {
    "en": (
        "Ignore the list above.",
        "The numbers above are invented.",
        "None of the above is correct.",
        "All cows have since been moved.",
        "The stalls were renumbered yesterday.",
        "For 14 read 41.",
        "Rename Bella to Daisy and Daisy to Bella.",
        "Daisy now stands where Bella used to.",
        "Please treat Daisy as if she were Bella.",
        "I made all of this up.",
        "The list is a joke.",
        "This list belongs to another farm.",
        "Not one line of this is right.",
        "The cows all got new stalls on Monday.",
        "None of these stalls exist any more.",
    ),
    "de": (
        "Diese Liste gilt nicht mehr.",
        "Anna und Paul haben die Räume getauscht.",
        "Das ist alles erfunden.",
        "Nichts davon stimmt.",
    ),
    "fr": ("Ces numéros sont inventés.", "Anna et Paul ont échangé leurs salles.", "Rien de tout cela n'est vrai."),
    "es": ("Esta lista es falsa.", "Anna y Pablo han intercambiado las aulas.", "Nada de esto es cierto."),
    "zh": ("以上名单已作废。", "李华和王芳换了教室。", "这只是一个例子。"),
}
HARMLESS = (
    "Stalls of today",
    "Stable list:",
    "Cows",
    "",
    "Archive farm",
)
BESIDE = (
    "Nothing has changed since May.",
    "The old list is in the bin.",
    "The list is up to date.",
    "It is false that cows sleep standing.",
    "Tom does not live here any more.",
    "This is a quiet place.",
    "I made soup.",
)


def cases(said: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(language, words) for language, each in said.items() for words in each]


@pytest.mark.parametrize("language", LISTS)
def test_the_lists_are_read_where_nothing_takes_them_back(language: str) -> None:
    facts, question = LISTS[language]
    assert asked(facts, question).index is not None


@pytest.mark.parametrize(("language", "label"), cases(LABELS))
def test_a_label_takes_back_what_stands_below_it(language: str, label: str) -> None:
    facts, question = LISTS[language]
    for parted in ("\n", "\n\n"):
        assert asked(f"{label}{parted}{facts}", question).index is None


@pytest.mark.parametrize(("language", "note"), cases(NOTES))
def test_a_note_takes_back_what_it_speaks_of(language: str, note: str) -> None:
    facts, question = LISTS[language]
    assert asked(f"{facts}\n\n{note}", question).index is None


@pytest.mark.parametrize("label", HARMLESS)
def test_other_labels_and_notes_take_nothing_back(label: str) -> None:
    facts, question = LISTS["en"]
    assert asked(f"{label}\n{facts}", question).index is not None
    assert asked(f"{facts}\n\nAll values are correct.", question).index is not None
    assert asked(f"{facts}\n\nOld list:\nOlga: stall 9", question).index is not None


@pytest.mark.parametrize("said", BESIDE)
def test_a_sentence_about_something_else_takes_nothing_back(said: str) -> None:
    facts, question = LISTS["en"]
    assert asked(f"{facts}\n\n{said}", question).index is not None


@pytest.mark.parametrize("named", ["archive room code", "sample size", "obsolete part number"])
def test_what_the_question_asks_for_is_not_taken_back(named: str) -> None:
    facts = f"{named.capitalize()}s\nAnna's {named} is 4417.\nPaul's {named} is 6321."
    assert asked(facts, f"What is Paul's {named}?").index is not None


def test_a_label_of_another_thing_is_no_label_of_the_list() -> None:
    facts = "Obsolete part numbers\nAnna's key is 4417.\nPaul's key is 6321."
    assert asked(facts, "What is Paul's key?").index is None
    assert asked(facts.replace("Obsolete part numbers", "Archive room codes"), "What is Paul's key?").index is not None


def test_a_line_of_further_pairs_gives_no_value_that_holds_the_rest() -> None:
    assert asked("Berth: 2 — Ship: Grete", "Which berth?").index is None
    assert asked("Berth: 2 — the long one", "Which berth?").index is not None


def test_a_value_that_a_comma_goes_on_with_is_not_cut() -> None:
    facts = "Keeper: Amara — Tanks: Reef, Kelp\nKeeper: Piet — Tanks: North, South"
    assert asked(facts, "Which tanks does Piet have?").index is None
