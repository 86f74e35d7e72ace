"""Boundaries of lines, sentences, clauses and phrases, by example and against a definition character by character."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardbind.extraction import extract
from guardbind.text.english import ENGLISH
from guardbind.text.german import GERMAN
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span, folded

PIECES = [
    *("Bob", "Alice", "total", "fig", "Dr", "no", "Ltd", "etc", "J", "I", "5", "12", "3.5", "acme.test", "Z"),
    *(" ", " ", " ", ". ", ".", "? ", "! ", "?", "...", "; ", ";", ": ", ":", ", ", "(", ")", '"', "'", "\n", "\n\n"),
    *("\r\n", "\u3002", " and ", "\u201d", "e.g. ", "?! "),
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
LINE_ENDS = "\r\n\u2028\u2029"


def sentences(text: str, language: Language = ENGLISH) -> list[str]:
    units = Layout(text, language=language).units(0, len(text))
    return [text[unit.start : unit.end].strip() for unit in units if text[unit.start : unit.end].strip()]


class TestSentences:
    @pytest.mark.parametrize(
        "text",
        [
            "See fig. 3 for the total",
            "The total of vol. 12 is approx. 5",
            "Ask Dr. Moe, Mrs. Lee or Prof. Kim",
            "St. Mary has e.g. two, i. e. a pair",
            "The owner is J. R. Doe",
            "Made by Acme Ltd. of Cork",
            "3.5 of acme.test",
            "1. Open the box",
            "Wait... it goes on",
            "Call me at 5 p.m. today",
        ],
    )
    def test_one(self, text: str) -> None:
        assert sentences(text) == [text]

    @pytest.mark.parametrize(
        "parts",
        [
            ["The answer is no.", "The total is 5."],
            ["Is it art?", "No!", "It is a fig."],
            ["The customer is Acme Ltd.", "The total is 5."],
            ["It was I.", "Bob was there."],
            ["The grade is A.", "The total is 5."],
            ['He said "yes."', "She left."],
            ["It costs 5.", "The total is 7."],
            ["One", "line."],
        ],
    )
    def test_two(self, parts: list[str]) -> None:
        joined = ("\n" if parts[0] == "One" else " ").join(parts)
        assert sentences(joined) == parts

    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            (
                "Siehe Nr. 5, z. B. die Rechnung vom 3. Mai. Ende.",
                ["Siehe Nr. 5, z. B. die Rechnung vom 3. Mai.", "Ende."],
            ),
            ("Das ist d. h. neu bzw. alt. Gut.", ["Das ist d. h. neu bzw. alt.", "Gut."]),
            ("Es sind 12. Die Summe fehlt.", ["Es sind 12.", "Die Summe fehlt."]),
            ("Er wohnt im 2. Stock, Hr. Kolb im 3. auch", ["Er wohnt im 2. Stock, Hr. Kolb im 3. auch"]),
            ("Die Antwort ist Nr. Das ist falsch.", ["Die Antwort ist Nr.", "Das ist falsch."]),
        ],
    )
    def test_german(self, text: str, parts: list[str]) -> None:
        assert sentences(text, GERMAN) == parts

    def test_every_room_has_the_same(self) -> None:
        # One definition: a statement is read where the sentence goes on over an abbreviation.
        found = extract("The value of fig. 3 is 12.50. Dr. Moe's room is 9.\nPrice: no. 7").items
        assert [(item.key, item.value) for item in found] == [
            ("fig. 3's value", "12.50"),
            ("Dr. Moe's room", "9"),
            ("Price", "no. 7"),
        ]

    def test_questions(self) -> None:
        text = "Is it no. 5? Yes."
        layout = Layout(text)
        assert layout.in_question(0)
        assert layout.in_question(text.index("5"))
        assert not layout.in_question(text.index("Yes"))


class TestParts:
    def test_clause(self) -> None:
        text = "Bob's id is 5; is that ok? Note: fine."
        layout = Layout(text)
        assert text[: layout.clause(0).end] == "Bob's id is 5"
        assert not layout.clause(0).question
        second = layout.clause(text.index("is that"))
        assert (text[second.start : second.end], second.question) == ("is that ok", True)
        assert layout.same_clause(0, text.index("5"))
        assert not layout.same_clause(0, text.index("is that"))
        assert not layout.same_clause(text.index("Note"), text.index("fine"))

    @pytest.mark.parametrize(
        ("text", "phrase"),
        [
            ("We know, however, that Bob's total", "Bob's total"),
            ("Bob paid. Alice's total", "Alice's total"),
            ("a (b c", "b c"),
            ("Dr. Moe's total", "Dr. Moe's total"),
            ("a (b) c", "b) c"),  # what closes something does not part it
            ("Well... Bob's total", "Bob's total"),
        ],
    )
    def test_phrase(self, text: str, phrase: str) -> None:
        assert text[Layout(text).phrase_start(0, len(text)) :].strip() == phrase

    @pytest.mark.parametrize(
        ("text", "begun"),
        [
            ("I know. The total is", "The total is"),
            ("Of St. Mary. I know. The total is", "The total is"),
            ("It is 5. The total is", "It is 5. The total is"),
            ("The total is 5.", "The total is 5."),
            ("Sure!\nThe total ", "The total "),
            ("", ""),
        ],
    )
    def test_the_sentence_so_far(self, text: str, begun: str) -> None:
        assert text[Layout(text).begun() :] == begun

    @pytest.mark.parametrize(
        ("text", "word", "begins"),
        [
            ("Sure. Gina", "Gina", True),
            ("Dr. Gina", "Gina", False),
            ('He: "Gina', "Gina", True),
            ("with Gina", "Gina", False),
            ("Hm... Gina", "Gina", True),
            ("a\nGina", "Gina", True),
            ("Gina", "Gina", True),
        ],
    )
    def test_where_a_capital_says_nothing(self, text: str, word: str, begins: bool) -> None:
        assert Layout(text).begins(text.index(word)) is begins

    def test_specials_end_everything(self) -> None:
        text = "total <s> 5"
        layout = Layout(text, [(6, 9)])
        assert not layout.same_line(0, 10)
        assert not layout.same_sentence(0, 10)
        assert not layout.same_block(0, 10)


def line_cuts(text: str) -> set[int]:
    """Return the places behind line breaks; that of Windows is one."""
    cuts = {i + 1 for i, char in enumerate(text) if char in LINE_ENDS}
    return {cut for cut in cuts if not (text[cut - 1] == "\r" and text[cut : cut + 1] == "\n")}


def sentence_cuts(text: str) -> set[int]:
    """Return where sentences end, abbreviations not considered."""
    cuts = set()
    i = 0
    while i < len(text):
        dot = text[i] == "." and text[i - 1 : i] != "." and text[i + 1 : i + 2] != "."
        if text[i] in "!?" or dot:
            end = i + 1
            while text[i] != "." and text[end : end + 1] and text[end] in "!?":
                end += 1
            while text[end : end + 1] and text[end] in "\"'\u201d\u2019\u00bb)]":
                end += 1
            if end == len(text) or text[end].isspace():
                cuts.add(end)
                i = end
                continue
        elif text[i] == "\u3002":
            end = i + 1
            while text[end : end + 1] and text[end] in "\"'\u201d\u2019\u300d\u300f\uff09":
                end += 1
            cuts.add(end)
            i = end
            continue
        i += 1
    return cuts


def blank_lines(text: str) -> set[int]:
    ends = sorted(line_cuts(text))
    return {b for a, b in pairwise(ends) if not text[a:b].strip()}


SILENT = ("fig", "Dr", "no", "Ltd", "etc", "J", "I", "Z", "e.g", "Bob", "Alice", "total", "5", "12", "3.5")


@given(texts)
@settings(max_examples=500, deadline=None)
def test_as_defined_character_by_character(text: str) -> None:
    layout = Layout(text)
    lines, ends, blanks = line_cuts(text), sentence_cuts(text), blank_lines(text)
    found = {unit.end for unit in layout.units(0, len(text))} - {len(text)}
    possible = (lines | ends | blanks) - {len(text)}
    assert found <= possible
    # What is left out is a dot behind a short word or a number, and nothing else.
    for cut in possible - found:
        mark = text[:cut].rstrip("\"'\u201d\u2019\u00bb)]")
        assert mark.endswith(".")
        assert mark[:-1].endswith(SILENT)
    for start in range(0, len(text), 3):
        for end in range(start, len(text), 2):
            assert layout.same_line(start, end) == (not any(start < cut <= end for cut in lines | blanks))
            assert layout.same_block(start, end) == (not any(start < cut <= end for cut in blanks))
            if layout.same_sentence(start, end):
                assert not any(start < cut <= end for cut in found - lines)


@given(texts)
@settings(max_examples=300, deadline=None)
def test_the_parts_lie_within_each_other(text: str) -> None:
    layout = Layout(text)
    units = layout.units(0, len(text))
    assert "".join(text[unit.start : unit.end] for unit in units) == text
    spans: list[Span] = [(unit.start, unit.end) for unit in units]
    for place in range(len(text)):
        start = layout.unit_start(place)
        assert any(start == low and low <= place < max(high, low + 1) for low, high in spans)
        clause = layout.clause(place)
        assert place <= clause.end <= len(text)
        assert layout.same_clause(place, max(place, clause.end - 1))
        assert start <= layout.phrase_start(0, place) <= place
        assert layout.phrase_start(place, place) == place
        end = layout.sentence_end(place, len(text))
        if end is not None:
            assert place <= end
            assert text[end:].strip()
    begun = layout.begun()
    assert begun == 0 or (begun < len(text) and not text[begun].isspace())


@given(texts, st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=200, deadline=None)
def test_unmarked_is_free_of_marks(text: str, start: int, end: int) -> None:
    stretch = text[start:end]
    full_width = "\u3001\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f"
    marked = any(char in f'.,;:!?()[]{{}}|"\n{full_width}' for char in stretch)
    if not marked:
        assert Layout(text).unmarked(start, end)
    elif any(char in f',;:!?()[]{{}}|"\n{full_width}' for char in stretch):
        assert not Layout(text).unmarked(start, end)


class TestDotsOfNames:
    @pytest.mark.parametrize(
        "text",
        [
            "The desk of C. A. Lowe is new",
            "Ask I. A. Quist or J. I. Brand today",
            "J.P. Ohm was there",
            "We buy at Moor & Co. Ltd. of Hull",
            "The lift holds max. 6 people",
            "Go to bldg. 4, rm. 18 please",
        ],
    )
    def test_end_no_sentence(self, text: str) -> None:
        assert sentences(text) == [text]

    @pytest.mark.parametrize(
        "text",
        ["Wir kaufen bei Moor & Co. KG in Ulm", "Er wohnt Gartenstr. 8 im 3. OG rechts", "Die Fa. Moor zahlt"],
    )
    def test_end_no_german_sentence(self, text: str) -> None:
        assert sentences(text, GERMAN) == [text]

    @pytest.mark.parametrize(
        "parts",
        [
            ["It was I.", "Ann left."],
            ["Eve's mark is A.", "Otto's mark is B.", "Nils has none."],
            ["Nils's mark is C.", "J. R. Fox's mark is D."],
            ["We buy at Moor & Co.", "The lift is new."],
        ],
    )
    def test_end_one(self, parts: list[str]) -> None:
        assert sentences(" ".join(parts)) == parts

    def test_a_grade_before_a_genitive(self) -> None:
        assert sentences("Evas Note ist A. Ottos Note ist B.", GERMAN) == ["Evas Note ist A.", "Ottos Note ist B."]

    @pytest.mark.parametrize(
        ("value", "rest"),
        [("min. 30 km", ""), ("ref. 17", ""), ("12. 5. 2024", ""), ("blue", ". Next comes"), ("blue", "! Next")],
    )
    def test_no_value_ends_before_a_number(self, value: str, rest: str) -> None:
        text = value + rest
        end = Layout(text).sentence_end(0, len(text))
        assert text[:end] == value


@pytest.mark.parametrize("text", ["Frau Wei\u00df", "\u0130ZMIR", "STRASSE", "Stra\u00dfe \ufb01n", ""])
def test_folding_keeps_every_place(text: str) -> None:
    low = folded(text)
    assert len(low) == len(text)
    assert folded(low) == low
    assert folded("ANNA") == folded("anna")
