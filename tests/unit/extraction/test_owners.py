"""Whose value it is: attributes, owners, the other way round, and values that are stated several times."""

from __future__ import annotations

import json
from typing import Any

import pytest
from required import required

from guardbind.evidence import Binding, check_bindings, locate
from guardbind.extraction import ExtractedTable, Pattern, extract
from guardbind.extraction.owners import is_name
from guardbind.text.decoded import PromptText
from guardbind.text.values import classify


def prompt_of(text: str) -> PromptText:
    return PromptText(text, tuple((i, i + 1) for i in range(len(text))))


def addressed(table: ExtractedTable) -> dict[tuple[str, str], tuple[str | None, set[str]]]:
    return {(item.key, item.value): (item.attribute, set(item.owners)) for item in table.bindings}


def only(bindings: list[Binding], key: str) -> Binding:
    (found,) = [binding for binding in bindings if binding.key == key]
    return found


FIVE = {"$5.00", "$5", "5 USD", "5.00 USD", "USD 5", "USD 5.00"}  # the amount, which names its record as well

WORDS = {
    "Alice's badge number is 4417.": ("badge number", {"Alice"}),
    "The badge number of Mary Jane is 4417.": ("badge number", {"Mary Jane"}),
    "Alice has badge number 4417.": ("badge number", {"Alice"}),
    "Alice's badge number: 4417": ("badge number", {"Alice"}),
    "badge number of Alice = 4417": ("badge number", {"Alice"}),
    "Alice's order #20391 left.": ("order", {"Alice"}),
    "The total of order #1001 is $5.00.": ("total", {"order #1001", "#1001", "1001"}),
    "The total is $5.00.": ("total", set()),
    "order_status = shipped": ("order_status", set()),
    "Coffee beans   $12.50": ("Coffee beans", set()),
}


@pytest.mark.parametrize("text", WORDS)
def test_words(text: str) -> None:
    (binding,) = extract(text).bindings
    assert (binding.attribute, set(binding.owners)) == WORDS[text]


def test_a_pattern_with_an_owner() -> None:
    held = Pattern("held", r"(?P<owner>\w+) holds (?P<key>seat) (?P<value>\w+)")
    (binding,) = extract("Ann holds seat 12B", rules=[held]).bindings
    assert (binding.attribute, binding.owners) == ("seat", ("Ann",))


MARKDOWN = """\
| order | customer | status | total |
|---|---|---|---|
| 1001 | Ann Lee | shipped | $5.00 |
| 1002 | Bo Lind | shipped | $6.00 |
| 1003 | Bo Lind | open | $7.00 |
"""


@pytest.mark.parametrize(
    "text", [MARKDOWN, "order,customer,status,total\n1001,Ann Lee,shipped,$5.00\n1002,Bo Lind,open,$6.00\n"]
)
def test_the_owners_of_a_cell_are_its_row_and_the_names_in_it(text: str) -> None:
    found = addressed(extract(text))
    assert found["1001.total", "$5.00"] == ("total", {"1001", "Ann Lee"})
    assert found["1001.customer", "Ann Lee"] == ("customer", {"1001", *FIVE})


def test_what_two_rows_have_names_neither() -> None:
    found = addressed(extract(MARKDOWN))
    assert found["1002.total", "$6.00"] == ("total", {"1002"})


def test_rows_without_names_have_the_names_in_them() -> None:
    found = addressed(extract("who,seat,fare\nAnn,12B,4.00\nAnn,14C,5.00\n"))
    assert found["[0].fare", "4.00"] == ("fare", {"12B"})


def test_a_table_of_one_column_of_values_has_no_owners() -> None:
    found = addressed(extract("Field | Value\n--- | ---\nOrder | ORD-1\nTotal | $5\n"))
    assert found == {("Order", "ORD-1"): ("Order", set()), ("Total", "$5"): ("Total", set())}


ORDERS = [
    {"order_id": 4417, "customer": {"name": "Ann Lee", "mail": "ann@example.org"}, "status": "shipped", "qty": 2},
    {"order_id": 8213, "customer": {"name": "Bo Lind", "mail": "ann@example.org"}, "status": "open", "qty": 3},
]


def as_text(data: Any) -> str:
    return f"Found: {json.dumps(data)} and no more."


@pytest.mark.parametrize("source", [as_text({"orders": ORDERS}), {"orders": ORDERS}, f"x = {{'orders': {ORDERS}}}"])
def test_a_record_of_a_list_is_named_by_the_values_that_only_it_has(source: Any) -> None:
    found = addressed(extract(source))
    assert found["orders[0].status", "shipped"] == ("status", {"4417", "Ann Lee"})
    assert found["orders[1].qty", "3"] == ("qty", {"8213", "Bo Lind"})
    assert found["orders[0].customer.mail", "ann@example.org"] == ("mail", {"4417", "Ann Lee"})
    assert found["orders[0].order_id", "4417"] == ("order_id", {"Ann Lee"})


def test_keys_that_vary_are_owners() -> None:
    staff = {"Alice": {"badge": 1, "desk": {"floor": 2}}, "Bob": {"badge": 2, "desk": {"floor": 3}}}
    for source in (
        as_text({"staff": staff}),
        {"staff": staff},
        "staff:\n  Alice:\n    badge: 1\n  Bob:\n    badge: 2\n",
    ):
        found = addressed(extract(source))
        assert found["staff.Alice.badge", "1"] == ("badge", {"Alice"})
    assert addressed(extract(as_text(staff)))["Bob.desk.floor", "3"] == ("floor", {"Bob"})


def test_keys_of_a_schema_are_no_owners() -> None:
    data = {
        "order": {"id": 7, "total": "$5.00", "tags": ["x"]},
        "customer": {"id": 9, "name": "Ann Lee", "city": "Cork"},
    }
    found = addressed(extract(as_text(data)))
    assert found["order.total", "$5.00"] == ("total", {"Ann Lee", "Cork"})
    assert found["order.tags[0]", "x"] == ("tags", {"Ann Lee", "Cork", *FIVE})


def test_the_name_of_a_tool_is_no_owner() -> None:
    messages = [
        {
            "role": "assistant",
            "tool_calls": [{"id": "1", "function": {"name": "get_order", "arguments": '{"order_id": 4417}'}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": '{"order_id": 4417, "status": "shipped"}'},
    ]
    found = addressed(extract(messages))
    assert found["get_order.status", "shipped"] == ("status", {"4417"})
    assert found["get_order.order_id", "4417"] == ("order_id", set())
    assert addressed(extract("get_order(order_id=4417, region='EMEA')"))["get_order.region", "EMEA"] == (
        "region",
        {"4417"},
    )


def test_what_two_documents_share_names_them_if_they_are_about_one_thing() -> None:
    states = '{"id": "A-17", "city": "Cork", "state": "open"}\n\n{"id": "A-17", "city": "Cork", "state": "shut"}'
    assert addressed(extract(states))["state", "open"] == ("state", {"A-17", "Cork"})
    lines = '{"id": "A-17", "city": "Cork", "state": "open"}\n{"id": "A-18", "city": "Cork", "state": "shut"}'
    assert addressed(extract(lines))["state", "open"] == ("state", {"A-17"})


def test_a_value_that_two_records_have_is_bound_in_both() -> None:
    lines = '{"id": "A-17", "state": "open"}\n{"id": "A-18", "state": "open"}'
    found = [binding for binding in extract(lines).bindings if binding.key == "state"]
    assert [(binding.value, binding.owners) for binding in found] == [("open", ("A-17",)), ("open", ("A-18",))]


def test_every_spelling_of_a_name_is_an_owner() -> None:
    found = addressed(extract('Order no.: #4417\n\n{"order": "#4417", "total": "$5.00"}'))
    assert found["total", "$5.00"] == ("total", {"#4417", "4417"})


NAMES = [
    "$417.00",
    "2024-05-03",
    "v2.4.14",
    "Ann Lee",
    "Bank of Ireland",
    "Ludwig van Beethoven",
    "EMEA",
    "417",
    "ORD-1",
    "a@b.org",
    "https://a.org",
    "田中",
]
NO_NAMES = [
    "shipped",
    "the Bank",
    "42",
    "15.5%",
    "true",
    "A",
    "The end of the whole long story",
]


@pytest.mark.parametrize(("said", "name"), [*((said, True) for said in NAMES), *((said, False) for said in NO_NAMES)])
def test_what_can_name_a_record(said: str, name: bool) -> None:
    assert is_name(classify(said), said) is name


def test_a_value_stated_again_has_the_spans_of_all_its_statements() -> None:
    text = 'x = 5\ny = 6\nx = 7\nx = 5\n{"a": {"b": 1}} {"a": {"b": 1}}'
    bindings = extract(text).bindings
    five, paths = only([b for b in bindings if b.value == "5"], "x"), [b for b in bindings if b.key == "a.b"]
    assert (five.span, five.spans) == (None, ((0, 5), (18, 23)))
    assert [text[slice(*required(path.span))] for path in paths] == ['"b": 1', '"b": 1']
    assert only(bindings, "y").span == (6, 11)
    assert [len(item.mentions) for item in locate(bindings, prompt_of(text), source=text).items] == [1, 1, 2, 1, 1]


def test_messages_have_spans_only_in_their_prompt() -> None:
    messages = [{"role": "user", "content": "x = 5\ny = 6"}, {"role": "user", "content": "x = 5"}]
    table = extract(messages)
    assert [(binding.span, binding.spans) for binding in table.bindings] == [(None, ())] * 2
    placed = table.in_prompt("<x = 5\ny = 6><x = 5>")
    assert [(binding.span, binding.spans) for binding in placed.bindings] == [((7, 12), ()), (None, ((1, 6), (14, 19)))]


def test_one_typed_value_is_one_value_under_all_keys() -> None:
    text = "Total: $1,250.00\nOpen = 1250 USD\nRoom: 00417\nDesk: 417\nOrder: #417"
    bindings = {binding.key: binding for binding in extract(text).bindings}
    assert bindings["Total"].surfaces == bindings["Open"].surfaces
    assert bindings["Total"].value == "1250 USD"
    assert [bindings[key].surfaces for key in ("Room", "Desk", "Order")] == [("00417",), ("417",), ("#417",)]
    table = locate(extract(text).bindings, prompt_of(text), source=text)
    assert [text[slice(*item.mentions[0].value_chars)] for item in table.items] == [
        *("$1,250.00", "1250 USD", "00417", "417", "#417")
    ]


def test_the_other_way_round() -> None:
    text = "Alice's badge number is 4417. Bob's badge number is 8213. Alice's desk is 12-B. The total is $5.00."
    inverse = extract(text).inverse
    assert [(item.key, item.value, item.attribute, item.owners) for item in inverse] == [
        ("badge number 4417", "Alice", "badge number", ("4417",)),
        ("badge number 8213", "Bob", "badge number", ("8213",)),
        ("desk 12-B", "Alice", "desk", ("12-B",)),
        ("price $5.00", "total", "price", ("$5.00", "$5", "5.00 USD", "USD 5.00", "5 USD", "USD 5")),
    ]
    table = locate(inverse, prompt_of(text), source=text)
    assert [text[slice(*item.mentions[0].value_chars)] for item in table.items] == ["Alice", "Bob", "Alice", "total"]


def test_the_other_way_round_of_rows_and_keys() -> None:
    table = extract(f"{MARKDOWN}\n" + as_text({"Alice": {"due": "$1,250.00"}, "Bob": {"due": "1250 USD"}}))
    inverse = {(item.key, item.value): item for item in table.inverse}
    assert ("customer Ann Lee", "1001") in inverse
    assert {("status shipped", "1001"), ("status shipped", "1002")} <= inverse.keys()
    both = [item for key, item in inverse.items() if key[0] == "due 1250 USD"]
    assert [item.value for item in both] == ["Alice", "Bob"]
    assert {"$1,250.00", "1250 USD"} <= set(both[0].owners)
    check_bindings(table.inverse)


def test_a_statement_that_is_told_twice_is_one_inverse_binding() -> None:
    data = {
        "now": {"Alice": {"badge": 417}, "Bob": {"badge": 1}},
        "old": {"Alice": {"badge": 417}, "Bob": {"badge": 2}},
    }
    text = as_text(data)
    alice = only(extract(text).inverse, "badge 417")
    assert alice.value == "Alice"
    assert [text[slice(*span)] for span in alice.spans] == ["Alice", '"badge": 417'] * 2


TURNED = {
    "Alice's badge number is 4417.": ["Alice's badge number is 4417"],
    "For Alice, the badge number is 4417.": ["For Alice, the badge number is 4417"],
    "The total of order #1001 is $5.00.": ["total of order #1001 is $5.00"],
    "we noted 4417 as Alice's badge": ["4417 as Alice's badge"],
    "The sleeping bag has the price $5.": ["sleeping bag has the price $5"],
    "order #1001's  total is $5.": ["order #1001's  total is $5"],
    "job-7 worker: yak-5": ["job-7 worker: yak-5"],
    "badge of Alice = 4417": ["badge of Alice = 4417"],
    "Alice's order #20391 left.": ["Alice's order #20391"],
    "Alice's badge was changed from 4417 to 8213.": [
        "Alice's badge was changed from 4417",
        "Alice's badge was changed from 4417 to 8213",
    ],
    "total was changed from 4417 to 8213.": ["total was changed from 4417", "total was changed from 4417 to 8213"],
    "Coffee beans   $12.50": ["Coffee beans   $12.50"],
    "2 x Tea @ $1.75 = $3.50": ["Tea @ $1.75 = $3.50"],
    "total = 80": ["total = 80"],
    "The total is $5.00.": ["total is $5.00"],
    "Field | Value\n--- | ---\n**Order** | ORD-1\n": ["Order** | ORD-1"],
    "id | badge | desk\n--- | --- | ---\nAnn \\| Lee | 417 | 12-B\n": [
        *("Ann \\| Lee", "Ann \\| Lee | 417", "Ann \\| Lee | 417 | 12-B")
    ],
    'id,badge\n"Ann ""Al"" Lee",417\n': ['Ann ""Al"" Lee', 'Ann ""Al"" Lee",417'],
    "id,count\n12,500\n13,400\n": ["12", "12", "500", "13", "13", "400"],
    '{"Alice": {"badge": 1, "desk": "x"}, "Bob": {"badge": 2, "desk": "y"}}': [
        *("Alice", '"badge": 1', "Alice", '"desk": "x"', "Bob", '"badge": 2', "Bob", '"desk": "y"')
    ],
    r'{"\u00c9va" : {"badge": 1}, "Bob": {"badge": 2}}': [r"\u00c9va", '"badge": 1', "Bob", '"badge": 2'],
    "{'Alice': {'badge': 1}, 'Bob': {'badge': 2}}": ["Alice", "'badge': 1", "Bob", "'badge': 2"],
    "update('job-7', worker='yak-5')": ["job-7", "worker='yak-5'"],
    "staff:\n  Alice:\n    badge: 1\n  'Bob':\n    badge: 2\n": ["Alice", "badge: 1", "Bob", "badge: 2"],
    '{"Tea": "$3.50"}': ['"Tea": "$3.50"'],
}


@pytest.mark.parametrize("text", TURNED)
def test_the_other_way_round_the_spans_hold_the_subject(text: str) -> None:
    inverse = extract(text).inverse
    assert [text[slice(*span)] for item in inverse for span in (item.spans or [required(item.span)])] == TURNED[text]
    for item in locate(inverse, prompt_of(text), source=text).items:
        assert any(text[slice(*mention.value_chars)] in item.surfaces for mention in item.mentions)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("Coffee beans   $12.50", "price $12.50", "Coffee beans"),
        ("total = 80", "value 80", "total"),
        ("Return date: 3 May 2024", "date 3 May 2024", "Return date"),
        ('{"Tea": "$3.50"}', "price $3.50", "Tea"),
    ],
)
def test_a_key_that_nobody_owns_has_its_value(text: str, key: str, value: str) -> None:
    (binding,) = extract(text).inverse
    assert (binding.key, binding.value) == (key, value)


def test_a_path_that_nobody_owns_is_no_value() -> None:
    assert extract('{"order": {"total": "$5.00"}}').inverse == []


def test_subjects_have_their_place_in_messages_and_prompts() -> None:
    messages = [{"role": "user", "content": "  Alice's badge was changed from 4417 to 8213."}]
    table = extract(messages)
    assert [(item.subject, item.subject_span) for item in table.items] == [("Alice", (2, 7))] * 2
    placed = table.in_prompt("<Alice's badge was changed from 4417 to 8213.>")
    assert [(item.subject, item.subject_span) for item in placed.items] == [("Alice", (1, 6))] * 2
