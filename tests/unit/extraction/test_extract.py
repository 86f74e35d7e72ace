"""What each rule finds, what it leaves, and which of them goes first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from guardbind import ConfigError, UnknownNameError
from guardbind.extraction import Block, ExtractedTable, Found, Pattern, default_rules, extract


def pairs(text: str, **settings: object) -> list[tuple[str, str]]:
    """Keys and values, each value checked to stand where its span says."""
    table = extract(text, **settings)  # type: ignore[arg-type]
    for item in table.items:
        assert item.span is not None and item.statement is not None
        assert text[slice(*item.span)] == item.value
        assert item.statement[0] <= item.span[0] < item.span[1] <= item.statement[1]
    return [(item.key, item.value) for item in table.items]


FOUND: dict[str, list[tuple[str, str]]] = {
    "alpha = 17": [("alpha", "17")],
    "alpha=17, beta=42; gamma = 63": [("alpha", "17"), ("beta", "42"), ("gamma", "63")],
    "Anna: 31. Ben: 45. The age of Ben is": [("Anna", "31"), ("Ben", "45")],
    'level=info order=4417 msg="two words"': [("level", "info"), ("order", "4417"), ("msg", "two words")],
    "KEY1=[ apple ]\nKEY1=[": [("KEY1", "apple")],
    "- **Ship to:** 12 Main Street, Springfield": [("Ship to", "12 Main Street, Springfield")],
    "1. Total (USD): $5.00\r\n2. Name: `Bob`\r\n": [("Total (USD)", "$5.00"), ("Name", "Bob")],
    "> Physician: Dr. J. Doe": [("Physician", "Dr. J. Doe")],
    "الاسم: علي\nשם: דוד": [("الاسم", "علي"), ("שם", "דוד")],
    "名前：田中\n番号＝42": [("名前", "田中"), ("番号", "42")],
    "🎟 seat: 🎟 12B": [("🎟 seat", "🎟 12B")],
    "Bob's badge number is 4417.": [("Bob's badge number", "4417")],
    "We heard that Mary Jane’s e-mail is mj@example.org!": [("Mary Jane's e-mail", "mj@example.org")],
    "The badge number of Bob is 4417, and the badge of Ann is 12-A.": [
        ("Bob's badge number", "4417"),
        ("Ann's badge", "12-A"),
    ],
    "The capital of France is Paris.": [("France's capital", "Paris")],
    "Anna has badge 4821, Boris has the badge number 9370.": [
        ("Anna's badge", "4821"),
        ("Boris's badge number", "9370"),
    ],
    "Your total is now $1,250.00 and x is 17": [("total", "$1,250.00"), ("x", "17")],
    "The due date has been changed to May 3, 2024.": [("due date", "May 3, 2024")],
    'The password is "open sesame".': [("password", "open sesame")],
    'Got {"id": 5, "lines": [{"sku": "A-1"}], "note": null, "ok": true}.': [
        ("id", "5"),
        ("lines[0].sku", "A-1"),
        ("ok", "true"),
    ],
    '[{"a.b": 1}, {"c": -2.5e3}]': [('[0]["a.b"]', "1"), ("[1].c", "-2.5e3")],
    '{"a": 1}\n{"a": 2}': [("a", "1"), ("a", "2")],
    '{"broken": {"inner": 5}, "rest": ': [("inner", "5")],
    "order:\n  id: 7\n  tags:\n  - new\n  - 'big one'\nThanks!": [
        ("order.id", "7"),
        ("order.tags[0]", "new"),
        ("order.tags[1]", "big one"),
    ],
    'Customer: {"id": 5}\nOrder: {"id": 7}': [("Customer.id", "5"), ("Order.id", "7")],
    "---\ntitle: Notes\n---\nText.": [("title", "Notes")],
    "```yaml\na: one two\nb: ~\n```": [("a", "one two")],
    "| name | badge no | city |\n|---|--:|:-:|\n| Ann | **4417** | `Rome` |\n| Bob | – | a\\|b |\nDone.": [
        ("Ann.name", "Ann"),
        ("Ann.badge no", "4417"),
        ("Ann.city", "Rome"),
        ("Bob.name", "Bob"),
        ("Bob.city", "a\\|b"),
    ],
    "Field | Value\n--- | ---\nOrder | ORD-1\nTotal | $5\n": [("Order", "ORD-1"), ("Total", "$5")],
    "a | b\n--|--\nx | 1\nx | 2\n": [("[0].a", "x"), ("[0].b", "1"), ("[1].a", "x"), ("[1].b", "2")],
    'name,badge\nAnn,4417\n"Bob ""B""","82,13"\n': [
        ("Ann.name", "Ann"),
        ("Ann.badge", "4417"),
        ('["Bob \\"B\\""].name', 'Bob ""B""'),
        ('["Bob \\"B\\""].badge', "82,13"),
    ],
    "name, age\nAnn, 31\nBob, 45\nSo much for names, then.": [
        ("Ann.name", "Ann"),
        ("Ann.age", "31"),
        ("Bob.name", "Bob"),
        ("Bob.age", "45"),
    ],
    "city\ttemp\nRome\t21\n": [("Rome.city", "Rome"), ("Rome.temp", "21")],
    "Action: get_order(order_id=4417, name='Zoë', limit=-3, deep=f(1))": [
        ("get_order.order_id", "4417"),
        ("get_order.name", "Zoë"),
        ("get_order.limit", "-3"),
    ],
    "got {'user': {'id': 771, 'plan': 'it\\'s \\u0041'}, 'tags': ['a'], 'x': None} back": [
        ("user.id", "771"),
        ("user.plan", "it\\'s \\u0041"),
        ("tags[0]", "a"),
    ],
    "The limit is 5 GB. Your balance is now 3,410 points, as of today": [
        ("limit", "5 GB"),
        ("balance", "3,410 points"),
    ],
    "Version: v14.2.1, upgraded from 13.9": [("Version", "v14.2.1")],
    "Your order #20391 has left. Invoice no. 4417 is open. We closed #1234.": [
        ("order", "#20391"),
        ("Invoice", "4417"),
    ],
    "Alice's order #20391 was late; her order #3333 was not.": [("Alice's order", "#20391")],
    "- Alice: 4417\n- Bob: 8213\n": [("Alice", "4417"), ("Bob", "8213")],
    "- sku: A-1\n  qty: 2\n- sku: B-2\n": [("[0].sku", "A-1"), ("[0].qty", "2"), ("[1].sku", "B-2")],
    "Alice's badge number was changed from 4417 to 8213.": [
        ("Alice's badge number", "4417"),
        ("Alice's badge number", "8213"),
    ],
    "The deadline has been moved from May 3, 2024 to May 5, 2024; the lead of Atlas was changed from Ann Lee to Bo.": [
        ("deadline", "May 3, 2024"),
        ("deadline", "May 5, 2024"),
        ("Atlas's lead", "Ann Lee"),
        ("Atlas's lead", "Bo"),
    ],
    "Alice's appointment is on 3 May 2024. Bob's office is in Room 214. Check-in is at 15:00.": [
        ("Alice's appointment", "3 May 2024"),
        ("Bob's office", "Room 214"),
        ("Check-in", "15:00"),
    ],
    "The total of order #1001 is $5.00, order #1002's total is $6.00.": [
        ("order #1001's total", "$5.00"),
        ("order #1002's total", "$6.00"),
    ],
    "Coffee beans   $12.50\n2 x Green tea @ $6.25 = $12.50\n3 x Cups  1.250,00 EUR\r\n": [
        ("Coffee beans", "$12.50"),
        ("Green tea", "$12.50"),
        ("Cups", "1.250,00 EUR"),
    ],
    "Milk ........ 1.20\n- Rye bread - €3.40\nOat bar: 2 x $1.50 = $3.00\nTotal: 1.250,00 EUR": [
        ("Milk", "1.20"),
        ("Rye bread", "€3.40"),
        ("Oat bar", "$3.00"),
        ("Total", "1.250,00 EUR"),
    ],
    "Flat white   2   4.50   9.00\n": [("Flat white", "9.00")],
    "[12:03] set x = 5\n12:04 INFO order_status=shipped\n2024-05-03T10:00:01Z WARN: disk free: 5 GB": [
        ("x", "5"),
        ("order_status", "shipped"),
        ("disk free", "5 GB"),
    ],
    "10:05 INFO agent started level=debug": [("level", "debug")],
    "Observation: order_status = shipped\nTool result: eta=2024-05-03": [
        ("order_status", "shipped"),
        ("eta", "2024-05-03"),
    ],
    "Mail: <ann@example.org>": [("Mail", "ann@example.org")],
    "For Ann Lee, the place of birth is Cork. For Bo, the seat is 12B.": [
        ("Ann Lee's place of birth", "Cork"),
        ("Bo's seat", "12B"),
    ],
    "4417 is Bob's badge number. We noted May 3, 2024 as Ann's start date. We noted Tom Reed as Bo's lead.": [
        ("Bob's badge number", "4417"),
        ("Ann's start date", "May 3, 2024"),
        ("Bo's lead", "Tom Reed"),
    ],
    "Ann has the start date May 3, 2024. Bo has the manager Tom Reed. The salad bowl has the price EUR 5.00.": [
        ("Ann's start date", "May 3, 2024"),
        ("Bo's manager", "Tom Reed"),
        ("salad bowl's price", "EUR 5.00"),
    ],
    "The salad bowl's price was $7.00. My home town is Cork. Bob's number is (514) 555-0114.": [
        ("salad bowl's price", "$7.00"),
        ("home town", "Cork"),
        ("Bob's number", "(514) 555-0114"),
    ],
    "The status of job-7 is now overdue. job-8's status is queued. [10:24] backup_mode was set to manual": [
        ("job-7's status", "overdue"),
        ("job-8's status", "queued"),
        ("backup_mode", "manual"),
    ],
    "job-7 worker: otter-8\nAction: update('job-9', worker='yak-5')": [
        ("job-7 worker", "otter-8"),
        ("update.job-9.worker", "yak-5"),
    ],
    'Tool result: {"job-7": {"steps": 3}}\nTool result: {"job-8": {"steps": 4}}': [
        ("job-7.steps", "3"),
        ("job-8.steps", "4"),
    ],
    'Orders:\n\n{\n  "A-1": {"city": "Riga"},\n  "A-2": {"city": "Cork"}\n}': [
        ("A-1.city", "Riga"),
        ("A-2.city", "Cork"),
    ],
    "Notes:\n- The badge of Ann is 4417.\n- The boats lie still.": [("Ann's badge", "4417")],
}


@pytest.mark.parametrize("text", FOUND)
def test_found(text: str) -> None:
    assert pairs(text) == FOUND[text]


NOTHING = [
    "",
    " \r\n\t",
    "The harbour is quiet in the morning, and the boats lie at the pier.",
    "He said: I will go. She replied: we can wait for it.",
    "Is Bob's badge 4417? What is the total?\nIf the total is 5, we stop.",
    "It is 5. This is 4417. There are 12. That was 2019.",
    "Bob's badge is not 4417. The total is about 50. Bob has 3 cats. Ann has at least 3 cats.",
    "We met at 10:30 and read https://example.org/?id=5&b=6 and see [1, 2] and f(x) {1, 2}.",
    "x == 5, y != 6, z >= 7, a => b, c :: d, C:\\temp",
    "Dear Bob,\nthank you, we will see.\nBest regards,\nAnn",
    "Answer: The badge number of Bob is",
    "tags = [a, b, c]\nmap = {a: 1",
    "Please note:\n- We ship on Mondays, as you have asked.\n- It is never late.",
    "a | b\nc | d",
    "[1]: see [2] and [[3], [4]]",
    "key =\nother:\n",
    "Bob left. His badge is 4417. Ann came, and her badge is 8213; their room is 5.",
    "Reply as `Answer: <value>` or Answer: {number}. Answer: ...",
    'Reply with {"answer": "<the number>", "why": "..."} only. Write in the form NAME = VALUE',
    "Question: badge of Bob\nPlease answer in the form badge = x",
    "What is the status of order #20391? Tell me the total of order #20391.",
    "There is no 4417. He ranked #1234 and said no. 4417 came. Room #12 is free.",
    "Is 4417 Bob's badge? If 4417 is Bob's badge, we stop. Ann has the key Bob wanted. Bob's car is red.",
    "The team has the goal of winning 3 games. It is now red. All was Bob's fault. He was known as Ann's friend.",
    "It costs  $12.50\nWe paid - $3.00\n2 x Tea @ $3.00\nThe company is in 3 countries.",
    "The badge of Bob was changed from blue to 4417. Bob changed from 5 to many.",
    "The new address is 5 Quay Road, Cork. The range is 5 to 7 or even very much more than that.",
]


@pytest.mark.parametrize("text", NOTHING)
def test_what_has_no_form_is_not_bound(text: str) -> None:
    assert pairs(text) == []


def test_a_key_that_is_computed_somewhere_is_not_bound() -> None:
    found = extract("x = 3\ny = 4\nx = x + y\nroom = Room 5 - East\ntotal = price * qty")
    assert [(item.key, item.value) for item in found.items] == [("y", "4")]


def test_reassignment_keeps_its_history() -> None:
    table = extract("x = 5\ny = 6\nx = 7\nx = 5")
    assert [(item.value, item.occurrence) for item in table.history("x")] == [("5", 0), ("7", 1), ("5", 2)]
    assert table.keys == ("x", "y")
    assert table.history("z") == ()


def test_one_attribute_has_one_key_whichever_way_it_is_written() -> None:
    text = '{"Bob": {"badge": "1111"}} Bob\'s badge is 2222. The badge of Bob is now 3333. Bob has badge 4444.'
    assert pairs(text) == [("Bob.badge", value) for value in ("1111", "2222", "3333", "4444")]


def test_the_more_specific_rule_reads_first_and_alone() -> None:
    text = 'note: {"total: x": "a = 5", "list": "b is 6"}\nc = 7'
    assert [(item.key, item.rule) for item in extract(text).items] == [
        ("total: x", "json"),
        ("list", "json"),
        ("c", "assignment"),
    ]


def test_a_pattern_of_the_callers_goes_first() -> None:
    pattern = Pattern("ticket", r"(?P<key>ticket) no\. (?P<value>\d+)")
    table = extract("ticket no. 12, x = 3", rules=[pattern, *default_rules()])
    assert [(item.key, item.value, item.rule) for item in table.items] == [
        ("ticket", "12", "ticket"),
        ("x", "3", "assignment"),
    ]
    owned = Pattern("held", r"(?P<owner>\w+) holds (?P<key>seat) (?P<value>\w+)")
    assert pairs("Ann holds seat 12B", rules=[owned]) == [("Ann's seat", "12B")]


@pytest.mark.parametrize(
    ("regex", "message"), [("(?P<key>a", "no regular expression"), ("(?P<key>a)b", "has no group value")]
)
def test_a_pattern_that_cannot_bind_is_refused(regex: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Pattern("mine", regex)


def test_a_rule_is_any_callable() -> None:
    def shout(text: str) -> Iterator[Block]:
        at = text.find("42")
        yield Block((at, at + 2), (Found(("answer",), (at, at + 2), (at, at + 2)),))

    (item,) = extract("it is 42", rules=[shout]).items
    assert (item.key, item.value, item.rule) == ("answer", "42", "shout")


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'yaml'"):
        extract("x", rules=["yml"])
    with pytest.raises(ConfigError, match="a list of rules"):
        extract("x", rules="json")


def test_an_object_binds_its_paths_and_has_no_place() -> None:
    table = extract({"order": {"id": "ORD-1", "lines": [{"price": 9.5}, {"price": None}], "paid": True}, "": "x"})
    assert [(item.key, item.value, item.span) for item in table.items] == [
        ("order.id", "ORD-1", None),
        ("order.lines[0].price", "9.5", None),
        ("order.paid", "true", None),
        ('[""]', "x", None),
    ]
    assert [binding.span for binding in table.bindings] == [None] * 4


def test_an_object_that_cannot_be_written_is_noted_and_one_without_end_refused() -> None:
    table = extract({"a": object(), "b": 1})
    assert table.keys == ("b",)
    assert "the value of a is a object" in table.notes[0]
    loop: dict[str, object] = {}
    loop["again"] = loop
    with pytest.raises(ConfigError, match="nested deeper"):
        extract(loop)


@pytest.mark.parametrize("source", [5, b"x = 5", None])
def test_another_source_is_refused(source: object) -> None:
    with pytest.raises(ConfigError, match="a text, messages or a mapping"):
        extract(source)  # type: ignore[arg-type]


def test_long_values_are_passages() -> None:
    assert pairs('{"story": "' + "a " * 101 + '", "n": 1}') == [("n", "1")]


def test_the_same_text_gives_the_same_table() -> None:
    text = "\n".join(FOUND)
    assert isinstance(extract(text), ExtractedTable)
    assert extract(text) == extract(text)
