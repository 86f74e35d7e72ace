"""The turns of a chat in a rendered prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from guardbind.evidence.text import PromptText

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
    """Cut a prompt at its special tokens and read the role that stands at the head of each piece.

    A role that stands in a piece of its own, as in `<|start_header_id|>user<|end_header_id|>`, goes with the next
    piece. Templates that mark roles by other words leave the role None.

    Args:
        prompt: The decoded prompt.

    Returns:
        The turns in the order of the text, also empty ones that have a role (the answer that is to be written).
    """
    found: list[Turn] = []
    waiting: str | None = None
    for start, end in _pieces(prompt):
        header = _HEADER.match(prompt.text, start, end)
        role = _ROLES.get(header["role"].lower()) if header else None
        if role is None or header is None:
            if prompt.text[start:end].strip() or waiting:
                found.append(Turn(waiting, start, end))
            waiting = None
        elif header.end() >= end and "\n" not in header.group():
            waiting = role
        else:
            found.append(Turn(role, header.end(), end))
            waiting = None
    if waiting:
        found.append(Turn(waiting, len(prompt.text), len(prompt.text)))
    return found


def _pieces(prompt: PromptText) -> Iterator[tuple[int, int]]:
    reached = 0
    for start, end in (*prompt.specials, (len(prompt.text), len(prompt.text))):
        if reached < start or start == len(prompt.text):
            yield reached, start
        reached = max(reached, end)
