"""What belongs together by lines: sections, cards, rows, logs, mails; and what an instruction names is no evidence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.extraction import extract
from guardbind.registry import RULES

Said = dict[tuple[str | int, ...], str]


def said(text: str, language: str = "english") -> list[tuple[tuple[str | int, ...], str]]:
    """Paths and values, each value checked to stand where its span says."""
    table = extract(text, language=language)
    for item in table.items:
        assert item.span is not None and text[slice(*item.span)] == item.value
    return [(item.path, item.value) for item in table.items]


def two(first: tuple[str | int, ...], second: tuple[str | int, ...], **values: tuple[str, str]) -> Said:
    """The same keys of two records, key by key of the first, then of the second."""
    found: Said = {}
    for place, path in enumerate((first, second)):
        found |= {(*path, key.replace("_", " ")): pair[place] for key, pair in values.items()}
    return found


ORDERS = two(("Order 1001",), ("Order 1002",), Total=("52.10", "25.10"), Carrier=("DPX", "Nordpost"))
PEOPLE = two((0,), (1,), Name=("Alice", "Bob"), Badge=("4417", "8213"))
FLIGHTS = two(("Flight HAT069",), ("Flight HAT083",), Price=("$121", "$100"), Seats=("12", "7"))
LAMPS = two(("Lamp",), ("Desk",), SKU=("A-17", "A-18"), Price=("$12", "$90"))

RECORDS: dict[str, Said] = {
    # Sections.
    "### Order 1001\nTotal: 52.10\nCarrier: DPX\n### Order 1002\nTotal: 25.10\nCarrier: Nordpost\n\nWhat?": ORDERS,
    "Order 1001\n=====\n\nTotal: 52.10\nCarrier: DPX\n\nOrder 1002\n=====\nTotal: 25.10\nCarrier: Nordpost": ORDERS,
    "**Order 1001**\n\n- Total: 52.10\n- Carrier: DPX\n\n**Order 1002:**\n- Total: 25.10\n- Carrier: Nordpost": ORDERS,
    "Order 1001\nTotal: 52.10\nCarrier: DPX\nOrder 1002\nTotal: 25.10\nCarrier: Nordpost\n": ORDERS,
    "Order 1001:\n  Total: 52.10\n  Carrier: DPX\nOrder 1002:\n  Total: 25.10\n  Carrier: Nordpost\n": ORDERS,
    "# Shop\n## A\n### Tea\nPrice: $3\n## B\n### Tea\nPrice: $4\n# Bar\nPrice: $5": {
        ("Shop", "A", "Tea", "Price"): "$3",
        ("Shop", "B", "Tea", "Price"): "$4",
        ("Bar", "Price"): "$5",
    },
    "## Item\nName: Tea\n## Item\nName: Cake\n": {("Item", 0, "Name"): "Tea", ("Item", 1, "Name"): "Cake"},
    "### Lamp (SKU: A-17)\nPrice: $12\n### Desk (SKU: A-18)\nPrice: $90": LAMPS,
    # What no rule can read does not end a record.
    "A 1\nPort: 5\nNotes: We have seen that it is slow.\nRoom: 7\nA 2\nPort: 6\nRoom: 8": two(
        ("A 1",), ("A 2",), Port=("5", "6"), Room=("7", "8")
    ),
    # Cards and items.
    "1. Flight HAT069\n   - Price: $121\n   - Seats: 12\n2. Flight HAT083\n   - Price: $100\n   - Seats: 7": FLIGHTS,
    "1. Flight HAT069\n- Price: $121\n- Seats: 12\n2. Flight HAT083\n- Price: $100\n- Seats: 7": FLIGHTS,
    "[1] Flight HAT069\nPrice: $121\nSeats: 12\n[2] Flight HAT083\nPrice: $100\nSeats: 7": FLIGHTS,
    "- **Flight HAT069** - Price: $121, Seats: 12\n- **Flight HAT083**: Price: $100; Seats: 7": FLIGHTS,
    "Flight HAT069 | Price: $121 | Seats: 12\nFlight HAT083 | Price: $100 | Seats: 7": FLIGHTS,
    "- Ulm\n  - Office\n    - Rent: 500 EUR\n  - Shop\n    - Rent: 700 EUR\n": {
        ("Ulm", "Office", "Rent"): "500 EUR",
        ("Ulm", "Shop", "Rent"): "700 EUR",
    },
    "1. **Reservation ID: 5BGGWZ**\n2. **Reservation ID: HTR26G**\n": {
        (0, "Reservation ID"): "5BGGWZ",
        (1, "Reservation ID"): "HTR26G",
    },
    "1. **ID: 5BGGWZ**\n   - Cabin: economy\n2. **ID: HTR26G**\n   - Cabin: business": two(
        (0,), (1,), ID=("5BGGWZ", "HTR26G"), Cabin=("economy", "business")
    ),
    "- A Map of Crows: shelf BF31\n- The Salt Road: shelf DT44": {
        ("A Map of Crows",): "shelf BF31",
        ("The Salt Road",): "shelf DT44",
    },
    # A title that no name can be made of parts records all the same.
    "### Can 1\nSize: 5\n### And what is it that we have seen there, and when, and why?\nSize: 7": {
        ("Can 1", "Size"): "5",
        (0, "Size"): "7",
    },
    "- Alpha\n  - Port: 5\n- Beta, which we got last week.\n  - Port: 7": {("Alpha", "Port"): "5", (0, "Port"): "7"},
    # Rows, and records one below the other.
    "Name: Alice, Badge: 4417\nName: Bob, Badge: 8213\n\nWhat is the badge?": PEOPLE,
    "- Name: Alice | Badge: 4417\n- Name: Bob | Badge: 8213": PEOPLE,
    "Name=Alice; Badge=4417\nName=Bob; Badge=8213": PEOPLE,
    "Name: Alice\nBadge: 4417\nName: Bob\nBadge: 8213": PEOPLE,
    "Name: Alice\nBadge: 4417\n\nName: Bob\nBadge: 8213\n\nTell me.": PEOPLE,
    "姓名：张伟，工号：4417\n姓名：李娜，工号：8213": two((0,), (1,), 姓名=("张伟", "李娜"), 工号=("4417", "8213")),
    "Patient: Mr. Holm, ward 3\nPotassium: 3.4 mmol/L\nPatient: Ms. Aune, ward 3\nPotassium: 5.1 mmol/L": two(
        (0,), (1,), Patient=("Mr. Holm, ward 3", "Ms. Aune, ward 3"), Potassium=("3.4 mmol/L", "5.1 mmol/L")
    ),
    "Flight: A-1\nGate: 4\nGate: 5\nFlight: A-2\nGate: 9": two((0,), (1,), Flight=("A-1", "A-2"), Gate=("5", "9")),
    "Tea        3.50\nTOTAL      3.50\n\nCake       4.00\nTOTAL      4.00": {
        (0, "Tea"): "3.50",
        (0, "TOTAL"): "3.50",
        (1, "Cake"): "4.00",
        (1, "TOTAL"): "4.00",
    },
    # Logs; a value that is measured again has a history.
    "12:01 host=web-1 cpu=82\n12:01 INFO done host=web-2 cpu=17": two(
        (0,), (1,), time=("12:01", "12:01"), host=("web-1", "web-2"), cpu=("82", "17")
    ),
    "[06:00] t = 71.4\n[06:30] t = 74.9": {("t",): "74.9"},
    "x = 5\ny = 6\nx = 7\ny = 8": {("x",): "7", ("y",): "8"},
    # A name and a colon.
    "Step 1: temperature = 180\nStep 2: set temperature = 220": {
        ("Step 1", "temperature"): "180",
        ("Step 2", "temperature"): "220",
    },
    "Office 2: wifi password is kiwi-17. Office 3: the wifi password is plum-71.": {
        ("Office 2", "wifi password"): "kiwi-17",
        ("Office 3", "wifi password"): "plum-71",
    },
    "[06:00] web-1: cpu = 82, mem = 4\n[06:00] web-2: cpu = 17, mem = 5": two(
        ("web-1",), ("web-2",), cpu=("82", "17"), mem=("4", "5")
    ),
    "09:14 to Turin: platform 2. 08:14 to Leeds: platform 3.": {
        ("09:14 to Turin", "platform"): "2",
        ("08:14 to Leeds", "platform"): "3",
    },
    "High tide in Ayr: 05:47. High tide in Oban: 06:12.": {
        ("High tide in Ayr",): "05:47",
        ("High tide in Oban",): "06:12",
    },
    "src/a.py:12: TIMEOUT = 30  # seconds\nlib/b.py:3:    retries: int = 5": {
        ("src/a.py", "TIMEOUT"): "30",
        ("lib/b.py", "retries"): "5",
    },
    # A bracket speaks of what stands before it.
    "Lamp (SKU: A-17) costs $12. We sent the Desk (SKU: A-18, Price: $90).": {
        ("Lamp", "SKU"): "A-17",
        ("Desk", "SKU"): "A-18",
        ("Desk", "Price"): "$90",
    },
    "Alice 4417\nBob 8213\n": {("Alice",): "4417", ("Bob",): "8213"},
    # Mails, and what they quote.
    "From: a@x.org\nSubject: Bill 8\n\nHello.\nTotal: $5.00\n> Total: $4.00\n\nFrom: b@x.org\nSubject: Bill 9\n": {
        **{(0, "From"): "a@x.org", (0, "Subject"): "Bill 8", (0, "Total"): "$5.00", (0, 0, "Total"): "$4.00"},
        **{(1, "From"): "b@x.org", (1, "Subject"): "Bill 9"},
    },
    # What stands behind a value is no part of it.
    "LIMIT = 60  # raised\nPLACE = 5 // the old one\ncolor: #fff": {
        ("LIMIT",): "60",
        ("PLACE",): "5",
        ("color",): "#fff",
    },
    "def f(x: int = 5):\n    timeout: int = 30\n    return x": {("timeout",): "30"},
    "Numéro de facture : 88-40127\nMontant dû : 812,44 EUR": {
        ("Numéro de facture",): "88-40127",
        ("Montant dû",): "812,44 EUR",
    },
}

ENGLISH_ONLY = (
    "A 1",
    "Patient",
    "- A Map",
    "12:01",
    "Step",
    "Office",
    "09:14",
    "High",
    "Lamp",
    "From",
)


@pytest.mark.parametrize("language", ["english", "german"])
def test_what_belongs_together(language: str) -> None:
    for text, expected in RECORDS.items():
        if language == "german" and text.startswith(ENGLISH_ONLY):
            continue
        assert dict(said(text, language)) == expected, text


INSTRUCTIONS: dict[str, Said] = {
    '{"Alice": "4417", "Bob": "8213"}\n\nKey: "Bob"\nCorresponding value:': {("Alice",): "4417", ("Bob",): "8213"},
    "Alice 4417\nBob 8213\n\nName: Bob\nNumber:": {("Alice",): "4417", ("Bob",): "8213"},
    "Name: Alice, Badge: 4417\nName: Bob, Badge: 8213\n\nName: Eve\nBadge:": PEOPLE,
    "Notes.\n\nalpha: 17\nbeta: 42\nalpha:": {("alpha",): "17", ("beta",): "42"},
    'Ann\'s badge is 5566.\nFill in as JSON: {"name": "Bob", "badge": "4417"}': {("Ann", "badge"): "5566"},
    'Reply in this format: {"badge": "4417"}\n\n{"badge": "5566"}': {("badge",): "5566"},
    'The data in JSON format: {"badge": "5566"}': {("badge",): "5566"},
    "Examples:\nEve's badge is 1111.\n\nAnn's badge is 5566.": {("Ann", "badge"): "5566"},
    "Q: Eve's badge?\nA: x = 1111\nQ: Ann's badge is 5566. What is it?\nA:": {("Ann", "badge"): "5566"},
    "Input: x = 5\nOutput: y = 6\nInput: x = 7\nOutput:": {("x",): "7"},
    "Read this.\n\nContext: Ann's badge is 5566.\nAnswer:": {("Ann", "badge"): "5566"},
    "Q: What is x?\nx = 5\nA: x = 6": {("x",): "6"},
}


def test_what_an_instruction_names_is_no_evidence() -> None:
    for text, expected in INSTRUCTIONS.items():
        assert dict(said(text)) == expected, text


NO_RECORDS = [
    "Please note: we are closed.\nAlso: nobody is here.\n",
    "He said: I will go.\nShe said: we can wait.\n",
    "Room 5: the heating is very loud. Room 6: the heating is fine.",
    "Dear Bob,\nwe will see.\n\nDear Ann,\nwe will see.\n",
    "We paid (as said: it is late) and left (see: above, or not).",
    "May 2024\nJune 2025\n",
    "Note: x is open. Update: x is closed.",
    "| a | b\n> quoted\n# Title\n## Other\n",
]


def test_what_is_no_record_is_not_read() -> None:
    for text in NO_RECORDS:
        assert said(text) == [], text


def test_a_bracket_whose_name_is_not_certain_binds_nothing() -> None:
    for text in ("Our trip in March (budget: 500 EUR)", "see (Total: 5)", "we saw it, the one there (Price: $5)"):
        assert said(text) == [], text


LINE_RULES = ("instruction", "section", "labelled", "two_columns", "bracketed", "receipt", "assignment", "numbered")
PIECES = st.sampled_from([*RECORDS, *INSTRUCTIONS, *NO_RECORDS])
NOISE = st.sampled_from(
    [*"=:,;|{}[]()\"'`*-_#>.?!\n\r\t 0aA", "\n\n", "\r\n", "```", "---\n", "- ", "1. ", "**", "：", "\ud800"]
)


@st.composite
def broken(draw: st.DrawFn) -> str:
    text = "\n".join(draw(st.lists(PIECES, min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 6))):
        at, cut = draw(st.integers(0, len(text))), draw(st.sampled_from([0, 0, 1, 7]))
        text = text[:at] + draw(NOISE) + text[at + cut :]
    return text


@given(broken())
def test_whatever_the_text_blocks_are_disjoint_and_places_exact(text: str) -> None:
    for rule in LINE_RULES:
        reached = 0
        for block in sorted(RULES.get(rule)(text), key=lambda block: block.region):
            assert reached <= block.region[0] <= block.region[1] <= len(text)
            reached = last = block.region[0]
            for found in block.found:
                assert block.region[0] <= last <= found.value[0] < found.value[1] <= block.region[1]
                assert found.statement[0] <= found.value[0] and found.value[1] <= found.statement[1]
                for part, place in zip(found.path, found.places, strict=False):
                    assert place is None or text[slice(*place)] == part
                last = found.value[1]
            reached = block.region[1]


NAMES = st.builds("{} {}".format, st.sampled_from(["Lamp", "Order", "Ms. Lee", "Kiln of Ulm"]), st.integers(1, 999))
CARDS = st.dictionaries(
    NAMES, st.tuples(st.integers(10, 10**6), st.sampled_from(["red", "blue"])), min_size=2, max_size=5
)
FORMS = ["### {}\nSize: {}\nColor: {}\n", "**{}**\nSize: {}\nColor: {}\n\n", "{}\nSize: {}\nColor: {}\n"]
FORMS += ["- {}\n  - Size: {}\n  - Color: {}\n", "{} | Size: {} | Color: {}\n", "1. {} (Size: {}, Color: {})\n"]


@given(CARDS, st.sampled_from(FORMS))
def test_cards_are_read_back(cards: dict[str, tuple[int, str]], form: str) -> None:
    text = "".join(form.format(name, *card) for name, card in cards.items())
    sizes = {(name, "Size"): str(size) for name, (size, _) in cards.items()}
    assert dict(said(text)) == sizes | {(name, "Color"): color for name, (_, color) in cards.items()}


LARGE = {
    "headings": "# A\n" * 1000,
    "deep": "".join(" " * (n % 80) + "- A\n" for n in range(800)),
    "fields": "a: 1, " * 625 + "\n" + "a: 1\n" * 1000,
    "rows": "Name: Ann, Badge: 4417\n" * 500,
    "log": "12:01 host=web-1 cpu=82\n" * 500,
    "brackets": "Lamp (ID: 5) " * 500 + "(" * 1000 + "x: 1" + ")" * 1000,
    "labels": "A 1: b is 5. " * 500,
    "pairs": "Ann 4417\n" * 1000 + "Q: x\nA: y\n" * 500,
    "forms": json.dumps({"format": 1}) * 750 + "format {" * 500 + '{"' * 1000,
    "quotes": "> " * 1000 + "\n" + "> x: 5\n" * 500,
    "marks": "x: 5" + "**" * 1000 + "\n" + "**a**" * 500,
}


@pytest.mark.timeout(60)
def test_time_is_linear() -> None:
    for text in LARGE.values():
        for rule in LINE_RULES:
            assert all(block.region[1] <= len(text) for block in RULES.get(rule)(text))
