"""Chat messages: what they bind, per message and in the prompt that a template makes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind import Binding, ConfigError, Guard, GuardConfig, extract
from guardbind.evidence import locate
from guardbind.text.decoded import PromptText

MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "  Be brief.\nregion: EU-1  "},
    {"role": "user", "content": [{"type": "text", "text": "Where is order = 4417?"}, {"type": "image", "url": "x"}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "get_order", "arguments": '{"id": "4417"}'}},
            {"id": "c2", "type": "function", "function": {"name": "get_user", "arguments": {"user": {"id": 9}}}},
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": '{"status": "shipped", "total": "$5.00"}'},
    {"role": "tool", "name": "get_user", "content": "name: Ann Lee"},
]


def test_calls_and_results_are_named_after_their_tool() -> None:
    table = extract(MESSAGES)
    assert [(item.key, item.value, item.rule) for item in table.items] == [
        ("region", "EU-1", "assignment"),
        ("get_order.id", "4417", "arguments"),
        ("get_user.user.id", "9", "arguments"),
        ("get_order.status", "shipped", "json"),
        ("get_order.total", "$5.00", "json"),
        ("get_user.name", "Ann Lee", "assignment"),
    ]
    for item in table.items:
        if item.part is not None and item.span is not None:
            assert table.texts[item.part][slice(*item.span)] == item.value
    assert table.places == (
        "[0].content",
        "[1].content[0].text",
        "[2].tool_calls[0].function.arguments",
        "[3].content",
        "[4].content",
    )
    assert all(binding.span is None for binding in table.bindings)


def test_typed_content_of_tools() -> None:
    messages = [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "find", "input": {"city": "Rome"}}]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "temp: 21"}]}],
        },
    ]
    assert [(item.key, item.value) for item in extract(messages).items] == [("find.city", "Rome"), ("find.temp", "21")]


def test_places_in_the_rendered_prompt() -> None:
    rendered = "".join(
        f"<|{message['role']}|>{str(message['content'] or json.dumps(message['tool_calls'])).strip()}<|end|>\n"
        for message in MESSAGES
    )
    table = extract(MESSAGES).in_prompt(rendered)
    placed = {item.key: item.span for item in table.items}
    assert {key for key, span in placed.items() if span is None} == {"get_order.id", "get_user.user.id"}
    for item in table.items:
        if item.span is not None and item.statement is not None:
            assert rendered[slice(*item.span)] == item.value
            assert item.value in rendered[slice(*item.statement)]
    assert any("arguments" in note for note in table.notes)
    assert [binding.span is not None for binding in table.bindings] == [True, False, False, True, True, True]


def test_the_same_words_in_two_messages_keep_their_order() -> None:
    messages = [{"role": "user", "content": "x = 5"}, {"role": "user", "content": "x = 5"}]
    table = extract(messages).in_prompt("[x = 5][x = 5]")
    assert [item.statement for item in table.items] == [(1, 6), (8, 13)]


@pytest.mark.parametrize("message", ["hello", {"content": "x"}, 5])
def test_what_is_no_message_is_refused(message: object) -> None:
    with pytest.raises(ConfigError, match="message 1 is"):
        extract([{"role": "user", "content": "x"}, message])


@pytest.mark.parametrize("calls", [5, {"a": 1}, [5], ["x"], [{"function": "x"}], [{"function": {"name": 5}}], [{}]])
def test_calls_that_are_none_are_passed_over(calls: object) -> None:
    assert extract([{"role": "assistant", "content": "x = 5", "tool_calls": calls}]).keys == ("x",)


def test_no_messages_bind_nothing() -> None:
    assert extract([]).bindings == []


DemoModel = tuple[PreTrainedModel, PreTrainedTokenizerBase]


@pytest.mark.real_model
def test_the_bindings_of_a_chat_stand_where_the_table_says(demo_model: DemoModel) -> None:
    _, tokenizer = demo_model
    messages = [
        {"role": "system", "content": 'Known: {"order": {"id": "ORD-7", "total": "$1,250.00"}}'},
        {
            "role": "user",
            "content": "Bob's badge number is 4417. Ann's badge number is 8213.\nWhat is Bob's badge number?",
        },
    ]
    ids: Any = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    prompt = PromptText.from_ids(tokenizer, ids)
    bindings = extract(messages).in_prompt(prompt.text).bindings
    table = locate(bindings, prompt)
    assert [item.key for item in table.items] == ["order.id", "order.total", "Bob's badge number", "Ann's badge number"]
    for item in table.items:
        (mention,) = item.mentions
        assert mention.rule == "span"
        assert prompt.text[slice(*mention.value_chars)] == item.value


@pytest.mark.real_model
def test_a_guard_judges_what_was_extracted_as_what_was_declared(demo_model: DemoModel) -> None:
    model, tokenizer = demo_model
    badges = {"Ann": "4417", "Bob": "8213"}
    text = "\n".join(f"{name}'s badge number is {number}." for name, number in badges.items())
    guard = Guard(model, tokenizer, GuardConfig(policy="observe", slots=("prompt_end",)))
    for name in badges:
        prompt = f"{text}\nQuestion: What is {name}'s badge number?\nAnswer: {name}'s badge number is"
        inputs = tokenizer(prompt, return_tensors="pt")
        by_hand = [Binding(f"{who}'s badge number", number) for who, number in badges.items()]
        by_table, declared = (
            guard.generate(**inputs, bindings=bindings, source=prompt, max_new_tokens=6, do_sample=False).report.slots[
                0
            ]
            for bindings in (extract(prompt).bindings, by_hand)
        )
        assert by_table.key == declared.key == f"{name}'s badge number"
        assert by_table.verdict == declared.verdict


@pytest.mark.real_model
def test_a_guard_takes_other_spellings_as_the_same_candidate(demo_model: DemoModel) -> None:
    model, tokenizer = demo_model
    prompt = "Fee: $25.00\nTotal: $1,250.00\nDue: May 3, 2024\nFee: 25 USD\nTotal:"
    table = extract(prompt)
    assert [(binding.key, binding.value) for binding in table.bindings] == [
        ("Total", "$1,250.00"),
        ("Due", "May 3, 2024"),
        ("Fee", "25 USD"),
    ]
    inputs = tokenizer(prompt, return_tensors="pt")
    guard = Guard(model, tokenizer, GuardConfig(policy="observe", slots=("prompt_end",)))
    out = guard.generate(**inputs, bindings=table.bindings, source=prompt, max_new_tokens=6, do_sample=False)
    assert out.report.slots[0].key == "Total"
