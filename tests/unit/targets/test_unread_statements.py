"""What a prompt states and no rule has read: found, bounded, and not what is no evidence."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_slots import LETTERS, letters_row

from guardbind.evidence import Binding, EvidenceTable, Located, Mention, Record
from guardbind.session.bound_prompt import bind_prompt
from guardbind.targets import UnreadStatements, read_query
from guardbind.text.decoded import PromptText
from guardbind.text.layout import Span

QUESTION = "What is Ann's locker code?"
READ = "Ann's locker code is 4417."


def of(text: str) -> UnreadStatements:
    ids = LETTERS.encode(text)
    return bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None).unread


def said(text: str) -> list[tuple[str, list[str]]]:
    return [(text[slice(*one.span)], [value.text for value in one.values]) for one in of(text).every]


def told(facts: str, question: str = QUESTION) -> list[tuple[str, list[str]]]:
    return said(f"{facts}\n\n{question}\n")


def test_a_sentence_with_a_value_that_no_rule_has_read() -> None:
    other = "The courier came in showing 5528 at 9:40."
    assert told(f"{READ} {other}") == [(other, ["5528", "9:40"])]
    assert told(f"{other}\n{READ}") == [(other, ["5528", "9:40"])]


def test_what_goes_on_in_the_next_line_is_one_statement() -> None:
    other = "Long after the last guests had gone home the courier came\nin showing 5528 at the desk."
    assert told(f"{READ}\n{other}") == [(other, ["5528"])]


@pytest.mark.parametrize(
    "other",
    [
        "The courier came in late.",  # no value
        "Somebody else tried 4417 as well.",  # a value that is bound
        "Is 5528 the one for the courier?",
        "Answer in 20 words at most.",
        "1. Give me 20 words.",
        "It is not true that the courier showed 5528.",
        "If the courier shows 5528 he may pass.",
        "~~The courier came in showing 5528.~~",
        "The courier came in showing 5528. That is no longer true.",
        "Examples:\nQ: Which number did Jo show?\nA: 5528\n",
    ],
)
def test_what_states_nothing_is_left_out(other: str) -> None:
    assert told(f"{READ}\n{other}") == [], other


def test_what_the_question_says_is_no_statement_of_it() -> None:
    assert told(f"{READ}\nThe courier came in showing 5528.", "Is Ann's locker code 5528?") == []


def test_what_was_left_over_of_a_sentence_does_not_stand_alone() -> None:
    text = f"Ann's locker code is 4417, and the courier came in showing 5528.\n\n{QUESTION}\n"
    found = of(text)
    assert all(not one.alone for one in found.every)


def test_what_a_record_covers_does_not_stand_alone() -> None:
    text = f"total: 52\nThe courier came in showing 5528.\n\n{QUESTION}\n"
    record = Record("one", ("Order 1001",), None, ((0, 43),))
    items = [Binding("total", "52", spans=((0, 9),), attribute="total", owners=("Order 1001",), record=record)]
    (found,) = letters_row(text, items).bound.unread.every
    assert not found.alone


def prompt(text: str) -> PromptText:
    return PromptText(text, tuple((place, place + 1) for place in range(len(text))))


def table(text: str, spans: Sequence[Span]) -> EvidenceTable:
    items = []
    for place, (start, end) in enumerate(spans):
        mention = Mention(range(start, end), range(start, end), (start, end), (start, end), "span")
        items.append(Located(place, f"key {place}", text[start:end], (), (mention,)))
    return EvidenceTable(tuple(items))


LINES = st.lists(
    st.tuples(st.sampled_from(["The hall has {} seats.", "Nobody came.", "Jo went home at {}.", "Row {} is full."]),
              st.integers(100, 999), st.booleans()),
    min_size=1, max_size=30,
)  # fmt: skip


@given(LINES, st.integers(1, 40))
def test_as_looking_at_each_line_would_find_them(lines: list[tuple[str, int, bool]], most: int) -> None:
    text, spans, expected = "", [], []
    bound = {f"{number}" for form, number, read in lines if read and "{}" in form}
    for form, number, read in lines:
        line = form.format(number)
        span = (len(text), len(text) + len(line))
        if read and "{}" in form:
            spans.append(span)
        elif "{}" in form:
            expected.append((span, f"{number}"))
        text += f"{line}\n"
    asks = len(text)
    text += "\nHow many are there?\n"
    whole = prompt(text)
    made = table(text, spans)
    # A binding of the whole line holds the number that stands in it.
    expected = [(span, number) for span, number in expected if number not in bound]
    found = UnreadStatements(made, read_query(whole, asks), most).every
    nearest = sorted(expected, key=lambda one: -one[0][1])[:most]
    assert [(one.span, one.values[0].text) for one in found] == sorted(nearest)


def test_the_work_grows_with_the_prompt() -> None:
    def calls(count: int) -> int:
        lines = [f"The courier of house {n} came in showing {n + 5000}." for n in range(count)]
        text = "\n".join([READ, *lines]) + f"\n\n{QUESTION}\n"
        found = of(text)
        counted = 0

        def count_call(_frame: Any, event: str, _argument: Any) -> None:
            nonlocal counted
            counted += event == "call"

        before = sys.getprofile()
        sys.setprofile(count_call)
        try:
            assert len(found.every) <= 64
        finally:
            sys.setprofile(before)
        return counted

    calls(5)
    work = [calls(count) for count in (100, 200, 400)]
    assert work[2] - work[1] <= 2.6 * (work[1] - work[0])


@given(st.text(max_size=400), st.text(max_size=60))
def test_no_text_is_an_error(text: str, question: str) -> None:
    whole = prompt(f"{text}\n{question}")
    found = UnreadStatements(EvidenceTable(()), read_query(whole, 0)).every
    for one in found:
        assert one.values
        assert all(one.span[0] <= value.span[0] < value.span[1] <= one.span[1] for value in one.values)
