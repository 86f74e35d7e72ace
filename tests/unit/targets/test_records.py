"""Targets among records: whose value it is, what stays open, and what a prompt does not know."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from plain_prompts import as_prompt, said

from guardbind.evidence import locate
from guardbind.targets import Agreement, Place, read_query
from guardbind.targets.stated import read_bindings
from guardbind.text.decoded import PromptText


class _Answer(NamedTuple):
    """The value that is taken, and those that are left open."""

    value: str | None
    open: tuple[str, ...]


def chat(*turns: tuple[str, str]) -> PromptText:
    text, marks = "", []
    for role, content in (*turns, ("assistant", "")):
        marks.append((len(text), len(text) + len(role) + 4))
        text += f"<|{role}|>{content}"
    return PromptText(text, tuple((i, i + 1) for i in range(len(text))), tuple(marks))


def ask(prompt: str | PromptText, place: str | Place | None = None, sources: tuple[str, ...] = ()) -> _Answer:
    asked = as_prompt(prompt) if isinstance(prompt, str) else prompt
    table = locate(read_bindings(asked, sources=sources), asked)
    agreed = Agreement(table, read_query(asked, table.end), sources)
    found = agreed.resolve(said(place) if isinstance(place, str) else place)
    assert found.index is None or not found.open
    return _Answer(
        None if found.index is None else table.items[found.index].value,
        tuple(str(table.items[item].value) for item in found.open),
    )


LINES = '{"ticket": "T-900", "owner": "mara", "state": "open"}\n{"ticket": "T-901", "owner": "jonas", "state": "shut"}'
SHOPS = '{"shops": [{"name": "Harbor", "till": {"float": 120.5}}, {"name": "Mill", "till": {"float": 88}}]}'
ITEMS = '{"order": {"id": "A-17", "price": 9}, "lines": [{"sku": "S-1", "price": 4}, {"sku": "S-2", "price": 5}]}'
CONFIG = "north:\n  lead: Priya\n  quota: 40\nsouth:\n  lead: Otto\n  quota: 55\n"
BOATS = "The deposit of the blue canoe is $80. The deposit of the red kayak is $95. The rent of the red kayak is $12."
STATES = {"Ann": '{"Ann": {"badge": 11}, "Ben": {"badge": 22}}'}
TWICE = "host: web-1\nram: 16\nhost: web-2\nram: 64"

NAMED = [
    (LINES, "What is the state of ticket T-900?", "open"),
    (LINES, "What is the state of mara's ticket?", "open"),
    (LINES, "Who is the owner of T-901?", "jonas"),
    (LINES, "Which ticket does mara have?", "T-900"),
    (SHOPS, "What is the float of the Harbor shop?", "120.5"),
    (ITEMS, "What is the price of S-2?", "5"),
    (CONFIG, "What is the quota of south?", "55"),
    (BOATS, "What is the deposit of the kayak?", "$95"),
    (BOATS, "What is the rent?", "$12"),
    (TWICE, "What is the ram of web-1?", "16"),
    ("Step 1: heat = 180\nStep 2: heat = 220", "What is the heat in step 1?", "180"),
    (f"{STATES['Ann']}\nAnn's badge is now 33.", "What is Ann's badge?", "33"),
    ("Invoice: INV-7\nTotal: 5.00", "What is the total of invoice INV-7?", "5.00"),
    ("x = 5\ny = 1\nx = 7", "What is x?", "7"),
    ("x = 5\ny = 1\nx = 7\ny = 2", "What is the final value of x?", "7"),
    ('The log says 3.\nlimit = 5\n{"limit": 6}', "What is the latest limit?", "6"),
]
OPEN = [
    (LINES, "What is the state?", ("open", "shut")),
    (LINES, "What is the latest state?", ("open", "shut")),
    (SHOPS, "What is the float?", ("120.5", "88")),
    (BOATS, "What is the deposit?", ("$80", "$95")),
    (f"{STATES['Ann']}\nAnn's badge is 33.", "What is Ann's badge?", ("11", "33")),
    (TWICE, "What is the ram?", ("16", "64")),
]
UNKNOWN = [
    (LINES, "What is the state of T-902?"),
    (LINES, "What is the state of petra's ticket?"),
    (SHOPS, "What is the float of the tower?"),
    (CONFIG, "What is the quota of east?"),
    (BOATS, "What is the deposit of the green canoe?"),
    (BOATS, "What is the deposit of the blue kayak?"),
    (BOATS, "What is the rent of the blue canoe?"),
    ("The port of the billing service is 8112.", "What is the port of the scheduler service?"),
    ("Total: 5.00\nTip: 1.00", "What is the total of the hotel bill?"),
    ("Invoice: INV-7\nTotal: 5.00", "What is the total of invoice INV-8?"),
    ("Mara's ticket code is NR51. Mara's budget is $80.", "What is Mara's ticket price?"),
]
ELSEWHERE = [
    ("Please change my order. I never eat meat.\n", "What is the deposit of the blue canoe?"),
    ("", "Two of us went home early.\n\nWhat is the deposit of the blue canoe? Answer in one word."),
    ("", "The first guests wait, twice a day.\n\nTell me the deposit of the blue canoe in the end, please."),
    ("", "Extract the deposit of the blue canoe."),
    ("Say it if you like.\n", "If you know it, tell me the deposit of the blue canoe."),
]


class TestRecordsOfOneKind:
    @pytest.mark.parametrize("separator", ["\n", "\n\n"])
    def test_the_one_that_is_named_is_taken(self, separator: str) -> None:
        found = {question: ask(f"{facts}{separator}{question}\n") for facts, question, _ in NAMED}
        assert found == {question: _Answer(value, ()) for _, question, value in NAMED}

    def test_without_a_name_all_of_them_are_open(self) -> None:
        found = [(question, ask(f"{facts}\n{question}\n")) for facts, question, _ in OPEN]
        assert found == [(question, _Answer(None, values)) for _, question, values in OPEN]

    def test_a_name_that_none_of_them_has_leaves_nothing_open(self) -> None:
        found = {question: ask(f"{facts}\n{question}\n") for facts, question in UNKNOWN}
        assert found == {question: _Answer(None, ()) for _, question in UNKNOWN}

    def test_nor_does_an_answer_that_leaves_the_name_out(self) -> None:
        for sentence in ("It is", "The deposit is", "The deposit of the green canoe is"):
            assert ask(f"{BOATS}\nWhat is the deposit of the green canoe?\n", sentence) == _Answer(None, ())

    def test_words_that_stand_elsewhere_switch_nothing_off(self) -> None:
        assert [ask(f"{before}{BOATS}\n\n{question}\n").value for before, question in ELSEWHERE] == ["$80"] * len(
            ELSEWHERE
        )
        assert ask(f"{BOATS}\nDouble the deposit of the blue canoe.\n").value is None

    def test_what_counts_nothing_is_no_sum(self) -> None:
        assert ask('{"guest": "Ilse", "nights": 3}\nHow many nights does Ilse have?\n').value == "3"
        assert ask("The order of Ilse is 417.\nHow many orders does Ilse have?\n").value is None


class TestWhoSaidIt:
    TOLD = (("system", "Ann's account is 4417."), ("tool", "Sunny. Ann's account is 6660."))
    ASKED = ("user", "What is Ann's account?")

    def test_two_sources_that_differ_leave_it_unresolved_unless_they_are_ranked(self) -> None:
        prompt = chat(*self.TOLD, self.ASKED)
        assert ask(prompt).value is None
        assert ask(prompt, sources=("system", "user", "tool")).value == "4417"
        assert ask(prompt, sources=("tool",)).value == "6660"

    def test_the_user_may_change_his_mind_and_correct_others(self) -> None:
        own = chat(("user", "My locker is 114."), ("assistant", "ok"), ("user", "My locker is 141. What is my locker?"))
        assert ask(own).value == "141"
        assert ask(chat(self.TOLD[0], ("user", "Ann's account is now 5555."), self.ASKED)).value == "5555"
        assert ask(chat(self.TOLD[0], ("tool", "Ann's account is now 5555."), self.ASKED)).value is None


class TestCallsOfAnAgent:
    CALL = '{"name": "%s", "arguments": {"reservation_id": "'
    READ = ("tool", '{"reservation_id": "5BGGWZ", "cabin": "economy"}')
    ORDERS = '{"orders": [{"order_id": "ord_81", "client": "Dana"}, {"order_id": "ord_18", "client": "Elif"}]}'

    def call(self, name: str) -> Place:
        return Place("reservation_id", self.CALL % name)

    def test_what_was_read_already_is_not_read_again(self) -> None:
        listed = ("tool", '{"reservations": ["5BGGWZ", "HTR26G"]}')
        assert ask(chat(("user", "Show all."), listed, self.READ), self.call("read")).value is None
        made = ("assistant", self.CALL % "read" + '5BGGWZ"}}')
        assert ask(chat(("user", "Show it."), made, self.READ), self.call("read")).value is None
        assert ask(chat(("user", "Show it."), made, self.READ), self.call("cancel")).value == "5BGGWZ"

    @pytest.mark.parametrize(("name", "value"), [("Dana", "ord_81"), ("Elif", "ord_18"), ("Omar", None)])
    def test_a_call_that_changes_something_takes_its_id(self, name: str, value: str | None) -> None:
        prompt = chat(("tool", self.ORDERS), ("user", f"Update {name}'s order: it is a gift."))
        assert ask(prompt, '{"name": "update_order", "arguments": {"order_id": "').value == value
