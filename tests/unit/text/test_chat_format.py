"""Turns of chats are read as the tokenizer's own template marks them, whatever the template looks like."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from chat_templates import STYLES, Style, tokenizer_of
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from guardbind.text.chat import ChatFormat, opens_turn, turns
from guardbind.text.decoded import PromptText

Spoken = tuple[str, str]


@cache
def tokenizer(name: str) -> PreTrainedTokenizerFast:
    return tokenizer_of(STYLES[name])


def encoded(tokenizer: PreTrainedTokenizerFast, text: str, contents: list[str]) -> list[int]:
    """Encode a rendered chat so that what is said in it holds no special token, also where it spells one out."""
    ids: list[int] = []
    place = 0
    for content in contents:
        start = text.index(content, place)
        ids += tokenizer.encode(text[place:start], add_special_tokens=False)
        ids += tokenizer.encode(content, add_special_tokens=False, split_special_tokens=True)
        place = start + len(content)
    return ids + tokenizer.encode(text[place:], add_special_tokens=False)


def rendered(name: str, chat: list[Spoken], answering: bool = True) -> PromptText:
    """Render a chat whose contents are put in behind the template, so that none of them is taken for a marker."""
    own = tokenizer(name)
    stand_ins = [f"\ue000{place}\ue001" for place in range(len(chat))]
    messages: list[dict[str, Any]] = [
        {"role": role, "content": stand_in, **({"tool_call_id": "call56789"} if role == "tool" else {})}
        for (role, _), stand_in in zip(chat, stand_ins, strict=True)
    ]
    if name == "parts":
        messages = [{**m, "content": [{"type": "text", "text": m["content"]}]} for m in messages]
    text = str(own.apply_chat_template(messages, tokenize=False, add_generation_prompt=answering))
    ids: list[int] = []
    for piece in re.split("(\ue000\\d+\ue001)", text):
        if piece[:1] == "\ue000":
            said = chat[int(piece[1:-1])][1]
            ids += own.encode(said, add_special_tokens=False, split_special_tokens=True)
        else:
            ids += own.encode(piece, add_special_tokens=False)
    return PromptText.from_ids(own, ids)


def read(prompt: PromptText) -> list[tuple[str | None, str]]:
    return [(turn.role, prompt.text[turn.start : turn.end]) for turn in turns(prompt)]


def expected(style: Style, chat: list[Spoken], answering: bool) -> list[Spoken]:
    """Say which turns a chat has in a style: the system's words may be the beginning of the user's."""
    found = list(chat)
    if style.merges_system is not None and found[0][0] == "system":
        found[:2] = [("user", found[0][1] + style.merges_system + found[1][1])]
    if style.injects is not None and chat[0][0] != "system":
        found.insert(0, ("system", style.injects))
    return [*found, ("assistant", "")] if answering else found


_PIECES = st.sampled_from(
    [
        *("user", "assistant", "system\n", "tool", "model\n", "\n", "\n\n", " ", "x = 5", "KEY1=[ 42 ]", "7", ".", "é"),
        *("<|im_start|>", "<|im_end|>\n", "<|im_start|>assistant\n", "<|eot_id|>", "<end_of_turn>\n", "[/INST]", "</s>"),
        *("<|user|>\n", "<|start_header_id|>assistant<|end_header_id|>\n\n", "User:", "\n\nAssistant: ", "### User:\n"),
        *("<｜User｜>", "<tool_response>\n", "[INST] ", "[/TOOL_RESULTS]", "<s>", "Answer: "),
    ]
)


@st.composite
def chats(draw: st.DrawFn, style: Style) -> list[Spoken]:
    """Draw a chat that the style takes; what marks a turn in mere words is left out of what is said."""
    roles = ["user"]
    if style.system and draw(st.booleans()):
        roles.insert(0, "system")
    for _ in range(draw(st.integers(0, 3))):
        roles.append("assistant")
        if style.tool and draw(st.booleans()):
            roles += ["tool"] * draw(st.integers(1, 2))
            roles.append("assistant")
        roles.append("user")
        if not style.alternates and draw(st.integers(0, 4)) == 0:
            roles.append("user")
    if draw(st.booleans()):
        roles.append("assistant")
    said = []
    for role in roles:
        content = "".join(draw(st.lists(_PIECES, min_size=1, max_size=6)))
        for word in style.words:
            content = content.replace(word, "")
        # A blank stretch at the edge is not told from what a marker in words has around it.
        said.append((role, content.strip() if style.strips or style.words or role == "tool" else content))
    return said


@pytest.mark.parametrize("name", STYLES)
@given(data=st.data())
def test_what_is_said_comes_back_with_who_said_it(name: str, data: st.DataObject) -> None:
    style = STYLES[name]
    chat = data.draw(chats(style))
    answering = chat[-1][0] != "assistant" and data.draw(st.booleans())
    found = read(rendered(name, chat, answering))
    if style.injects == "Today: ":  # and then the date, which is another each time
        assert found[0][0] == "system" and found[0][1].startswith(style.injects)
        found[0] = ("system", style.injects)
    if name == "instructions" and chat[-1][0] != "assistant" and not answering:
        assert found.pop() == ("assistant", "")  # it has no other prompt
    if name == "instructions in words" and chat[-1][0] != "assistant" and not answering:
        assert found.pop() == ("assistant", "")
    assert found == expected(style, chat, answering)
