"""Targets by what agrees: the attribute that is asked for, and the owner that is named."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt, said

from guardbind.evidence import Binding, locate
from guardbind.targets import Agreement, Place, read_query
from guardbind.targets.by_key import Resolution

PEOPLE = {"Alice Moreno": "4417", "Bob": "8213", "Carol": "3352"}
FACTS = " ".join(f"{name}'s badge number is {number}." for name, number in PEOPLE.items())
FACTS += " Alice Moreno's email is alice@acme.test. Bob's locker code is 77-B."
BINDINGS = [
    *(Binding(f"{n}'s badge number", v, attribute="badge number", owners=(n,)) for n, v in PEOPLE.items()),
    Binding("Alice Moreno's email", "alice@acme.test", attribute="email", owners=("Alice Moreno",)),
    Binding("Bob's locker code", "77-B", attribute="locker code", owners=("Bob",)),
]


def agreement(question: str, facts: str = FACTS, bindings: list[Binding] | None = None) -> Agreement:
    prompt = as_prompt(f"{facts}\n{question}\n")
    table = locate(BINDINGS if bindings is None else bindings, prompt)
    assert not any(item.absent for item in table.items)
    return Agreement(table, read_query(prompt, table.end))


def value(found: Resolution, bindings: list[Binding] | None = None) -> str | None:
    return None if found.index is None else (BINDINGS if bindings is None else bindings)[found.index].value


class TestTheQuery:
    @pytest.mark.parametrize(
        ("question", "right"),
        [
            ("What is Bob's badge number?", "8213"),
            ("What is the badge number of Carol?", "3352"),
            ("Which badge number does Alice Moreno have?", "4417"),
            ("Which badge does Carol have?", "3352"),
            ("What is Alice's badge number?", "4417"),
            ("Tell me Bob's locker code.", "77-B"),
            ("What is the e-mail of Alice Moreno?", "alice@acme.test"),
            ("I need Bob's badge number. What is it? Answer with the number only.", "8213"),
            ("what's bob's locker code", "77-B"),
            ('What is Bob\'s badge number? Answer in JSON as {"badge_number": "..."}.', "8213"),
            ("What is Carol's current badge number? If it is not stated, say unknown.", "3352"),
        ],
    )
    def test_names_attribute_and_owner(self, question: str, right: str) -> None:
        found = agreement(question).asked
        assert value(found) == right
        assert found.how == "query"
        assert 0 < found.score <= 1

    @pytest.mark.parametrize(
        "question",
        [
            "What is Gina's badge number?",  # nobody knows her
            "What is the badge number of employee 5531?",
            "What is Alice Moreno's locker code?",  # she is known, but not this of her
            "What is Bob's email?",
            "What is Bob's phone number?",  # an attribute that nobody has
            "What is Bob's parking badge number?",  # a modified one
            "What is the badge number?",  # of three people
            "What are the badge numbers of Bob and Carol?",
            "What is Bob's badge number plus Carol's?",
            "What is not Bob's badge number?",
            "What is Bob's badge number reversed?",
            "How many people have a badge number?",
            "How is the weather?",
        ],
    )
    def test_leaves_the_target_unresolved(self, question: str) -> None:
        found = agreement(question).asked
        assert found.index is None, (found, question)
        assert found.how == "unresolved"
        assert found.score == 0
        assert found.reason

    def test_stands_before_the_facts_as_well(self) -> None:
        prompt = as_prompt(f"What is Bob's badge number?\n{FACTS}")
        table = locate(BINDINGS, prompt)
        assert value(Agreement(table, read_query(prompt, table.end)).asked) == "8213"


class TestTheSentence:
    @pytest.mark.parametrize(
        ("sentence", "right"),
        [
            ("The badge number of Bob is", "8213"),
            ("Bob's badge number is", "8213"),
            ("Carol's badge number:", "3352"),
            ("His badge number is", "8213"),  # of whom the query asks
            ("The badge number of Bob is 8213 and the locker code is", "77-B"),
            ("The badge number of Bob is 8213, and Alice Moreno's badge number is", "4417"),
        ],
    )
    def test_says_more_than_the_query(self, sentence: str, right: str) -> None:
        found = agreement("What is Bob's badge number?").resolve(said(sentence))
        assert value(found) == right
        assert found.how == "sentence"

    @pytest.mark.parametrize("sentence", ["Gina's badge number is", "The badge number of Gina is"])
    def test_about_somebody_else_is_unresolved(self, sentence: str) -> None:
        found = agreement("What is Bob's badge number?").resolve(said(sentence), beginning=[0], automatic=True)
        assert found.index is None

    def test_a_sentence_about_what_is_asked_may_name_another_attribute(self) -> None:
        agreed = agreement("What is Carol's badge number?")
        assert agreed.resolve(said("The locker code of Carol is")).index is None
        assert agreed.resolve(said("The locker code of Carol is"), beginning=[0]).index is None
        assert value(agreed.resolve(said("The badge number of Carol's locker code is"), beginning=[0])) == "3352"
        assert agreed.resolve(said("The locker code of Gina is"), beginning=[0]).index is None

    def test_a_value_of_another_kind_is_that_of_the_owner_named(self) -> None:
        # Asked for Bob's badge, the model goes on with a locker code.
        agreed = agreement("What is Bob's badge number?")
        found = agreed.resolve(said("Bob, who rents locker"), beginning=[4], automatic=True)
        assert (value(found), found.how) == ("77-B", "entity")

    def test_behind_a_verb_that_says_nothing_the_noun_may_only_say_which(self) -> None:
        agreed = agreement("What is Bob's badge number?")
        for verb in ("uses", "keeps"):
            assert agreed.resolve(said(f"Bob, who {verb} locker"), beginning=[4], automatic=True).index is None

    def test_a_value_of_another_kind_without_an_owner_is_left_alone(self) -> None:
        found = agreement("What is Bob's badge number?").resolve(said("By mail to"), beginning=[3], automatic=True)
        assert found.index is None

    def test_where_nothing_was_said_the_query_decides_whatever_begins(self) -> None:
        found = agreement("What is Bob's badge number?").resolve(said(""), beginning=[3], automatic=True)
        assert value(found) == "8213"

    def test_that_only_repeats_the_query_decides_nothing(self) -> None:
        found = agreement("What is Bob's badge number?").resolve(said("Bob:"), beginning=[3], automatic=True)
        assert value(found) == "8213"

    @pytest.mark.parametrize("sentence", ["Bob's badge number is", "It is"])
    def test_what_is_computed_stays_unresolved(self, sentence: str) -> None:
        agreed = agreement("What is the sum of Bob's badge number and Carol's?")
        found = agreed.resolve(said(sentence), beginning=[1], automatic=True)
        assert found.index is None

    def test_a_whole_attribute_goes_before_a_part_of_one_that_is_nearer(self) -> None:
        agreed = agreement("What is Bob's badge number?")
        assert value(agreed.resolve(said("The badge number for the locker of Bob is"))) == "8213"

    def test_of_two_attributes_the_one_whose_value_begins_is_meant(self) -> None:
        agreed = agreement("What is Bob's badge number?")
        assert value(agreed.resolve(said("The badge number of Bob's locker code is"), beginning=[0])) == "8213"
        assert value(agreed.resolve(said("Bob's badge number is"), beginning=[4])) == "8213"

    def test_but_never_one_that_only_says_of_what_another_is(self) -> None:
        """Asked for the height of the pedestal, "granite" is no answer because the model begins with it."""
        agreed = agreement("What is Bob's badge number?")
        assert agreed.resolve(said("The badge number of Bob's locker code is"), beginning=[4]).index is None

    @pytest.mark.parametrize("manager", ["e3", "Ines Cabral", "Rob Tran"])
    def test_what_an_owner_has_that_is_somebody_else_is_not_the_owner(self, manager: str) -> None:
        items = [
            Binding("phone of Marta", "555-0131", attribute="phone", owners=("Marta",)),
            Binding("manager of Marta", manager, attribute="manager", owners=("Marta",)),
            Binding("ticket of Marta", "NR51", attribute="ticket", owners=("Marta",)),
            Binding("phone of Ines Cabral", "555-0109", attribute="phone", owners=("Ines Cabral", "e3")),
        ]
        text = "\n".join(f"{item.key}: {item.value}" for item in items)
        agreed = agreement("What is the phone of Marta's manager?", text, items)
        assert agreed.asked.index is None
        for asked in ("The phone of Marta's manager is", "Marta's manager's phone is"):
            assert agreed.resolve(said(asked), beginning=[0, 3]).index is None
        assert value(agreed.resolve(said("The phone of Marta is"), beginning=[0, 3]), items) == "555-0131"
        assert value(agreed.resolve(said("The phone of Marta's ticket is"), beginning=[0, 3]), items) == "555-0131"

    def test_words_of_an_attribute_compute_nothing(self) -> None:
        bound = [Binding("previous release", "4.4.9", attribute="previous release")]
        asked = agreement("What is the previous release?", "previous release: 4.4.9", bound).asked
        assert value(asked, bound) == "4.4.9"
        bound = [Binding("release", "4.4.9", attribute="release")]
        assert agreement("What was the previous release?", "release: 4.4.9", bound).asked.index is None

    def test_names_a_key_until_its_value_is_written(self) -> None:
        agreed = agreement("What is Bob's badge number?")
        assert agreed.names("Bob's badge number is")
        assert not agreed.names("Bob's badge number is 8213, which")
        assert not agreed.names("Bob's phone number is")


RECORDS = (
    '[{"order_id": "A-1042", "customer": "Dana Petrov", "total": "$80.00"}, '
    '{"order_id": "A-1077", "customer": "Ed Quist", "total": "$95.50"}]'
)
ORDERS = [
    Binding("[0].order_id", "A-1042", attribute="order_id", owners=("Dana Petrov", "$80.00"), span=(14, 22)),
    Binding("[0].customer", "Dana Petrov", attribute="customer", owners=("A-1042", "$80.00"), span=(36, 49)),
    Binding("[0].total", "$80.00", attribute="total", owners=("A-1042", "Dana Petrov"), span=(60, 68)),
    Binding("[1].order_id", "A-1077", attribute="order_id", owners=("Ed Quist", "$95.50"), span=(84, 92)),
    Binding("[1].customer", "Ed Quist", attribute="customer", owners=("A-1077", "$95.50"), span=(106, 116)),
    Binding("[1].total", "$95.50", attribute="total", owners=("A-1077", "Ed Quist"), span=(127, 135)),
]


class TestRecords:
    def test_the_spans_above_are_right(self) -> None:
        for binding in ORDERS:
            assert binding.span is not None
            assert RECORDS[slice(*binding.span)].strip('"') == binding.value

    @pytest.mark.parametrize(
        ("question", "right"),
        [
            ("What is the total of order A-1077?", "$95.50"),
            ("What is the order total of Dana Petrov?", "$80.00"),
            ("Which order belongs to Ed Quist?", "A-1077"),
            ("What is the order ID of Quist?", "A-1077"),
            ("Which customer placed order A-1042?", None),  # "placed" may change what a customer is
            ("Which customer has order A-1042?", "Dana Petrov"),
            ("Which customer has a total of $95.50?", "Ed Quist"),
            ("How much did Ed Quist pay?", "$95.50"),
            ("What is the total of order A-9999?", None),
            ("What is the order status of Ed Quist?", None),
            ("Which order has the billing customer Ed Quist?", None),  # he is the customer
            ("What is the total of client Ed Quist?", "$95.50"),
            ("What is the total of billing date A-1077?", None),
        ],
    )
    def test_other_values_of_the_record_name_it(self, question: str, right: str | None) -> None:
        assert value(agreement(question, RECORDS, ORDERS).asked, ORDERS) == right

    def test_an_object_that_is_written_is_about_its_own_fields(self) -> None:
        agreed = agreement("List both orders.", RECORDS, ORDERS)
        found = agreed.resolve(Place("total", '{"order_id": "A-1077", "total"'))
        assert value(found, ORDERS) == "$95.50"


class TestHistory:
    TEXT = "budget = 1200\nowner = Mia\nbudget = 1450\n"
    BOUND = (
        Binding("budget", "1200", attribute="budget", span=(0, 13)),
        Binding("owner", "Mia", attribute="owner", span=(14, 25)),
        Binding("budget", "1450", attribute="budget", span=(26, 39)),
    )

    @pytest.mark.parametrize(
        ("question", "right"),
        [
            ("What is the budget?", "1450"),
            ("What is the current budget?", "1450"),
            ("What was the budget originally?", "1200"),
            ("What was the first value of budget?", "1200"),
            ("What was the second value of budget?", None),
        ],
    )
    def test_first_or_last(self, question: str, right: str | None) -> None:
        bound = list(self.BOUND)
        assert value(agreement(question, self.TEXT, bound).asked, bound) == right


class TestWithoutOwners:
    BOUND = (
        Binding("Due date", "2024-07-24", attribute="Due date"),
        Binding("Total", "$80.00", attribute="Total"),
    )
    TEXT = "Receipt of Summit Gear\nDue date: 2024-07-24\nTotal: $80.00\n"

    @pytest.mark.parametrize(
        ("question", "right"),
        [
            ("What is the due date?", "2024-07-24"),
            ("What is the due date on the Summit Gear receipt?", "2024-07-24"),
            ("What is the due date on the Oakley receipt?", None),
            ("How much is the total of receipt 4417?", None),
        ],
    )
    def test_what_is_named_has_to_stand_in_the_prompt(self, question: str, right: str | None) -> None:
        bound = list(self.BOUND)
        assert value(agreement(question, self.TEXT, bound).asked, bound) == right

    def test_what_is_asked_for_may_own_the_attribute(self) -> None:
        bound = [Binding("price $5.00", "mug", attribute="price", owners=("$5.00",), span=(0, 10))]
        text = "mug: $5.00 \nTotal: $9.00\n"
        assert value(agreement("Which item's price is $5.00?", text, bound).asked, bound) == "mug"
        assert agreement("What is the store's price of $5.00?", text, bound).asked.index is None
        assert agreement("What is the retail price of $5.00?", text, bound).asked.index is None


class TestTurnedRound:
    FACTS = "Alice's badge number is 4417. Bob's badge number is 8213. Bob's locker code is 77-B."
    BOUND = (
        Binding("badge number 4417", "Alice", attribute="badge number", owners=("4417",), span=(0, 28)),
        Binding("badge number 8213", "Bob", attribute="badge number", owners=("8213",), span=(30, 56)),
        Binding("locker code 77-B", "Bob", attribute="locker code", owners=("77-B",), span=(58, 83)),
    )

    @pytest.mark.parametrize(
        ("question", "right"),
        [
            ("Whose badge number is 8213?", "Bob"),
            ("Who has badge 4417?", "Alice"),
            ("Who has the locker code 77-B?", "Bob"),
            ("Whose badge number is 9999?", None),
        ],
    )
    def test_the_owner_is_asked_for(self, question: str, right: str | None) -> None:
        bound = list(self.BOUND)
        assert value(agreement(question, self.FACTS, bound).asked, bound) == right

    def test_the_value_may_stand_before_the_slot(self) -> None:
        bound = list(self.BOUND)
        agreed = agreement("Whose badge number is 8213?", self.FACTS, bound)
        found = agreed.resolve(said("Badge number 8213 belongs to"), beginning=[0], automatic=True)
        assert value(found, bound) == "Bob"
