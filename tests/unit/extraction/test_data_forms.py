"""Data in its forms: which record a value belongs to, where it stands, and what is none."""

from __future__ import annotations

import pytest
from data_forms import FORMS, NOTHING
from hypothesis import given
from hypothesis import strategies as st

from guardbind.extraction import ExtractedTable, default_rules, extract, xml_text

READ = [text for form in FORMS.values() for text in form]
CUTS = [
    "",
    "\n",
    " ",
    "\x00",
    "\ud800",
    "\u00e9",
    "\r\n",
    "<",
    ">",
    "</",
    "|",
    "=",
    "[",
    "]",
    "(",
    "'",
    '"',
    "&#",
    ",",
    "```",
    "\t",
]


def check_places(text: str, table: ExtractedTable) -> None:
    for item in table.items:
        assert item.span is not None and item.statement is not None
        assert text[slice(*item.span)] == item.value and item.value.strip()
        assert item.statement[0] <= item.span[0] < item.span[1] <= item.statement[1]
        assert item.statement[0] >= 0 and item.statement[1] <= len(text)


@pytest.mark.parametrize("form", FORMS)
def test_each_value_is_in_its_record(form: str) -> None:
    for text, expected in FORMS[form].items():
        table = extract(text)
        check_places(text, table)
        assert [(item.path, item.said) for item in table.items] == expected, text


def test_what_is_not_of_a_form_is_not_read() -> None:
    assert {text: extract(text).keys for text in NOTHING if extract(text).items} == {}


BOMB = '<!DOCTYPE n [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize("text", [f'{BOMB}<n id="1">&b;</n>', f'<n id="1">{BOMB}&b;</n>', '<n id="1">&b;</n>'])
def test_no_entity_is_resolved(text: str) -> None:
    assert list(xml_text.read(text)) == []


def test_two_documents_stay_apart() -> None:
    text = '{"id": "A-1", "s": "x"}\n{"id": "A-2", "s": "y"}\n'
    (first, second) = [binding.owners for binding in extract(text).bindings if binding.attribute == "s"]
    assert first == ("A-1",) and second == ("A-2",)


@given(
    st.sampled_from(READ), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(CUTS)), max_size=4)
)
def test_what_is_mutilated_is_no_error(text: str, cuts: list[tuple[float, int, str]]) -> None:
    for share, length, inserted in cuts:
        at = int(share * len(text))
        text = text[:at] + inserted + text[at + length :]
    check_places(text, extract(text))


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    check_places(text, extract(text, rules=default_rules()))


@pytest.mark.timeout(60)
def test_a_large_table_is_read_in_a_moment() -> None:
    rows = 1500
    text = "name,badge\n" + "".join(f"n{number},{number + 10_000}\n" for number in range(rows))
    assert len(extract(text).items) == 2 * rows
    pairs = ",".join(f'"{number:032x}": "{7 * number:032x}"' for number in range(1, rows))
    assert len(extract(f"{{{pairs}}}").items) == rows - 1
