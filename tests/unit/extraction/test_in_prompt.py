"""Bindings of a prompt: turn by turn, without what the assistant wrote."""

from __future__ import annotations

import re
from typing import Any

import pytest
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.evidence import locate
from guardbind.extraction import extract_prompt
from guardbind.text.decoded import PromptText

SPECIAL = re.compile(r"<\|[a-z_]+\|>|<(?:start|end)_of_turn>|<bos>|</?s>")
TURNS = [
    ("system", "Reply as `Answer: <value>`."),
    ("user", "Bob's badge number is 4417.\nThe total is $5.00."),
    ("assistant", "Noted: Bob's badge number is 9999."),
    ("tool", '{"order_id": 20391, "status": "shipped"}'),
    ("assistant", "Ann's badge number is 1111."),
    ("user", "What is Bob's badge number? And what is the status of order #20391?"),
]


def prompt_of(text: str) -> PromptText:
    specials = tuple(match.span() for match in SPECIAL.finditer(text))
    return PromptText(text, tuple((i, i + 1) for i in range(len(text))), specials)


def chatml(turns: list[tuple[str, str]]) -> str:
    return "".join(f"<|im_start|>{role}\n{said}<|im_end|>\n" for role, said in turns) + "<|im_start|>assistant\n"


def llama(turns: list[tuple[str, str]]) -> str:
    head = "<|start_header_id|>{}<|end_header_id|>\n\n"
    said = "".join(f"{head.format(role)}{text}<|eot_id|>" for role, text in turns)
    return f"<|begin_of_text|>{said}{head.format('assistant')}"


def gemma(turns: list[tuple[str, str]]) -> str:
    names = {"assistant": "model", "tool": "user", "system": "user"}
    said = "".join(f"<start_of_turn>{names.get(role, role)}\n{text}<end_of_turn>\n" for role, text in turns)
    return f"<bos>{said}<start_of_turn>model\n"


@pytest.mark.parametrize("form", [chatml, llama, gemma])
def test_what_the_assistant_wrote_is_no_evidence(form: object) -> None:
    prompt = prompt_of(form(TURNS))  # type: ignore[operator]
    table = extract_prompt(prompt)
    assert [(item.key, item.value) for item in table.items] == [
        ("Bob's badge number", "4417"),
        ("total", "$5.00"),
        ("order_id", "20391"),
        ("status", "shipped"),
    ]
    assert all(item.span is not None and prompt.text[slice(*item.span)] == item.value for item in table.items)
    assert table.texts == (prompt.text,)
    assert [note for note in table.notes if "2 turns of the assistant left out" in note]
    located = locate(table.bindings, prompt)
    assert [prompt.text[slice(*item.mentions[0].value_chars)] for item in located.items] == [
        *("4417", "$5.00", "20391", "shipped")
    ]


def test_the_role_is_no_text() -> None:
    assert extract_prompt(prompt_of(chatml([("user: x = 5", "hello"), ("x", "= 6")]))).items == ()


def test_what_is_begun_for_the_assistant_is_no_evidence_either() -> None:
    table = extract_prompt(prompt_of(chatml(TURNS[1:2]) + "Ann's badge number is 1111. So"))
    assert [item.key for item in table.items] == ["Bob's badge number", "total"]
    assert [note for note in table.notes if note.startswith("1 turn of the assistant")]


def test_no_statement_reaches_over_a_special_token() -> None:
    assert extract_prompt(prompt_of("<s>the total is</s>5.00")).items == ()


@pytest.mark.parametrize("text", ["x = 5\ny = 6", "<s>x = 5\ny = 6", "x = 5<s>y = 6</s>", "", "<s>"])
def test_a_prompt_without_turns_is_read_whole(text: str) -> None:
    table = extract_prompt(prompt_of(text))
    assert [(item.key, item.value) for item in table.items] == ([("x", "5"), ("y", "6")] if "x" in text else [])
    assert not [note for note in table.notes if "assistant" in note]


def test_rules_are_those_of_extract() -> None:
    table = extract_prompt(prompt_of(chatml(TURNS)), rules=["json"])
    assert {item.rule for item in table.items} == {"json"}


@pytest.mark.real_model
def test_a_rendered_chat(demo_model: tuple[PreTrainedModel, PreTrainedTokenizerBase]) -> None:
    _, tokenizer = demo_model
    messages = [{"role": role, "content": said} for role, said in TURNS if role != "tool"]
    ids: Any = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    prompt = PromptText.from_ids(tokenizer, ids)
    table = extract_prompt(prompt)
    assert [(item.key, item.value) for item in table.items] == [("Bob's badge number", "4417"), ("total", "$5.00")]
    assert [item.absent for item in locate(table.bindings, prompt).items] == [False, False]
