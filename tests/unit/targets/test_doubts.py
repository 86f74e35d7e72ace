"""Targets of prompts that are read whole: what a careful reader would not decide, and what one would."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt, said

from guardbind.evidence import locate
from guardbind.targets import Agreement, Place, read_query
from guardbind.targets.stated import read_bindings

ALICE = "Alice's badge number is 4417. Bob's badge number is 8213."
DATED = "| Order | Order date | City |\n|---|---|---|\n| A-1001 | 2024-05-03 | Cork |\n| A-1002 | 2024-06-01 | Bonn |\n"
SHOPS = "Elm Street Market\nTotal: $45.00\n\nSummit Gear\nCustomer number: C-77\n"
TICKETS = (
    "Ticket 1\nCustomer: Anna Weber\nStatus: open\nPriority: high\n\n"
    "Ticket 2\nCustomer: Ben Cole\nStatus: closed\nPriority: low\n"
)
EXAMPLE = 'Extract the invoice number as JSON, for example {"invoice_number": "INV-0000"}.'
PAIR = '[{"order_id": "A-1001", "total": "$45.00"}, {"order_id": "A-1002", "total": "$12.50"}]'


def read(prompt_text: str, sentence: str | None, *, kind: str = "key_phrase") -> str | None:
    """Return the value that a guard which is told only the prompt would take for a slot."""
    prompt = as_prompt(f"{prompt_text}\n")
    table = locate(read_bindings(prompt), prompt)
    agreed = Agreement(table, read_query(prompt, table.end))
    place = None if sentence is None else said(sentence)
    found = agreed.resolve(place, beginning=(), automatic=kind == "automatic")
    return None if found.index is None else table.items[found.index].value


class TestWhatAReaderWouldNotDecide:
    @pytest.mark.parametrize(
        ("prompt", "sentence"),
        [
            (f"{ALICE} What are the badge numbers of Alice and Bob?", "The badge numbers are"),
            (f"{ALICE} What is Alice's badge number? And what is Bob's?", "The badge number is"),
            (f"{ALICE} Give the badge numbers of Alice and Bob as JSON.", '[{"badge_number": "'),
            (f"{PAIR}\nIs order A-1001 cheaper than A-1002?", "No. The total is"),
            (f"{ALICE} What is Alice's badge number?", "The badge numbers of Alice and Bob are"),
            (f"{ALICE} What is Alice's badge number?", "Alice, who sits next to Bob, has badge number"),
            (f"{ALICE} What is Alice's badge number?", "Alice's badge number is not"),
            (f"{ALICE} What is Alice's badge number?", "Alice's badge number reversed is"),
            (f"{ALICE} What is Bob's badge number?", "Hi Alice, the badge number is"),
            (f"{ALICE} Alice and Bob swapped badges. What is Alice's badge number?", "The badge number is"),
            (f"{ALICE} Add 5 to Alice's badge number. What is the result?", "The result is"),
            (f"{ALICE} If Alice took Bob's badge, what is her badge number?", "It is"),
            (f"{ALICE} Besides Alice, who has a badge number?", None),
            (f"{ALICE} Mask Alice's badge number.", None),
            ("Alice's email is alice@acme.test. What is the domain of Alice's email?", None),
            ("The invoice date is 2024-05-03. What month is the invoice date in?", None),
            ("Price: $200\nWhat is the shipping cost?", None),
            ("Price: $200\nWhat is the discounted price?", None),
            ("Price: $20\nHow much do three of them cost?", None),
            ("Discount: 10%\nPrice: $200\nWhat is the price after the discount?", None),
            ("Total: $45.00\nTip: $5.00\nWhat is the total with the tip?", "The total with the tip is"),
            ("retries = 3\ntimeout = 30\nretries = 5\nWhat is retries?", "retries was changed from"),
            ("retries = 3\ntimeout = 30\nretries = 5\nWhat was retries originally, and what is it now?", "retries is"),
            ("Your name is Atlas. My name is Klaus. What is your name?", "My name is"),
            (f"{PAIR}\nWho ordered what?", "The sum of the totals is"),
            (f"{TICKETS}\nWhat is the status?", "The status is"),
            ("Salary: 48000\nWhat is the monthly salary?", "The salary is"),
            (f"{ALICE} What is the badge number of Bob's manager?", None),
            (f"{ALICE} What is Bob's badge number?", "The badge number of Bob's colleague is"),
            (f"{ALICE} Generate a new badge number for Bob.", "Bob's badge number is"),
            (f"{ALICE} What is the checksum of Bob's badge number?", None),
            (f"{ALICE} What is Bob's badge number in hex?", None),
            (f"Invoice number: INV-4711\n{EXAMPLE}", '{"invoice_number": "'),  # and never the example
            (f"{ALICE} What is Bob's badge number?", "The badge number is between"),
            ("Weight: 1500 g\nWhat is the weight in kg?", None),
            ("Total: $45.00\nDeposit: $50.00\nWhat is the total after the deposit?", "The total after the deposit is"),
            ("Old price: $50\nPrice: $45\nWhat changed?", "The regular price is"),
            (f"{PAIR}\nWhen was order A-1001 delivered?", None),
            (f"{DATED}\nFor order A-1001, what is the review date?", "The review date for order A-1001 is"),
            ("Receipt number: R-1\nDate: 2024-05-03\nWhat is the order number on this receipt?", None),
            (f"{SHOPS}\nWhat is the customer number on the receipt from Elm Street Market?", None),
            ("upload_region = eu-1\nstatus of job-7 is stalled\nWhat is the upload status of job-7?", None),
        ],
    )
    def test_is_left_unresolved(self, prompt: str, sentence: str | None) -> None:
        assert read(prompt, sentence) is None

    @pytest.mark.parametrize(
        ("prompt", "sentence", "right"),
        [
            (f"{TICKETS}\nWhat is the status of Anna Weber's ticket?", None, "open"),
            (f"{ALICE} What are the badge numbers of Alice and Bob?", "Alice's badge number is", "4417"),
            (f"{ALICE} What are the badge numbers of Alice and Bob?", "Alice has 4417. Bob's badge number is", "8213"),
            (f"{ALICE} What is Alice's badge number?", "Alice has badge number", "4417"),
            (f"{PAIR}\nIs order A-1001 cheaper than A-1002?", None, None),
            (f"{PAIR}\nWhat is the total of order A-1002?", "The total for order A-1002 is", "$12.50"),
            ("retries = 3\ntimeout = 30\nretries = 5\nWhat is retries now?", "The original retries was", "3"),
            ("Due date: 2024-05-03\nDate: 2024-04-03\nWhat is the due date?", None, "2024-05-03"),
            ("Date: 2024-04-03\nDue date: 2024-05-03\nWhat is the due date?", "The due date is", "2024-05-03"),
            ("Old price: $50\nPrice: $45\nWhat is the price?", "The old price is", "$50"),
            (f"{SHOPS}\nWhat is the customer number on the receipt from Summit Gear?", None, "C-77"),
            (f"{DATED}\nWhat is the order date of order A-1001?", None, "2024-05-03"),
            (f"{DATED}\nWhich order goes to Cork?", "The order number of the order to Cork is", "A-1001"),
            ("Phone: 555-0101\nEmail: a@b.org\nWhat is the phone number?", "The phone number is", "555-0101"),
            (f"{ALICE} Could you please tell me Bob's badge number?", "Sure. Bob's badge number is", "8213"),
        ],
    )
    def test_and_what_one_would(self, prompt: str, sentence: str | None, right: str | None) -> None:
        assert read(prompt, sentence) == right

    def test_a_name_behind_a_value_that_has_no_such_attribute_is_nobodys(self) -> None:
        facts = f"{ALICE} Carol's locker code is 77-B. What is Alice's badge number?"
        assert read(facts, "Alice's badge number is 4417 and Carol's badge number is") is None
        assert read(facts, "Alice has 4417, while Carol mumbled that the badge number is") is None

    def test_a_row_with_cells_of_two_records_is_nobodys(self) -> None:
        prompt = as_prompt(f"{PAIR[:-1]}]\nList the orders as a table.\n")
        table = locate(read_bindings(prompt), prompt)
        agreed = Agreement(table, read_query(prompt, table.end))
        assert agreed.resolve(Place("order_id", "$45.00")).index is not None
        assert agreed.resolve(Place("order_id", "$45.00 ; $12.50")).index is None
