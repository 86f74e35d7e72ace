"""The turns of a chat in a rendered prompt."""

from __future__ import annotations

import re

import pytest

from guardbind.extraction import extract_prompt
from guardbind.text.chat import turns
from guardbind.text.decoded import PromptText

SPECIAL = re.compile(r"<\|[a-z_]+\|>|<(?:start|end)_of_turn>|<bos>|</?s>|\[/?[A-Z_]{4,}\]")
ASKED = [("system", "Be brief."), ("user", "x = 5"), ("assistant", "y = 6"), ("user", "What is x?"), ("assistant", "")]

CHATML = (
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nx = 5<|im_end|>\n"
    "<|im_start|>assistant\ny = 6<|im_end|>\n<|im_start|>user\nWhat is x?<|im_end|>\n<|im_start|>assistant\n"
)
LLAMA = (
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nx = 5<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\ny = 6<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nWhat is x?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
)
GRANITE = (
    "<|start_of_role|>system<|end_of_role|>Be brief.<|end_of_text|>\n"
    "<|start_of_role|>user<|end_of_role|>x = 5<|end_of_text|>\n"
    "<|start_of_role|>assistant<|end_of_role|>y = 6<|end_of_text|>\n"
    "<|start_of_role|>user<|end_of_role|>What is x?<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>"
)
GEMMA = (
    "<bos><start_of_turn>system\nBe brief.<end_of_turn>\n<start_of_turn>user\nx = 5<end_of_turn>\n"
    "<start_of_turn>model\ny = 6<end_of_turn>\n<start_of_turn>user\nWhat is x?<end_of_turn>\n<start_of_turn>model\n"
)
PHI = (
    "<|system|>\nBe brief.<|end|>\n<|user|>\nx = 5<|end|>\n<|assistant|>\ny = 6<|end|>\n<|user|>\nWhat is x?<|end|>\n"
    "<|assistant|>\n"
)
MISTRAL = "<s>[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT][INST] x = 5[/INST] y = 6</s>[INST] What is x?[/INST]"
PHI_4 = (
    "<|im_start|>system<|im_sep|>Be brief.<|im_end|><|im_start|>user<|im_sep|>x = 5<|im_end|>"
    "<|im_start|>assistant<|im_sep|>y = 6<|im_end|><|im_start|>user<|im_sep|>What is x?<|im_end|>"
    "<|im_start|>assistant<|im_sep|>"
)
OTHER = "<s>system\nBe brief.</s><s>user\nx = 5</s><s>assistant\ny = 6</s><s>user\nWhat is x?</s><s>assistant\n"


def prompt_of(text: str) -> PromptText:
    specials = tuple(match.span() for match in SPECIAL.finditer(text))
    return PromptText(text, tuple((i, i + 1) for i in range(len(text))), specials)


def read(text: str) -> list[tuple[str | None, str]]:
    return [(turn.role, text[turn.start : turn.end].strip()) for turn in turns(prompt_of(text))]


@pytest.mark.parametrize("text", [CHATML, LLAMA, GRANITE, GEMMA, PHI, MISTRAL, PHI_4, OTHER])
def test_the_turns_of_a_template(text: str) -> None:
    assert read(text) == ASKED
    assert [item.key for item in extract_prompt(prompt_of(text)).items] == ["x"]


def test_the_result_of_a_tool_in_an_instruction() -> None:
    text = "<s>[INST] x?[/INST][TOOL_CALLS][{}]</s>[TOOL_RESULTS] x = 5[/TOOL_RESULTS] It is 5.</s>[INST] y?[/INST]"
    assert read(text) == [
        ("user", "x?"),
        ("assistant", "[{}]"),
        ("tool", "x = 5"),
        ("assistant", "It is 5."),
        ("user", "y?"),
        ("assistant", ""),
    ]


def test_a_turn_goes_on_over_other_special_tokens() -> None:
    text = "<|im_start|>user\nsee <|image|> x = 5<|im_end|>\n<|im_start|>assistant\n<|think|>y = 6<|answer|>z = 7"
    assert read(text) == [("user", "see <|image|> x = 5"), ("assistant", "y = 6<|answer|>z = 7")]
    table = extract_prompt(prompt_of(text))
    assert [item.key for item in table.items] == ["x"]
    assert [note for note in table.notes if note.startswith("1 turn of the assistant")]


def test_what_else_a_header_says_is_no_text() -> None:
    assert read("<|im_start|>user name=bob: x = 5\nhello<|im_end|>") == [("user", "hello")]
    assert read("<|im_start|>critic\nhello<|im_end|>") == [(None, "hello")]


@pytest.mark.parametrize("text", ["Assistant\nx = 5", "user", "<s>The user\nx = 5"])
def test_a_role_in_running_text_begins_no_turn(text: str) -> None:
    assert read(text) == [(None, text.removeprefix("<s>"))]


def test_pieces_without_a_role_are_turns_of_their_own() -> None:
    assert read("<s>one</s> <s>two</s>three") == [(None, "one"), (None, "two"), (None, "three")]
    assert read("") == read("<s>") == read("<s>\n</s>") == []
