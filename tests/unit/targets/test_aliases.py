"""Names of the caller: what the answer, a slot or a tool calls otherwise than the prompt does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plain_prompts import as_prompt, said

from guardbind.errors import TargetError
from guardbind.evidence import Binding, locate
from guardbind.targets import Agreement, Place, read_query, resolve
from guardbind.targets.stated import read_bindings
from guardbind.targets.tool_schema import titles

CITY = '{"city": "Berlin", "lat": 52.52, "lon": 13.4}'
CITIES = '{"city": "Berlin", "lat": 52.52}\n{"city": "Rome", "lat": 41.9}'
ORDER = "Order number: 4471\nTotal: 52.10"
MARA = "Mara's order number is 4471. Mara's customer number is 99."
MAIL = "Recipient: mara@x.org\nSubject: Hello"


def field(name: str, written: str = "{") -> Place:
    return Place(name, f"{written} {name}")


MEANT: list[tuple[dict[str, str], str, str, str | Place | None, str | None]] = [
    ({"latitude": "lat"}, CITY, "Call the tool.", field("latitude"), "52.52"),
    ({}, CITY, "Call the tool.", field("latitude"), None),
    ({"latitude": "lat"}, CITY, "What is the latitude of Berlin?", None, "52.52"),
    ({"latitude": "lat"}, CITY, "What is the latitude of Paris?", None, None),
    ({"latitude": "lat"}, CITY, "What is half the latitude of Berlin?", None, None),
    ({"latitude": "lat"}, CITIES, "What is the latitude of Rome?", None, "41.9"),
    ({"latitude": "lat"}, CITIES, "What is the latitude?", None, None),
    ({"latitude": "lat"}, CITIES, "Where is Rome?", "The latitude of Rome is", "41.9"),
    ({"latitude": "lat"}, CITIES, "Plan the way.", field("latitude", '{"city": "Rome",'), "41.9"),
    # names of several words, however they are joined, on either side
    ({"order_id": "order number"}, ORDER, "Cancel it.", field("order_id"), "4471"),
    ({"order_id": "order number"}, ORDER, "Cancel it.", field("orderId"), "4471"),
    ({"order_id": "order number"}, MARA, "What is Mara's order id?", None, "4471"),
    ({"order_id": "order number"}, MARA, "Cancel Mara's order.", field("order_id"), "4471"),
    ({"date_of_birth": "dob"}, "dob: 1990-02-03", "File it.", field("date_of_birth"), "1990-02-03"),
    ({"dob": "date of birth"}, "Date of birth: 1990-02-03", "File it.", field("dob"), "1990-02-03"),
    ({}, ORDER, "Cancel it.", field("order_id"), None),
    # a name stands for itself alone, and for exactly what the caller says
    ({"id": "order number"}, ORDER, "Cancel it.", field("id"), "4471"),
    ({"id": "order number"}, ORDER, "Cancel it.", field("customer_id"), None),
    ({"id": "order number"}, ORDER, "Cancel it.", "The customer id is", None),
    ({"id": "order number"}, f"id: 99\n{ORDER}", "Cancel it.", field("id"), None),
    ({"amount": "total"}, ORDER, "Refund it.", field("refund_amount"), None),
    ({"amount": "total"}, ORDER, "What is the refund amount?", None, None),
    ({"amount": "grand total"}, ORDER, "Pay.", field("amount"), None),
    # a word that every sentence has names something only where nothing else stands
    ({"to": "recipient"}, MAIL, "Send the mail.", field("to"), "mara@x.org"),
    ({"to": "recipient"}, MAIL, "Send the mail.", "I sent it to", None),
]


def test_a_name_of_the_caller_stands_for_what_the_prompt_calls_otherwise() -> None:
    missed = []
    for fields, facts, question, place, value in MEANT:
        prompt = as_prompt(f"{facts}\n{question}\n")
        table = locate(read_bindings(prompt, fields=fields), prompt)
        agreed = Agreement(table, read_query(prompt, table.end), fields=fields)
        found = agreed.resolve(said(place) if isinstance(place, str) else place)
        got = None if found.index is None else table.items[found.index].value
        if got != value:
            missed.append((fields, facts, question, place, got, value))
    assert missed == []


@pytest.mark.parametrize(
    ("keys", "generated", "value"),
    [
        (("lat", "lon"), '{"latitude": ', "1"),
        (("lat", "lon"), "The latitude =", "1"),
        (("lat", "lon"), '{"altitude": ', None),
        (("lat", "latitude"), '{"latitude": ', None),
    ],
)
def test_declared_keys_have_these_names_as_well(keys: tuple[str, str], generated: str, value: str | None) -> None:
    prompt = as_prompt(f"{keys[0]} = 1\n{keys[1]} = 2\nGo on.\n")
    table = locate([Binding(keys[0], "1"), Binding(keys[1], "2")], prompt)
    found = resolve(table, prompt, declared=None, generated=generated, fields={"latitude": "lat"})
    assert (None if found.index is None else table.items[found.index].value) == value


def test_a_target_can_be_declared_by_such_a_name() -> None:
    prompt = as_prompt("order number = 1\ntotal = 2\n")
    table = locate([Binding("order number", "1"), Binding("total", "2")], prompt)
    assert resolve(table, prompt, declared="order_id", fields={"order_id": "Order number"}).key == "order number"
    with pytest.raises(TargetError):
        resolve(table, prompt, declared="order_id", fields={"order_id": "order"})


def tool(name: str, **properties: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"properties": properties}}}


def test_the_title_of_a_parameter_names_it_where_the_tools_agree() -> None:
    order, customer = {"title": "Order number", "type": "string"}, {"title": "Customer number"}
    assert titles([tool("cancel", id=order, note={"type": "string"})]) == {"id": "Order number"}
    assert titles([tool("cancel", id=order), tool("show", id=order)]) == {"id": "Order number"}
    assert titles([tool("cancel", id=order), tool("ask", id=customer)]) == {}
    assert titles([tool("cancel", id=order), tool("ask", id={"type": "string"})]) == {}
    assert titles([tool("cancel", id={"description": "The order number"})]) == {}
    nested = {"type": "array", "items": {"properties": {"id": order}}}
    assert titles([tool("cancel", orders=nested)["function"]]) == {"id": "Order number"}


@pytest.mark.parametrize("odd", ["null", "[]", '"x"', '{"function": 3}', '{"parameters": {"properties": [1]}}'])
def test_what_is_no_schema_names_nothing(odd: str) -> None:
    assert titles([json.loads(odd), print, tool("x", y=3, z={"title": 4})]) == {}


def test_what_a_prompt_says_of_tools_is_no_fact_and_a_call_takes_its_arguments_from_the_facts() -> None:
    order = {"type": "string", "title": "Order number", "description": "The number of the order"}
    tools = [tool("cancel_order", order_id=order, why={"type": "string"}), tool("list_orders")]
    for one in tools:
        one["function"]["parameters"]["type"] = "object"
    facts = 'Order number: 4471\nTotal: 52.10\n{"name": "Mara", "type": "object", "parameters": {"speed": 3}}'
    functions = [one["function"] for one in tools]
    forms = ["\n".join(map(json.dumps, tools)), json.dumps(tools, indent=2), json.dumps(functions)]
    for form in forms:
        prompt = as_prompt(f"You may call:\n<tools>\n{form}\n</tools>\n\n{facts}\n\nPlease cancel it.\n")
        bindings = read_bindings(prompt, fields=titles(tools))
        assert {item.value for item in bindings} == {"4471", "52.10", "Mara", "object", "3"}
        table = locate(bindings, prompt)
        agreed = Agreement(table, read_query(prompt, table.end), fields=titles(tools))
        found = agreed.resolve(field("order_id", '{"name": "cancel_order", "arguments": {'))
        assert found.index is not None
        assert table.items[found.index].value == "4471"
