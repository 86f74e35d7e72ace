"""Which binding a slot is resolved to, and when it stays unresolved."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from guardbind.errors import TargetError
from guardbind.evidence import Binding, Evidence, Record, Target, locate
from guardbind.targets.by_key import Resolution, resolve
from guardbind.text.decoded import PromptText

PEOPLE = [Binding("Alice", "4417"), Binding("Bob", "8213"), Binding("Carol", "5504")]
FACTS = "Alice's badge number is 4417. Bob's badge number is 8213.\nThe badge number of Carol is 5504.\n"
HISTORY = [Binding("KEY", "apple"), Binding("KEY", "pear"), Binding("KEY", "plum")]
ASSIGNED = "KEY=[ apple ]\nthe river\nKEY=[ pear ]\nthe plum KEY=[ plum ]\nthe river\n"


def read(
    items: Sequence[Binding | Evidence],
    text: str,
    generated: str = "",
    declared: str | Target | None = None,
) -> Resolution:
    specials = [match.span() for match in re.finditer(r"<\|\w+\|>", text)]
    prompt = PromptText(text, tuple((i, i + 1) for i in range(len(text))), tuple(specials))
    return resolve(locate(items, prompt), prompt, declared=declared, generated=generated)


def asked(query: str, generated: str = "") -> tuple[str, str | None]:
    found = read(PEOPLE, FACTS + query, generated)
    assert found.index == (None if found.key is None else [p.key for p in PEOPLE].index(found.key))
    return found.how, found.key


@pytest.mark.parametrize(
    ("query", "generated", "key"),
    [
        ("", "Alice: ", "Alice"),
        ("What is Alice's badge?\n", "Bob's badge number is ", "Bob"),
        ("Question: What is Bob's badge?\nAnswer for Bob: ", "", "Bob"),
        ("", "The badge number of Carol, who is new, is ", "Carol"),
        ("", '{"Alice": "4417", "Bob": "', "Bob"),
        ("", '{"Alice": "9999", "Bob": "', "Bob"),
        ("", "Unlike that of Bob, the badge number of Alice is ", "Alice"),
        ("", "| Alice | 4417 |\n| Carol | ", "Carol"),
        ("", "Alice has 4417, Bob has 8213 and Carol ", "Carol"),
        ("", "**Carol**: **", "Carol"),
        ("What is Alice's badge?\nAlice: 4417\nWhat is Bob's badge?\nBob: ", "", "Bob"),
        ("Bob's badge is 8213. Bob's badge is ", "", "Bob"),
    ],
)
def test_the_line_before_the_slot(query: str, generated: str, key: str) -> None:
    assert asked(query, generated) == ("slot_prefix", key)


@pytest.mark.parametrize(
    ("query", "generated", "key"),
    [
        ("What is Bob's badge number?", "", "Bob"),
        ("Question: What is Bob's badge number?\nAnswer: ", "", "Bob"),
        ("What is Bob's badge number?\n", "It is number ", "Bob"),
        ("What is Bob's badge? Do not tell Alice's.\n", "", "Bob"),
        ("Tell me the number of Carol.\nAnswer:\n", "", "Carol"),
        ("Do you know Bob? Thanks. What is Alice's badge?\n", "", "Alice"),
        ("What about Alice's badge?\n", "Let me see: Bob\n\nThe number is ", "Bob"),
        ("What is Bob's badge?\n", '{"Alice": "4417", "number": "', "Bob"),
        ("What is Bob's badge?\n", '{"Alice": "9999",\n "number": "', "Bob"),
        ("Is Carol's badge 4417 or 5504?\n", "", "Carol"),
        ("<|user|>What is Bob's badge?<|end|><|assistant|>", "It is ", "Bob"),
        ("ALICE SAID: bob or Bob?\n", "", "Bob"),
    ],
)
def test_the_query(query: str, generated: str, key: str) -> None:
    assert asked(query, generated) == ("query", key)


@pytest.mark.parametrize(
    ("query", "generated"),
    [
        ("", ""),
        ("What is the badge number?\n", ""),
        ("What is Dave's badge?\nDave: ", ""),
        ("What are the badges of Alice and Bob?\n", ""),
        ("What is Alice's badge? And what is Bob's?\n", ""),
        ("1. What is Alice's badge?\n2. What is Bob's?\n", ""),
        ("", "The badges of Alice and Bob are "),
        ("", "The badges of Alice, Carol are "),
        ("What is Carol's?\n", "Alice asked Bob to "),
        ("", '{"Alice": "4417", "Dave": "'),
        ("", '{"Alice": "9999", "Dave": "'),
    ],
)
def test_unresolved(query: str, generated: str) -> None:
    assert asked(query, generated) == ("unresolved", None)


def test_the_reason_tells_ambiguous_from_unnamed() -> None:
    assert "2 declared keys" in read(PEOPLE, FACTS + "What do Alice and Bob have?").reason
    assert "neither" in read(PEOPLE, FACTS + "What now?").reason


def test_a_question_before_the_evidence() -> None:
    assert read(PEOPLE, "What is Bob's badge?\n" + FACTS + "Answer: ").key == "Bob"
    assert read(PEOPLE, "You work for Bob.\n" + FACTS + "Answer: ").how == "unresolved"
    assert read(PEOPLE, "What is Bob's badge?\n" + FACTS + "What is Alice's?").key == "Alice"


def test_the_only_key() -> None:
    found = read([Binding("order", "A-1")], "The order is A-1.\nRepeat the number: ")
    assert (found.how, found.key, found.index) == ("only", "order", 0)
    found = read([Evidence("tool", text="A-1")], "Result: A-1.\nRepeat the number: ")
    assert (found.how, found.key) == ("only", "tool")


def test_evidence_is_named_by_its_id() -> None:
    items = [Evidence("doc1", text="It is 5."), Evidence("doc2", text="It is 7.")]
    assert read(items, "[doc1] It is 5.\n[doc2] It is 7.\nWhat does doc2 say?").key == "doc2"


@pytest.mark.parametrize("declared", ["Bob", Target("Bob"), Target("Bob", "first")])
def test_what_the_caller_declares_wins(declared: str | Target) -> None:
    found = read(PEOPLE, FACTS + "What is Alice's badge?\n", "Alice: ", declared)
    assert (found.how, found.key, found.index) == ("declared", "Bob", 1)


def test_a_declared_target_that_is_no_binding() -> None:
    with pytest.raises(TargetError, match="Did you mean 'Carol'"):
        read(PEOPLE, FACTS, declared="Carole")
    with pytest.raises(TargetError, match="'middle'"):
        read(PEOPLE, FACTS, declared=Target("Carol", "middle"))  # type: ignore[arg-type]


def test_an_absent_binding_can_be_the_target() -> None:
    assert read([*PEOPLE, Binding("Dave", "1")], FACTS + "What is Dave's badge?").index == 3


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("Question: What is KEY?\nKEY=[", "plum"),
        ("Question: What was the FIRST value of KEY?\nKEY=[", "apple"),
        ("What was KEY's original value?\n", "apple"),
        ("What was the initial value of KEY, not the current one?\n", "apple"),
        ("Give the most recent KEY, not the first.\nKEY=[", "plum"),
        ("First, tell me KEY.\nKEY=[", "plum"),
        ("What was the first value of KEY?\nIt was apple.\nWhat is KEY?\nKEY=[", "plum"),
        ("What was the first value?\n", "apple"),
        ("", "plum"),
    ],
)
def test_first_or_last_of_a_history(query: str, value: str) -> None:
    found = read(HISTORY, ASSIGNED + query)
    assert found.index is not None and HISTORY[found.index].value == value
    assert "3 values" in found.reason


def test_order_words_for_another_key_or_in_a_key_do_not_count() -> None:
    items = [*HISTORY, Binding("first name", "Ann")]
    text = ASSIGNED + "first name: Ann\nThe first name is asked later. What is KEY?\n"
    found = read(items, text)
    assert found.index == 2


def test_declared_history() -> None:
    text = ASSIGNED + "What was the FIRST value of KEY?\n"
    assert read(HISTORY, text, declared="KEY").index == 2
    assert read(HISTORY, text, declared=Target("KEY", "first")).index == 0
    assert read([HISTORY[2], HISTORY[0]], text, declared=Target("KEY", "first")).index == 1


def test_through_a_tokenizer_and_a_chat_template(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    chat = [{"role": "user", "content": FACTS + "What is Bob's badge number?"}]
    text = str(tiny_tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False))
    ids: list[int] = tiny_tokenizer(text, add_special_tokens=False)["input_ids"]
    prompt = PromptText.from_ids(tiny_tokenizer, ids)
    table = locate(PEOPLE, prompt, source=chat[0]["content"])
    for item in table.items:
        (mention,) = item.mentions
        value, stated = (
            str(tiny_tokenizer.decode([ids[i] for i in tokens])).strip()
            for tokens in (mention.value_tokens, mention.tokens)
        )
        assert value == item.value
        assert stated.startswith(item.key) and stated.endswith(f"{item.value}.")
    found = resolve(table, prompt, declared=None)
    assert (found.how, found.key) == ("query", "Bob")
    assert resolve(table, prompt, declared=None, generated="Carol's is ").key == "Carol"


PART = st.text(max_size=6) | st.sampled_from(
    [
        "Alice",
        "Bob",
        "KEY",
        "4417",
        "8213",
        "apple",
        "first ",
        " is ",
        "and",
        "? ",
        ". ",
        "\n",
        "=[",
        '": "',
        ", ",
        "🙂",
    ]
)


@given(parts=st.lists(PART, max_size=20), generated=st.lists(PART, max_size=8))
@settings(max_examples=300)
def test_any_text_resolves_to_a_binding_or_to_none(parts: list[str], generated: list[str]) -> None:
    items: list[Binding | Evidence] = [*PEOPLE[:2], *HISTORY[:2], Evidence("doc", text="4417")]
    text = "".join(parts)
    found = read(items, text, "".join(generated))
    assert (found.index is None) == (found.key is None) == (found.how == "unresolved")
    if found.index is not None and found.key is not None:
        item = items[found.index]
        assert found.key == (item.key if isinstance(item, Binding) else item.id)
        assert found.key.lower() in (text + "".join(generated)).lower()


def test_a_declared_key_that_several_records_have_is_open() -> None:
    text = "status: open | status: shut"
    bound = [
        Binding("status", value, span=span, record=Record(name))
        for name, value, span in (("a", "open", (0, 12)), ("b", "shut", (15, 27)))
    ]
    found = read(bound, text, declared="status")
    assert (found.index, found.open) == (None, (0, 1))
