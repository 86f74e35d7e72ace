"""Records: what belongs together, by which names it goes, and where all of it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_prompts import as_prompt
from required import required

from guardbind.evidence import Record, locate
from guardbind.extraction import extract
from guardbind.extraction.in_prompt import extract_prompt
from guardbind.text.decoded import PromptText

ORDERS = (
    '{"shop": "Harbor", "orders": [{"id": "W1", "payer": "dana", "paid": [{"amount": 31.5, "by": "card"}]},'
    ' {"id": "W2", "payer": "elif", "paid": [{"amount": 82, "by": "card"}]}]}'
)


def record_of(text: str, value: str) -> Record:
    (found,) = [item.record for item in extract(text).items if item.value == value]
    return required(found)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ('{"id": "A-1", "state": "open"}\n{"id": "A-2", "state": "shut"}', [["A-1", "open"], ["A-2", "shut"]]),
        ("get(id='A-1', state='open')\nget(id='A-2', state='shut')", [["A-1", "open"], ["A-2", "shut"]]),
        (
            "mysql:\n  host: db-1\n  port: 3306\nredis:\n  host: db-2\n  port: 6379\n",
            [["db-1", "3306"], ["db-2", "6379"]],
        ),
        ("Ann's room is 307. Ben's room is 512. Ann's desk is 4-B.", [["307", "4-B"], ["512"]]),
        ("total: 5.00\ntip: 1.00\ntotal: 6.00", [["5.00", "6.00"], ["1.00"]]),
        ("Name | Value\n--- | ---\nOrder | ORD-1\nTotal | $5\n", [["ORD-1"], ["$5"]]),
    ],
)
def test_what_belongs_together(text: str, groups: list[list[str]]) -> None:
    found: dict[str, list[str]] = {}
    for item in extract(text).items:
        found.setdefault(required(item.record).id, []).append(item.value)
    assert list(found.values()) == groups


def test_a_record_goes_by_its_values_its_path_and_what_it_stands_in() -> None:
    order, paid = record_of(ORDERS, "W1"), record_of(ORDERS, "31.5")
    assert {"W1", "dana", "Harbor"} <= set(order.names)
    assert not {"orders", "W2", "elif"} & set(order.names)
    assert {"31.5", "card", "W1", "dana", "Harbor"} <= set(paid.names)
    assert paid.outer == order.id
    assert order.outer == record_of(ORDERS, "Harbor").id
    assert "mysql" in record_of("mysql:\n  port: 3306\n  host: db\n", "3306").names
    assert "oak bench" in record_of("item,stock\noak bench,17\npine desk,18\n", "17").names
    assert record_of("Order #1001's total is $5.00.", "$5.00").names == ("Order #1001", "#1001", "1001")
    assert record_of("total = 5", "5").names == ()


def test_a_record_is_everything_that_belongs_to_it_with_its_heading() -> None:
    def said(text: str, value: str) -> list[str]:
        return [text[slice(*span)] for span in record_of(text, value).spans]

    assert said(ORDERS, "31.5") == ['"amount": 31.5, "by": "card"']
    assert said(ORDERS, "W1") == ['"id": "W1", "payer": "dana", "paid": [{"amount": 31.5, "by": "card"']
    staff = '{"Ann": {"room": 307, "desk": 4}, "Ben": {"room": 512, "desk": 5}}'
    assert said(staff, "512") == ['Ben": {"room": 512, "desk": 5']
    prose = "Ann's room is 307. It rained. Ben's room is 512. Ann's desk is 4-B."
    assert said(prose, "307") == ["Ann's room is 307", "Ann's desk is 4-B"]
    assert said("item,stock\noak bench,17\npine desk,18\n", "18") == ["pine desk,18"]


def test_the_spans_of_records_move_with_those_of_bindings() -> None:
    text = "Ann's room is 307. Ben's room is 512. Ann's desk is 4-B."
    table = extract([{"role": "user", "content": text}])
    assert all(binding.record is not None and binding.record.spans == () for binding in table.bindings)
    placed = table.in_prompt(f"<user>{text}</user>")
    assert required(placed.bindings[0].record).spans == ((6, 23), (44, 61))
    prompt = as_prompt(f"<user>{text}</user>")
    (ann, *_) = locate(extract(text).bindings, prompt, source=text).items
    assert [prompt.text[slice(*span)] for span in required(ann.record).spans] == [
        *("Ann's room is 307", "Ann's desk is 4-B")
    ]


def test_a_statement_of_a_prompt_says_who_made_it() -> None:
    text = "<|system|>a = 5<|user|>b = 6<|assistant|>c = 7<|user|>What is b?<|assistant|>"
    marks = [(at, at + len(mark)) for mark in ("<|system|>", "<|user|>", "<|assistant|>") for at in _all(text, mark)]
    prompt = PromptText(text, tuple((i, i + 1) for i in range(len(text))), tuple(sorted(marks)))
    assert [(item.key, item.source) for item in extract_prompt(prompt).bindings] == [("a", "system"), ("b", "user")]


def _all(text: str, mark: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(mark, at)]


@given(
    st.lists(
        st.sampled_from([ORDERS, "Ann's room is 307.", "a: 5", "x,y\np,12\nq,13", "\n", "f(a=1)", "- "]), max_size=8
    )
)
def test_every_statement_has_a_record_that_holds_it(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    items = extract(text).items
    for item in items:
        record, statement = required(item.record), required(item.statement)
        assert any(start <= statement[0] and statement[1] <= end for start, end in record.spans)
        assert all(start < end for start, end in record.spans)
    ids = {required(item.record).id: required(item.record) for item in items}
    assert all(required(item.record) == ids[required(item.record).id] for item in items)


def test_cards_may_begin_with_another_form_of_one_word() -> None:
    card = "{}: {}\nZimmer: {}\nArzt: Dr. Kettner"
    text = "\n\n".join([card.format("Patient", "Bruno Ahlers", 14), card.format("Patientin", "Bruna Ahlers", 15)])
    rooms = {item.value: item.record for item in extract(text).items if item.attribute == "Zimmer"}
    assert [record.names[0] for record in rooms.values() if record is not None] == ["Bruno Ahlers", "Bruna Ahlers"]
