"""Known values that a prompt has begun where it stops, and what is judged of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_slots import LETTERS, letters_opener, letters_row

from guardbind.evidence import Binding, Evidence
from guardbind.session.begun import begun_by
from guardbind.session.row import Row
from guardbind.session.unbound import suspects

DATA = "The code of Ann is RC-4412. The code of Bob is RC-4480.\n"


def row(end: str, values: dict[str, str] | None = None, target: str | None = "Ann") -> Row:
    return letters_row(DATA + end, values or {"Ann": "RC-4412", "Bob": "RC-4480"}, target)


def begun(end: str, values: dict[str, str] | None = None) -> tuple[str, dict[str, int]] | None:
    """Return what is begun, and the rest of each value that goes on with it, with its candidate."""
    made = row(end, values, None)
    found = begun_by(made.bound, LETTERS)
    if found is None:
        return None
    assert made.bound.trie is not None
    rests = {}
    for candidate in made.bound.trie.candidates:
        if candidate.index in found.node.values:
            rest = candidate.value[len(found.text) :]
            node = found.node
            for letter in rest:
                node = node.children[ord(letter)]
            assert candidate.index in node.ends
            rests[rest] = candidate.index
    return found.text, rests


@pytest.mark.parametrize(
    ("end", "text", "rests"),
    [
        ("Ann: RC-44", "RC-44", {"12", "80"}),
        ("Ann: RC-", "RC-", {"4412", "4480"}),
        ("The answer is R", "R", {"C-4412", "C-4480"}),
        ('{"code": "RC-441', "RC-441", {"2"}),
        ("codes=[RC-448", "RC-448", {"0"}),
    ],
)
def test_what_a_line_ends_in_goes_on_as_each_value_that_begins_so(end: str, text: str, rests: set[str]) -> None:
    found = begun(end)
    assert found is not None and found[0] == text and set(found[1]) == rests


@pytest.mark.parametrize(
    "end",
    [
        "Ann:",
        "Ann: ",
        "Ann: RC-4412",  # it is whole
        "Ann: XRC-44",  # another word
        "Ann: A-RC-44",  # a part of another name
        "Ann: rc-44",
        "Ann: RC-44.",
        "Ann: 44",  # no value begins so
        "RC-44\n",  # the line is over
    ],
)
def test_no_value_is_begun(end: str) -> None:
    assert begun(end) is None


def test_a_value_of_several_words_is_begun_by_one_of_them_and_the_longest_beginning_counts() -> None:
    values = {"a": "4 May 2024", "b": "May 2025", "c": "4 May 1999"}
    assert begun("It was on 4 May", values) == ("4 May", {" 2024": 0, " 1999": 2})
    assert begun("It was in May 20", values) == ("May 20", {"25": 1})


def test_a_sign_before_an_amount_begins_it_and_another_spelling_too() -> None:
    found = begun("Total: $", {"a": "$52.10", "b": "$60", "c": "47"})
    assert found is not None and set(found[1]) == {"52.10", "60"}
    made = letters_row("Sum: EUR 5", [Binding("a", "52.10 EUR", aliases=("EUR 52.10",)), Binding("b", "60")])
    spelled = begun_by(made.bound, LETTERS)
    assert spelled is not None and spelled.text == "EUR 5" and spelled.node.values == {0}


def test_where_nothing_is_known_nothing_is_begun() -> None:
    made = letters_row(DATA + "Ann: RC-44", [Evidence("Ann", span=(0, 27))])
    assert begun_by(made.bound, LETTERS) is None


@pytest.mark.parametrize("written", ["8", "1"])
def test_what_goes_on_with_it_is_judged_at_once(written: str) -> None:
    made = row("Ann: RC-44")
    opening = letters_opener().open(made, ord(written))
    assert opening is not None and opening.node is not None and opening.target is not None
    assert opening.target.key == "Ann" and sorted(opening.node.children) == [ord("1"), ord("8")]
    assert opening.owners == [0 if written == "1" else 1]


def test_what_is_hardly_a_coincidence_is_judged_where_the_model_goes_on_otherwise() -> None:
    sure = letters_opener().open(row("Ann: RC-44"), ord("x"))
    assert sure is not None and sure.node is not None and sorted(sure.node.children) == [ord("1"), ord("8")]
    unsure = letters_opener().open(row("Ann: R"), ord("x"))
    assert unsure is None or (unsure.node is not None and ord("R") in unsure.node.children)


def test_what_begins_another_value_than_the_declared_one_is_no_part_of_it() -> None:
    values = {"Ann": "blue", "Bob": "RC-4480"}
    opening = letters_opener().open(row("Ann: RC-44", values), ord("8"))
    assert opening is None or (opening.node is not None and ord("b") in opening.node.children)


def test_the_value_is_whole_where_its_rest_is_and_goes_on_no_further() -> None:
    made = row("Ann: RC-44")
    opener = letters_opener()
    assert opener.open(made, ord("1")) is not None
    for letter in "12":
        made.read(ord(letter), ends=False)
    assert made.value is None and made.written is not None and made.written.begun == "RC-44"
    assert made.written.candidates == {0} and made.restated[0] == [range(len(made.ids) - 2, len(made.ids))]
    assert opener.open(made, ord(".")) is None


_WORDS = st.text("ab1-", min_size=1, max_size=5).filter(lambda word: word[0] not in "-" and word[-1] not in "-")


@given(st.lists(_WORDS, min_size=1, max_size=4, unique=True), st.text("ab1-: ", max_size=8))
def test_what_is_begun_is_what_a_search_over_all_endings_finds(values: list[str], end: str) -> None:
    line = "=" + end
    made = letters_row("\n" + line, {f"key {place}": value for place, value in enumerate(values)})
    found = begun_by(made.bound, LETTERS)
    expected: str | None = None
    for at in range(len(line)):
        text, before = line[at:], line[:at]
        if text[0] in "-: =" or before[-1:].isalnum():
            continue
        if before[-1:] == "-" and before[-2:-1].isalnum():
            continue
        if text in values:
            break
        if any(value.startswith(text) for value in values):
            expected = text
            break
    assert (None if found is None else found.text) == expected
    if found is not None:
        going = {value[len(found.text)] for value in values if value.startswith(found.text)}
        assert set(map(chr, found.node.children)) == going


def test_one_digit_of_a_large_table_begins_nothing() -> None:
    values = {f"key {place}": str(10_000 + place) for place in range(1200)}
    assert begun("key 7: 1", values) is None
    found = begun("key 7: 1000", values)
    assert found is not None and len(found[1]) == 10


def test_an_answer_that_ends_before_the_rest_breaks_off_within_the_value() -> None:
    made = row("Ann: RC-44")
    assert letters_opener().open(made, ord("1")) is not None
    assert made.breaks_off([]) and made.breaks_off([ord("1")]) and not made.breaks_off([ord("1"), ord("2")])


def test_what_is_written_behind_it_is_set_beside_values_that_no_binding_holds() -> None:
    made = letters_row(
        DATA + "The code of Cem is RC-4499.\n\nWhich code has Ann? Ann: RC-44", {"Ann": "RC-4412", "Bob": "RC-4480"}
    )
    opening = letters_opener().open(made, ord("9"))
    assert opening is not None and made.value is not None and made.value.begun == "RC-44"
    assert [suspect.value.text for suspect in suspects(opening, LETTERS)] == ["RC-4499"]
