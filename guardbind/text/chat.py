"""The turns of a chat in a rendered prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from guardbind.text.decoded import PromptText

__all__ = ["Turn", "turns"]

_ROLES = {
    "assistant": "assistant",
    "model": "assistant",
    "ai": "assistant",
    "user": "user",
    "human": "user",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "ipython": "tool",
    "function": "tool",
    "environment": "tool",
}
# Special tokens: the role is the first line behind one of these, ...
_BEFORE_LINE = frozenset({"<|im_start|>", "<start_of_turn>"})
# ... it is all that stands between one of these and the next special token, ...
_BEFORE_NAME = frozenset({"<|start_header_id|>", "<|start_of_role|>"})
# ... or the token itself says it.
_BEGINNINGS = {
    "<|system|>": "system",
    "<|user|>": "user",
    "<|assistant|>": "assistant",
    "<|tool|>": "tool",
    "[INST]": "user",
    "[/INST]": "assistant",
    "[SYSTEM_PROMPT]": "system",
    "[AVAILABLE_TOOLS]": "system",
    "[TOOL_RESULTS]": "tool",
    "[/TOOL_RESULTS]": "assistant",
}
_ENDS = frozenset(
    {"<|im_end|>", "<end_of_turn>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "<|end|>"}
    | {"<s>", "</s>", "<bos>", "<eos>", "<|begin_of_text|>", "[/SYSTEM_PROMPT]", "[/AVAILABLE_TOOLS]"}
)
_WORD = re.compile(r"\s*(?P<role>[A-Za-z]+)")
_HEADER = re.compile(r"\s*(?P<role>[A-Za-z]+)[ \t]*(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one party said.

    Attributes:
        role: `system`, `user`, `assistant` or `tool`; None where the prompt does not say.
        start: First character of what was said, in the decoded prompt, its role left out.
        end: The character behind it.
    """

    role: str | None
    start: int
    end: int


def turns(prompt: PromptText) -> list[Turn]:
    """Cut a prompt into turns at its special tokens.

    The role stands behind `<|im_start|>` or `<start_of_turn>` on a line, between `<|start_header_id|>` and the next
    special token, or is said by the token itself (`<|user|>`, `[INST]`, where these are special tokens). Of other
    templates, a role that stands by itself at the head of what follows a special token is read. A turn with a role goes
    on over other special tokens until one that ends it; without a role, each piece between special tokens is a turn.

    Args:
        prompt: The decoded prompt.

    Returns:
        The turns in the order of the text, also empty ones that have a role (the answer that is to be written).
    """
    found: list[Turn] = []
    role: str | None = None
    for piece in _pieces(prompt):
        start, end = piece.start, piece.end
        header = _header(prompt.text, piece)
        if header is not None:
            role, start = header
            if role is not None:
                found.append(Turn(role, start, start))
        elif piece.token in _ENDS:
            role = None
        if role is None:
            if prompt.text[start:end].strip():
                found.append(Turn(None, start, end))
        elif start < end:
            begun = found[-1]
            found[-1] = Turn(role, start if begun.start == begun.end else begun.start, end)
    return found


class _Piece(NamedTuple):
    """What stands behind a special token, up to the next one; before the first one the token is blank."""

    token: str
    start: int
    end: int


def _pieces(prompt: PromptText) -> Iterator[_Piece]:
    size = len(prompt.text)
    for (before, start), (end, _) in pairwise([(0, 0), *prompt.specials, (size, size)]):
        yield _Piece(prompt.text[before:start].strip(), start, max(start, end))


def _header(text: str, piece: _Piece) -> tuple[str | None, int] | None:
    """Return the role that a piece begins with, and where what is said begins; None where no turn begins."""
    token, start, end = piece
    if token in _BEGINNINGS:
        return _BEGINNINGS[token], start
    if token in _BEFORE_NAME or token in _BEFORE_LINE:
        line = text.find("\n", start, end) if token in _BEFORE_LINE else -1
        word = _WORD.match(text, start, end)
        return _ROLES.get(word["role"].lower()) if word else None, end if line < 0 else line + 1
    header = _HEADER.match(text, start, end) if token else None
    role = _ROLES.get(header["role"].lower()) if header else None
    return None if header is None or role is None else (role, header.end())
