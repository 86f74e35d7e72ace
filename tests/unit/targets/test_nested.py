"""Names that a thing only has from what is around it, or in it, say nothing of it by themselves."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt, said

from guardbind.evidence import Binding, Nesting, Record, locate
from guardbind.extraction import extract
from guardbind.targets import Agreement, read_query
from guardbind.targets.stated import read_bindings

COWS = '{"Daisy": {"stall": 14, "calf": {"name": "Pip", "stall": 9}}, "Bella": {"stall": 12, "calf": {"tag": "c3"}}}'
PUPILS = (
    '[{"pupil": "Mia Lund", "grade": "B2", "guardian": {"name": "Olaf Lund", "phone": "5550199"}},'
    ' {"pupil": "Ben Ott", "grade": "A1", "guardian": {"name": "Ruth Ott", "phone": "5550144"}}]'
)
STAFF = '{"Ann": {"contact": {"phone": "555-0101"}}, "Ben": {"contact": {"phone": "555-0144"}}}'
ORDERS = (
    '{"order_id": "A-17", "customer": {"name": "Alice Poe"}, "total": "$52"}\n'
    '{"order_id": "A-18", "customer": {"name": "Bob Ray"}, "total": "$9"}'
)
HALLS = "# North\n\nLength: 40 m\n\n## Crane\n\nHead: Ada\n\n# South\n\nHead: Ben"


def target(prompt: str, begun: str | None = None) -> str | None:
    asked = as_prompt(prompt)
    table = locate(read_bindings(asked), asked)
    found = Agreement(table, read_query(asked, table.end)).resolve(None if begun is None else said(begun))
    return None if found.index is None else table.items[found.index].value


@pytest.mark.parametrize(
    ("text", "question", "begun", "value"),
    [
        (COWS, "Which stall is Daisy's?", "Daisy's stall is", "14"),
        (COWS, "Which stall is Pip's?", "Pip's stall is", "9"),
        (PUPILS, "What is the grade of Mia Lund?", "The grade of Mia Lund is", "B2"),
        (PUPILS, "What is the grade of Olaf Lund?", "The grade of Olaf Lund is", None),
        (PUPILS, "What is the phone of Mia Lund?", "The phone of Mia Lund is", None),
        (PUPILS, "What is the phone of Mia Lund's guardian?", "The phone of Mia Lund's guardian is", "5550199"),
        (STAFF, "What is Ben's phone?", "Ben's phone is", "555-0144"),
        (ORDERS, "What is the total of Bob Ray's order?", "The total of Bob Ray's order is", "$9"),
        (ORDERS, "What is the total of order A-17?", "The total of order A-17 is", "$52"),
        (HALLS, "What is the head of the south?", "The head of the south is", "Ben"),
        (HALLS, "What is the head of the north?", "The head of the north is", None),
    ],
)
def test_a_name_is_that_of_one_thing(text: str, question: str, begun: str, value: str | None) -> None:
    prompt = f"{text}\n\n{question}\n"
    assert (target(prompt), target(prompt, begun)) == (value, value)


def test_extraction_says_which_names_are_lent_and_what_the_thing_is_called() -> None:
    calf = next(item for item in extract(COWS).bindings if item.value == "9")
    assert calf.nesting is not None
    assert "Daisy" in calf.nesting.lent
    assert "Pip" not in calf.nesting.lent
    assert "calf" in calf.nesting.kinds
    assert all(item.nesting is None for item in extract(STAFF).bindings)


def test_the_other_way_round_a_value_is_not_that_of_what_its_thing_stands_in() -> None:
    def having_nine(text: str) -> list[str]:
        return [item.value for item in extract(text).inverse if "9" in item.owners]

    assert having_nine('{"Daisy": {"stall": 9}, "Bella": {"stall": 12}}') == ["Daisy"]
    assert having_nine('{"Daisy": {"tag": 1, "calf": {"stall": 9}}, "Bella": {"tag": 2, "stall": 12}}') == []


def test_a_caller_may_say_so() -> None:
    text = "Bay 7 is 40 m. What is the length of Orion?"
    for nesting, value in ((Nesting(("Orion",)), None), (Nesting(("Orion",), ("length",)), None), (None, "40 m")):
        binding = Binding(
            "length",
            "40 m",
            attribute="length",
            owners=("Bay 7", "Orion"),
            record=Record("1", ("Bay 7",)),
            nesting=nesting,
        )
        asked = as_prompt(text)
        table = locate([binding], asked)
        found = Agreement(table, read_query(asked, table.end)).resolve(None)
        assert (None if found.index is None else table.items[found.index].value) == value
