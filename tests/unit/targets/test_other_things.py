"""A question about something else than a value, an unsettled value, or one that its sentence belies is no target."""

from __future__ import annotations

import pytest
from plain_slots import LETTERS

from guardbind.session.bound_prompt import bind_prompt
from guardbind.slots.detector import Detected
from guardbind.targets import Place


def aimed(facts: str, question: str, begun: str = "") -> str | None:
    ids = LETTERS.encode(f"{facts}\n\n{question}\n")
    bound = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    slot = Detected("value", Place(begun, begun), expects_value=True)
    index = bound.resolve(slot, lambda: f" {begun}", started=bool(begun)).index
    return None if index is None else bound.table.items[index].value


COWS = {
    "line": "Bella: stall 12, tag A7\nDaisy: stall 14, tag B3",
    "prose": "Bella's stall is 12. Daisy's stall is 14. Daisy's tag is B3.",
    "table": "| Cow | Stall | Tag |\n|---|---|---|\n| Bella | 12 | A7 |\n| Daisy | 14 | B3 |",
}
ELSE = (
    ("How wide is Daisy's stall?", "Daisy's stall is"),
    ("What colour is Daisy's stall?", "Daisy's stall is"),
    ("Who cleans Daisy's stall?", "Daisy's stall is cleaned by"),
    ("When was Daisy's stall built?", "Daisy's stall was built in"),
    ("Why is Daisy's stall empty?", "Daisy's stall is"),
    ("What is in Daisy's stall?", "In Daisy's stall is"),
    ("Which stall is opposite Daisy's stall?", "Opposite Daisy's stall is stall"),
    ("Which stall was Daisy's before this one?", "Before, Daisy's stall was"),
    ("Which stall is old Daisy's?", "Old Daisy's stall is"),
    ("Write the stall of Daisy in Roman numerals.", "Daisy's stall is"),
)
SAME = (
    ("Which stall is Daisy's?", "Daisy's stall is"),
    ("What number is Daisy's stall?", "Daisy's stall number is"),
    ("In which stall is Daisy?", "Daisy is in stall"),
    ("Could you say which stall Daisy is in?", "Daisy is in stall"),
)
LANGUAGES = {
    "de": (
        "Bella: Box 12\nDaisy: Box 14",
        ("Welche Box hat Daisy?", "Die Box von Daisy ist"),
        ("Wie breit ist die Box von Daisy?", "Welche Farbe hat die Box von Daisy?", "Wer putzt die Box von Daisy?"),
    ),
    "fr": (
        "Le box de Bella est 12. Le box de Daisy est 14.",
        ("Quel est le box de Daisy ?", "Le box de Daisy est"),
        (
            "De quelle couleur est le box de Daisy ?",
            "Qui nettoie le box de Daisy ?",
            "Pourquoi le box de Daisy est-il vide ?",
        ),
    ),
    "es": (
        "La cuadra de Bella es 12. La cuadra de Daisy es 14.",
        ("¿Cuál es la cuadra de Daisy?", "La cuadra de Daisy es"),
        (
            "¿De qué color es la cuadra de Daisy?",
            "¿Quién limpia la cuadra de Daisy?",
            "¿Cuánto cuesta la cuadra de Daisy?",
        ),
    ),
    "zh": (
        "李华的教室是301。王芳的教室是405。",
        ("王芳的教室是多少？", "王芳的教室是"),
        ("王芳的教室有多大？", "王芳的教室是什么颜色？", "王芳的教室为什么是空的？"),
    ),
}
KINDS = (
    ("Ann's vet is Holm. Paul's vet is Rask.", "Who is Paul's vet?", "Rask"),
    ("Ann's vet is Holm. Paul's vet is Rask.", "How good is Paul's vet?", None),
    ("Ann's visit: 9:30\nPaul's visit: 14:30", "When is Paul's visit?", "14:30"),
    ("Ann's visit: 9:30\nPaul's visit: 14:30", "Who has Paul's visit?", None),
    ("Ann's rent is $900. Paul's rent is $1,150.", "How high is Paul's rent?", "$1,150"),
    ("Ann's rent is $900. Paul's rent is $1,150.", "Who pays Paul's rent?", None),
    ("Ann's lease: 2 years\nPaul's lease: 5 years", "How long is Paul's lease?", "5 years"),
    ("Ann's lease: 2 years\nPaul's lease: 5 years", "How heavy is Paul's lease?", None),
    ("Ann's office: Cork\nPaul's office: Graz", "Which city is Paul's office in?", "Graz"),
)
UNSETTLED = (
    *("14 -> 9 -> 3", "was 14, now 9", "first 14, then 9", "14, later 9", "14 or 9", "14 / 9", "14 (old), 9 (new)"),
    *("14 (guess)", "14 (wrong)", "14?", "approx. 14", "a) 12 b) 14", "( ) 12 ( ) 14", "____ (e.g. 14)", "14 + 2"),
)
SETTLED = ("14", "14/15", "14-16", "14 (north side)", "14 kg", "14 Old Mill Road", "3.5 (max 5)")
BELIED = (
    "Tom, who always lies, says: Daisy's stall is 14.",
    "According to the wrong leaflet, Daisy's stall is 14.",
    "Tom (a known liar): Daisy's stall is 14.",
    "Daisy's stall is 14. Just joking.",
    "Daisy's stall is 14. I made that up.",
    "Daisy's stall is 14. True or false?",
)
BELIEVED = (
    "Daisy's stall is 14. She likes it.",
    "According to the manual, Daisy's stall is 14.",
    "Note that Daisy's stall is 14.",
)
BILL = "Hay: 12.60\nStraw: 19.00\nTotal: 31.60"
TOTALS = (
    (BILL, "What is the total?", "31.60"),
    (BILL, "What is the total of the bill?", "31.60"),
    (BILL, "What is the total for Hay?", None),
    ("Rye loaf, 3, 4.20, 12.60\nTotal: 36.60", "What is the total of the Rye loaf?", None),
    ("Ann: 12 h\nPaul: 14 h\nTotal hours: 26", "What are Paul's total hours?", None),
    ("Invoice: INV-7\nTotal: 5.00", "What is the total of invoice INV-7?", "5.00"),
)


@pytest.mark.parametrize("layout", COWS)
def test_something_else_about_it_is_no_target(layout: str) -> None:
    found = {
        (question, text) for question, begun in ELSE for text in ("", begun) if aimed(COWS[layout], question, text)
    }
    assert found == set()
    assert {aimed(COWS[layout], question, text) for question, begun in SAME for text in ("", begun)} == {"14"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_other_languages(language: str) -> None:
    facts, (question, begun), others = LANGUAGES[language]
    assert aimed(facts, question, begun) in ("14", "405")
    assert {(other, text) for other in others for text in ("", begun) if aimed(facts, other, text)} == set()


@pytest.mark.parametrize(("facts", "question", "value"), KINDS)
def test_the_word_that_asks_fits_the_value(facts: str, question: str, value: str | None) -> None:
    assert aimed(facts, question) == value


def test_an_unsettled_value_is_none() -> None:
    for facts in ("Bella's stall: 12\nDaisy's stall: {}", "| Cow | Stall |\n|---|---|\n| Bella | 12 |\n| Daisy | {} |"):
        assert {said for said in UNSETTLED if aimed(facts.format(said), "Which stall is Daisy's?")} == set()
        assert {said for said in SETTLED if not aimed(facts.format(said), "Which stall is Daisy's?")} == set()


def test_a_chain_is_no_answer_for_a_step_of_it() -> None:
    facts = "Bread line: mix -> prove -> bake\nCake line: sift -> whip -> pour"
    assert aimed(facts, "What comes after whip on the cake line?") is None


def test_a_statement_that_is_belied_is_none() -> None:
    for said in BELIED:
        assert aimed(f"Bella's stall is 12. {said}", "Which stall is Daisy's?", "Daisy's stall is") is None, said
    for said in BELIEVED:
        assert aimed(f"Bella's stall is 12. {said}", "Which stall is Daisy's?", "Daisy's stall is") == "14", said


@pytest.mark.parametrize(("facts", "question", "value"), TOTALS)
def test_a_total_is_of_no_line(facts: str, question: str, value: str | None) -> None:
    assert aimed(facts, question) == value


def test_whose_a_value_is_may_be_asked_of_a_kind_of_thing() -> None:
    facts = "tent = EUR 350\noil = EUR 290\nclock = EUR 135.07"
    assert aimed(facts, "Which item has the price EUR 290?") == "oil"
    assert aimed("Ann's badge is 4417. Bob's badge is 8213.", "Which person has the badge 8213?") == "Bob"


def test_what_a_name_has_is_not_whose_it_is() -> None:
    facts = "Lena's mentor is Marcus. Joel's mentor is Lena."
    assert aimed(facts, "Who is Marcus's mentor?") is None
    assert aimed(facts, "Who has the mentor Marcus?") == "Lena"


def test_a_value_that_is_denied_of_its_owner_is_none() -> None:
    facts = "Jo's extension is 3381. Correction: 3381 is not Jo's extension; we do not know it yet."
    assert aimed(facts, "What is Jo's extension?", "Jo's extension is") is None
    facts = "Jo's extension is 3381. Mind you, 3381 is not Al's extension."
    assert aimed(facts, "What is Jo's extension?", "Jo's extension is") == "3381"
