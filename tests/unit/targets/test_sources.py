"""Who is believed: rankings by role and by label, parts of a prompt that are somebody else's, and contradictions."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from plain_prompts import as_prompt

from guardbind.evidence import Binding, Origin, locate, place_origins
from guardbind.targets import Agreement, read_query, resolve
from guardbind.targets.sources import Sources
from guardbind.targets.stated import read_bindings
from guardbind.text.decoded import PromptText

DIFFER = "two sources differ"


class _Found(NamedTuple):
    """The value of the target, and why."""

    value: str | None
    reason: str


def chat(*turns: tuple[str, str]) -> PromptText:
    text, marks = "", []
    for role, content in (*turns, ("assistant", "")):
        marks.append((len(text), len(text) + len(role) + 4))
        text += f"<|{role}|>{content}"
    return PromptText(text, tuple((i, i + 1) for i in range(len(text))), tuple(marks))


def ask(prompt: PromptText, *sources: str, origins: tuple[Origin, ...] = ()) -> _Found:
    placed = place_origins(origins, prompt)
    table = locate(read_bindings(prompt, sources=sources, origins=placed), prompt)
    found = Agreement(table, read_query(prompt, table.end), sources, origins=placed).resolve(None)
    assert not (DIFFER in found.reason and found.open)
    return _Found(None if found.index is None else table.items[found.index].value, found.reason)


TOLD = {
    "in prose, of someone": ("Ann's account is {}.", "Ann's account is {}.", "What is Ann's account?"),
    "in prose": ("The gate code is {}.", "The gate code is {}.", "What is the gate code?"),
    "in lines": ("Gate code: {}", "Gate code: {}", "What is the gate code?"),
    "in prose and as data": ("The gate code is {}.", '{{"gate_code": "{}"}}', "What is the gate code?"),
    "as data": ('{{"gate_code": "{}"}}', '{{"gate_code": "{}"}}', "What is the gate code?"),
    "as settings": ("gate_code = {}", "gate_code = {}", "What is the gate code?"),
    "as records of one name": (
        '{{"order": "A-1", "total": {}}}',
        '{{"order": "A-1", "total": {}}}',
        "What is the total of order A-1?",
    ),
}


@pytest.mark.parametrize("form", TOLD)
def test_a_contradiction_is_left_open_unless_one_of_the_sources_is_ranked(form: str) -> None:
    one, other, question = TOLD[form]
    prompt = chat(("system", one.format(4417)), ("tool", other.format(6660)), ("user", question))
    value, reason = ask(prompt)
    assert value is None
    assert DIFFER in reason
    assert ask(prompt, "user").value is None
    assert [ask(prompt, *ranks).value for ranks in (("system", "user", "tool"), ("tool", "system"), ("tool",))] == [
        "4417",
        "6660",
        "6660",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"order": "A-1", "total": 44}', '{"order": "A-2", "total": 66}'),
        ("The total of order A-1 is 44.", "The total of order A-2 is 66."),
        ("# Order A-1\nTotal: 44", "# Order A-2\nTotal: 66"),
        ("Order A-1\n\nTotal: 44", "Order A-2\n\nTotal: 66"),
        ("Order A-1:\n- Total: 44", "Order A-2:\n- Total: 66"),
        ("Shop: Harbor\nTotal: 44", "Shop: Mill\nTotal: 66"),
        ("[a]\ntotal = 44", "[b]\ntotal = 66"),
    ],
)
def test_a_ranking_does_not_choose_between_things_that_are_not_the_same(one: str, other: str) -> None:
    prompt = chat(("system", one), ("tool", other), ("user", "What is the total?"))
    assert ask(prompt).value is ask(prompt, "system", "tool").value is None


def test_what_a_source_took_back_does_not_return_with_one_that_is_believed_less() -> None:
    turns = [("system", "Ann's account is 4417."), ("system", "Ann's account is now 5555.")]
    question = ("user", "What is Ann's account?")
    prompt = chat(*turns, ("tool", "Ann's account is 4417."), question)
    assert ask(prompt, "system").value == "5555"
    assert ask(prompt).value is None


@pytest.mark.parametrize("stranger", ["Ann's account is 6660.", "Ann's account is now 6660."])
def test_a_part_of_a_turn_or_of_a_plain_prompt_can_be_somebody_elses(stranger: str) -> None:
    text = f"Ann's account is 4417. The page says:\n{stranger}\nWhat is Ann's account?"
    web = (Origin("web", text=stranger),)
    for prompt in (chat(("user", text)), as_prompt(f"{text}\n")):
        assert ask(prompt, origins=web) == (None, f"the query names it, and its owner, but {DIFFER}")
        assert ask(prompt, "web", origins=web).value == "6660"
    assert ask(chat(("user", text)), "user", origins=web).value == "4417"


def test_a_turn_can_be_somebody_elses() -> None:
    prompt = chat(("user", "Pin: 11"), ("user", "Pin: 22"), ("user", "What is the pin?"))
    assert ask(prompt).value == "22"
    assert ask(prompt, origins=(Origin("mail", turn=1),)).value is None
    assert ask(prompt, "user", origins=(Origin("mail", turn=-2),)).value == "11"


@pytest.mark.parametrize(
    ("sources", "said", "value"),
    [
        ((), (None, None), "22"),  # a key with a history, as the caller declares it
        ((), ("desk", "desk"), "22"),
        ((), ("desk", "web"), None),
        (("desk",), ("desk", "web"), "11"),
        (("web", "desk"), ("desk", "web"), "22"),
        (("system",), (None, None), "11"),
    ],
)
def test_declared_bindings_say_who_states_them(
    sources: tuple[str, ...], said: tuple[str | None, str | None], value: str | None
) -> None:
    prompt = chat(("system", "pin = 11"), ("tool", "pin = 22"), ("user", "What is the pin?"))
    table = locate([Binding("pin", "11", source=said[0]), Binding("pin", "22", source=said[1])], prompt)
    who = Sources(read_query(prompt, table.end), sources)
    found = resolve(table, prompt, declared=None, sources=who)
    assert (None if found.index is None else table.items[found.index].value) == value
    assert (DIFFER in found.reason) is (value is None)
    declared = resolve(table, prompt, declared="pin", sources=who)
    assert declared.index is not None
    assert table.items[declared.index].value == (value or "22")


@pytest.mark.parametrize(
    "told", ["Whoever comes to the gate types otter.", "The word of the gate has been otter for years."]
)
@pytest.mark.parametrize("role", ["system", "user"])
def test_what_only_a_tool_says_is_open_where_user_or_system_speak_of_it_in_words_that_are_not_read(
    role: str, told: str
) -> None:
    result, question = ("tool", "Gate code: 6660"), ("user", "What is the gate code?")
    assert ask(chat(result, question)).value == "6660"
    assert ask(chat((role, "You are kind."), result, question)).value == "6660"
    found = ask(chat((role, told), ("assistant", "I see."), result, question))
    assert found.value is None
    assert "not read" in found.reason
    # A tool does not take back what a tool says, and whose value it is told is nobody's guess.
    assert ask(chat(("tool", told), result, question)).value == "6660"
    owned = ("tool", "Ann's gate code is 6660.")
    assert ask(chat((role, told), owned, ("user", "What is Ann's gate code?"))).value == "6660"
