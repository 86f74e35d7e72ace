"""Whether an answer has left the passage that it copies, from texts alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.session.departing import departure
from guardbind.text.chinese import CHINESE
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language


def departs(value: str, passage: str, *, lead: str = "It is ", behind: str = " and", over: bool = False) -> str | None:
    """Judge a value behind a lead; what comes behind it was written, too."""
    text = lead + value + behind
    return departure(text, range(len(lead), len(lead) + len(value)), [passage], ENGLISH, over=over)


@pytest.mark.parametrize(
    ("value", "passage"),
    [
        ("4.9%", "The margin was 44.9% in May."),
        ("514,24 €", "Summe: 5144,24 €"),
        ("44", "The code is 4471"),
        ("44%", "The margin was 44.9%"),
        ("41.185", "host 41.185.6.12"),
        ("RCPT-14480", "Customer number: RCPT-14412"),
        ("v2.1", "release v1.3"),
        ("Rosamund", "Patient: Rosalind Moran"),
        ("2021-07-29", "Date: 2021-07-28"),
        ("April 20", "April 28, 2026"),
        ("falcon13@toucan.example.net", "falcon13@toucan.example.org"),
        ("1", "Price: 1,000"),
        ("5", "Budget: 5,000,000 USD"),
        ("4471", "The code is 44."),
        ("140 km", "It is 14 km away."),
        ("44.95%", "The rate is 44%"),
        ("44", "The price is 44.44"),
        ("12", "Prix: 12 000 EUR"),
        ("December 15, 2022", "December 15, 2021"),
    ],
)
def test_another_end_of_what_the_passage_begins(value: str, passage: str) -> None:
    assert "goes on otherwise" in str(departs(value, passage))


@pytest.mark.parametrize(
    ("value", "passage"),
    [
        ("44.9%", "The margin was 44.9% in May."),
        ("1200", "Price: 1,200"),
        ("1.200", "Price: 1,200"),
        ("15", "Opens at 15:00"),
        ("15.12.2021", "December 15, 2021"),
        ("15 December 2021", "December 15, 2021"),
        ("15th of December", "December 15, 2021"),
        ("2021", "Date: 2021-07-28"),
        ("44", "sold 44"),
        ("1000", "Price: 1,000"),
        ("12.5", "Price 12.50"),
        ("1 200 EUR", "Prix: 1200 EUR"),
        ("15h30", "Heure: 15:30"),
        ("44 kg", "Weight: 44kg"),
        ("16 GB", "RAM: 16GB"),
        ("10 am", "Opens 10am"),
        ("3", "the 3rd of May"),
        ("11/01/2024, so in 2024", "11/01/2024"),
        ("4471, see section 4", "The code is 4471."),
        ("4471 (4 digits)", "The code is 4471."),
        ("December 15, 2021 (12/15/2021)", "December 15, 2021"),
        ("According to the record, 88213", "Account number: 88213"),
        ("seventeen", "It took 17 days"),
        ("80", "The code is 4471"),  # it has nothing in common with it
        ("4471.", "The code is 4471"),
        ("Rosalind's", "Patient: Rosalind Moran"),
        ("Swedish", "From Sweden"),
        ("yes", "It is yellow"),
        ("anna7", "Mail: anna7@example.org"),
        ("", "The code is 4471"),
    ],
)
def test_copies_and_other_forms(value: str, passage: str) -> None:
    assert departs(value, passage) == ""


@pytest.mark.parametrize(
    ("value", "passage", "part"),
    [
        ("11 de octubre", "11/01/2024", True),
        ("2021", "2021-07-28", True),
        ("2021", "Date: 2021-07-28", False),
        ("11.01.2024", "11/01/2024", False),
        ("1,200", "1200", False),
    ],
)
def test_a_part_of_a_passage_that_is_one_word(value: str, passage: str, *, part: bool) -> None:
    assert ("a part only" in str(departs(value, passage))) is part


def test_names_that_take_other_endings_are_let_be() -> None:
    assert departs("Hamburské", "Hamburgerová", lead="Pracuje v ") == ""


@pytest.mark.parametrize(
    ("value", "passage", "skips"),
    [
        ("December 2021", "December 15, 2021", True),
        ("December, 2021", "Due: December 15, 2021", True),
        ("December 15, 2021", "December 15, 2021", False),
        ("15 December 2021", "December 15, 2021", False),
        ("December 2021", "December 2021, until December 15, 2021", False),
        ("December", "December 15, 2021", False),
        ("December: 2021", "December 15, 2021", False),
        ("15th December 2021", "December 15, 2021", False),
        ("3rd May 2021", "May 3, 2021", False),
        ("Ann 55", "Ann Lee, 55", False),
    ],
)
def test_a_number_that_is_left_out(value: str, passage: str, *, skips: bool) -> None:
    assert ("leaves out" in str(departs(value, passage))) is skips


@pytest.mark.parametrize(
    ("value", "passage", "departed"),
    [
        ("4471", "\u4f1a\u8bae\u5ba4\u7f16\u53f74471\u3002", False),
        ("\u7f16\u53f7\u662f4471", "\u7f16\u53f74471\u3002", False),
        ("\u4ef7\u683c\u662f44\u5143", "\u4ef7\u683c\u4e3a44\u5143\u3002", False),
        ("7\u670828\u65e5", "2021\u5e747\u670828\u65e5", False),
        ("\u7b54\u6848\u662f4498", "\u7f16\u53f7\u662f4471\u3002", True),
    ],
)
@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
def test_in_a_script_without_spaces(value: str, passage: str, language: Language, *, departed: bool) -> None:
    lead = "\u7b54\uff1a"
    text = f"{lead}{value}\u3002\u597d"
    found = departure(text, range(len(lead), len(lead) + len(value)), [passage], language, over=False)
    assert bool(found) is departed


def test_it_waits_until_a_word_is_whole() -> None:
    passage = "host 41.185.6.12"
    assert departs("41.185", passage, behind="") is None
    assert departs("41.185", passage, behind=".") is None
    assert departs("41.185", passage, behind=".6.12\n") == ""
    assert "goes on otherwise" in str(departs("41.185", passage, behind=".7.12 "))


def test_an_answer_that_is_cut_off_is_no_other_value() -> None:
    assert departs("41.185", "host 41.185.6.12", behind="", over=True) == ""
    assert "goes on otherwise" in str(departs("41.186", "host 41.185.6.12", behind="", over=True))


def test_what_the_prompt_has_begun_is_part_of_it() -> None:
    text = "The code is 4498 "
    assert "goes on otherwise" in str(departure(text, range(14, 16), ["The code is 4471"], ENGLISH, over=False))
    assert departure(text, range(14, 16), ["The code is 4498"], ENGLISH, over=False) == ""


WORDS = st.from_regex(r"[A-Z]?[a-z]{1,6}|[0-9]{1,5}(?:[.,:-][0-9]{1,3}){0,2}|[A-Z]{2}-[0-9]{2,4}", fullmatch=True)


@given(st.lists(WORDS, min_size=1, max_size=8), st.data())
def test_a_stretch_of_the_passage_never_departs(words: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    assert departs(" ".join(words[first : last + 1]), " ".join(words)) == ""


@given(st.from_regex(r"[0-9]{2,6}", fullmatch=True), st.data())
def test_another_number_that_begins_alike_departs(number: str, data: st.DataObject) -> None:
    same = data.draw(st.integers(1, len(number) - 1))
    other = number[:same] + str((int(number[same]) + data.draw(st.integers(1, 9))) % 10) + number[same + 1 :]
    assert "goes on otherwise" in str(departs(other, f"The code is {number}."))
