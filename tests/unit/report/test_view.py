"""What the page shows, without a model: pieces of text, numbers, tables; and text stays text in the template."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from guardbind.report.html import template
from guardbind.report.marks import Mark, MarkedPiece, cut
from guardbind.report.view import number, quoted, table, verdict

PLACES = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)).map(sorted), max_size=6)


@given(PLACES, st.integers(0, 10), st.integers(0, 10))
def test_each_character_has_the_marks_that_are_over_it(places: list[list[int]], one: int, other: int) -> None:
    text, (start, end) = "abcdefghij", sorted((one, other))
    marks = [Mark(low, high, f"m{i}", f"note {i}") for i, (low, high) in enumerate(places)]
    pieces = cut(text, marks, start, end)
    assert "".join(piece.text for piece in pieces) == text[start:end]
    over = [(set(piece.classes.split()), piece.note) for piece in pieces for _ in piece.text]
    for place, (classes, note) in enumerate(over, start=start):
        covering = [i for i, (low, high) in enumerate(places) if low <= place < high]
        assert classes == {f"m{i}" for i in covering}
        assert note == "\n\n".join(f"note {i}" for i in covering)


def test_a_sign_stands_once_where_its_mark_begins() -> None:
    pieces = cut(
        "abcd", [Mark(0, 4, "long", "", "#0"), Mark(1, 2, "short", "", "#1"), Mark(2, 2, "none", "", "#2")], 0, 4
    )
    assert [(piece.text, piece.signs) for piece in pieces] == [
        ("a", ("#0",)),
        ("b", ("#1",)),
        ("", ("#2",)),
        ("cd", ()),
    ]


def painted(text: str) -> str:
    macros = template("parts.html.j2").make_module()
    return str(macros.painted([MarkedPiece(text, "item0", text)]))  # type: ignore[attr-defined]  # a macro


@given(st.text())
def test_the_template_shows_text_as_text(text: str) -> None:
    shown = painted(text)
    inside = re.fullmatch(r'<span class="item0" title="([^"<>]*)">([^"<>]*)</span>', shown)
    assert inside is not None
    for part in inside.groups():
        said = html.unescape(part)
        assert len(said) == len(text)
        for before, after in zip(text, said, strict=True):
            assert after == before or not before.isprintable()
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", said)


def test_numbers_are_short_and_never_a_word() -> None:
    assert [number(value) for value in (4.25, -0.04, float("inf"), float("nan"), None)] == [
        "+4.2",
        "+0.0",
        "+∞",
        "–",
        "–",
    ]
    assert number(0.123456, ".3g") == "0.123"


def test_a_table_without_lines_is_none() -> None:
    assert table("Budget", ["", "p1"], []) is None
    shown = table("Budget", ["what", "p1"], [["own", quoted("4\n")], ["other", quoted(None)]])
    assert shown is not None
    assert shown.words == (True, False)
    assert [[(cell.text, cell.code) for cell in line] for line in shown.lines] == [
        [("own", False), (r"'4\n'", True)],
        [("other", False), ("–", False)],
    ]


def test_every_verdict_has_a_sign_of_its_own() -> None:
    names = ["ok", "repaired", "gate_failure", "binding_failure", "unsupported", "absent", "unresolved"]
    assert len({verdict(name).sign for name in names}) == len(names)
    assert verdict("gate_failure").words == "gate failure"
