"""An agent that steps through a list is not pulled back to what it has asked about already."""

from __future__ import annotations

from plain_prompts import as_prompt

from guardbind.evidence import locate
from guardbind.targets import Agreement, Place, Resolution, read_query
from guardbind.targets.stated import read_bindings
from guardbind.text.decoded import PromptText

CALL = '{"name": "lookup", "arguments": {"order": "A-1001"}}'
RESULT = '{"order": "A-1001", "status": "open"}'


def chat(*turns: tuple[str, str]) -> PromptText:
    text, marks = "", []
    for role, content in (*turns, ("assistant", "")):
        marks.append((len(text), len(text) + len(role) + 4))
        text += f"<|{role}|>{content}"
    return PromptText(text, as_prompt(text).spans, tuple(marks))


def begins(question: str, place: Place | None = None) -> Resolution:
    prompt = chat(("user", question), ("assistant", CALL), ("tool", RESULT))
    table = locate(read_bindings(prompt), prompt)
    assert {item.value for item in table.items} == {"A-1001", "open"}
    return Agreement(table, read_query(prompt, table.end)).resolve(place)


def test_a_question_about_all_of_them_means_none_that_was_read() -> None:
    for place in (None, Place("", "")):
        found = begins("What is the status?", place)
        assert found.index is None
        assert "another call" in found.reason


def test_what_was_asked_with_is_no_answer() -> None:
    found = begins("Which order is open?")
    assert found.index is None


def test_one_that_names_an_owner_is_answered_behind_the_tool() -> None:
    found = begins("What is the status of order A-1001?")
    assert found.index is not None, found.reason


def test_so_is_an_answer_that_says_what_it_gives() -> None:
    said = "The status is"
    assert begins("What is the status?", Place(said, said)).index is not None
