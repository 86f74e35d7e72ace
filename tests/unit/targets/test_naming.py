"""Whom a text names: each reason why it is not what is bound, and which of several values is taken."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt, said

from guardbind.evidence import Binding, locate
from guardbind.targets import Place, read_query
from guardbind.targets.attributes import Attributes, Match
from guardbind.targets.history import History
from guardbind.targets.labels import LabelTable, label_table
from guardbind.targets.naming import Naming
from guardbind.targets.query import Query

FACTS = "Bob's badge number is 8213. Dana Kay's badge number is 3352. The clerk is at the desk.\n"
BOUND = (
    Binding("Bob's badge number", "8213", attribute="badge number", owners=("Bob",)),
    Binding("Dana Kay's badge number", "3352", attribute="badge number", owners=("Dana Kay",)),
)


class Read:
    """A prompt, and what is read in it."""

    def __init__(self, question: str = "What is Bob's badge number?") -> None:
        prompt = as_prompt(FACTS + question)
        self.table = locate(BOUND, prompt)
        self.query: Query = read_query(prompt, self.table.end)
        self.labels: LabelTable = label_table(self.table)
        self.attributes = Attributes(self.table, self.labels)
        self.naming = Naming(self.table, self.query, self.labels, self.attributes)

    def match(self, text: str) -> Match:
        (match,) = self.attributes.asked(text)
        return match


class TestForeign:
    @pytest.mark.parametrize("text", ["ask Gina", "Gina's badge", "badge 5531", "Sure. With Dr. Gina"])
    def test_what_nothing_else_names(self, text: str) -> None:
        assert Read().naming.foreign(text)

    @pytest.mark.parametrize("text", ["ask Bob", "badge 8213", "Answer briefly.", "Sure. Gladly", "Mr. Kay", ""])
    def test_what_is_bound_or_no_name(self, text: str) -> None:
        assert not Read().naming.foreign(text)

    def test_what_is_known_besides(self) -> None:
        assert not Read().naming.foreign("ask Gina", known="Gina knows")


class TestMisnamed:
    @pytest.mark.parametrize(
        ("text", "misnamed"),
        [
            ("the billing contact Dana Kay", True),
            ("the contact, Dana Kay", False),
            ("the badge number Dana Kay", False),
            ("the contact Dr. Dana Kay", False),  # a title says nothing
            ("with Dana Kay", False),
        ],
    )
    def test_behind_words_for_something_else(self, text: str, misnamed: bool) -> None:
        read = Read()
        assert read.naming.misnamed(text, read.labels.mentions(text)) is misnamed


class TestRelated:
    @pytest.mark.parametrize(
        ("text", "related"),
        [
            ("the badge number of Bob's manager", True),
            ("the badge number of a friend of Bob", True),
            ("Bob's badge number", False),
            ("the badge number of Bob", False),
        ],
    )
    def test_somebody_else_is_meant(self, text: str, related: bool) -> None:
        read = Read()
        match = read.match("the badge number")
        assert read.naming.related(text, read.labels.mentions(text), match) is related


class TestBounded:
    @pytest.mark.parametrize("text", ["in kilos", "without hyphens", "at least", "it starts with", "per week"])
    def test_by_a_form_or_a_limit(self, text: str) -> None:
        assert Read().naming.bounded(text)

    @pytest.mark.parametrize("text", ["in the sentence", "of Bob", "in the desk"])
    def test_not_by_what_the_prompt_says(self, text: str) -> None:
        assert not Read().naming.bounded(text)


class TestTied:
    @pytest.mark.parametrize(
        ("text", "name", "tied"),
        [
            ("Bob's badge number", "Bob", True),
            ("the badge number of Bob", "Bob", True),
            ("Bob said that the badge number", "Bob", False),
            ("Bob, the badge number", "Bob", False),
            ("the badge number of Bob and Dana Kay", "Bob", False),
        ],
    )
    def test_name_and_attribute(self, text: str, name: str, tied: bool) -> None:
        read = Read()
        match = read.match(text)
        mentions = read.labels.mentions(text)
        (mention,) = [found for found in mentions if name in found.owners]
        assert read.naming.tied(match, text, mention, mentions) is tied


class TestHistory:
    BOUND = (
        Binding("budget", "1200", attribute="budget", span=(0, 13)),
        Binding("budget", "1450", attribute="budget", span=(14, 27)),
    )
    TEXT = "budget = 1200\nbudget = 1450\n"

    def take(self, question: str, place: Place, *, score: float = 1.0, text: str = TEXT) -> str | None:
        prompt = as_prompt(text + question)
        table = locate(self.BOUND, prompt)
        history = History(table, read_query(prompt, table.end))
        found = history.take([0, 1], score, "sentence", "because", place)
        assert found.reason.startswith("because")
        return None if found.index is None else self.BOUND[found.index].value

    def test_the_last_unless_the_first_is_asked_for(self) -> None:
        assert self.take("What is the budget?", said("The budget is")) == "1450"
        assert self.take("What is the budget?", said("The original budget is")) == "1200"
        assert self.take("What was the first budget?", said("It is")) == "1200"

    def test_none_where_it_cannot_be_told(self) -> None:
        assert self.take("What is the budget?", said("The budget was")) is None
        assert self.take("What is the budget?", said("The first and the last budget are")) is None
        assert self.take("What is the budget?", said("The budget is"), score=0.3) is None

    def test_none_after_a_correction(self) -> None:
        text = f"{self.TEXT}Scratch that, I meant another one.\n"
        assert self.take("What is the budget?", said("The budget is"), text=text) is None
