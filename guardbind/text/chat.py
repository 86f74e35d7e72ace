"""Cuts a rendered prompt into the turns of its chat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from guardbind.text.chat_format import ChatFormat
from guardbind.text.chat_rendering import around_user
from guardbind.text.decoded import PromptText

__all__ = ["ChatFormat", "Turn", "around_user", "opens_turn", "turns"]

_ROLES = {
    **dict.fromkeys(("assistant", "model", "ai", "bot"), "assistant"),
    **dict.fromkeys(("user", "human", "instruction", "inst"), "user"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "ipython", "function", "environment"), "tool"),
}
_CALLS = frozenset({"call", "calls"})
_NAME = re.compile(r"[A-Za-z]+")
_LINE = re.compile(r"\s*(?P<role>[A-Za-z]+)(?P<more>[^\n]*)(?P<end>\n|\Z)")


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
    """Cut a prompt into turns.

    What marks a turn is what the tokenizer's own chat template writes around it (`ChatFormat`). Of a prompt that no
    template of its tokenizer explains, the special tokens part the turns: a role is read where a special token is named
    after it (`<|user|>`), or where it stands by itself at the head of what follows one. Without a role, each piece
    between special tokens is a turn.

    Args:
        prompt: The decoded prompt.

    Returns:
        The turns in the order of the text, also empty ones that have a role (the answer that is to be written).
    """
    cuts = [] if prompt.chat is None else prompt.chat.cut(prompt.text, prompt.specials)
    found: list[Turn] = []
    for role, start, end in cuts or [(None, 0, len(prompt.text))]:
        found += [Turn(role, start, end)] if role is not None else _unexplained(prompt, start, end)
    return found


def opens_turn(tokenizer: Any, text: str) -> bool:
    """Whether a prompt ends as the chat template ends one; templates may mark turns by words, as `[/INST]`.

    Args:
        tokenizer: A Hugging Face tokenizer.
        text: The decoded prompt.
    """
    chat = ChatFormat.of(tokenizer)
    return chat is not None and chat.opens_answer(text)


class _Piece(NamedTuple):
    """What stands behind a special token, up to the next one; before the first one the token is blank."""

    token: str
    before: int
    start: int
    end: int


class _Header(NamedTuple):
    """The role that begins with a piece, None for one that is not known, and where what is said begins."""

    role: str | None
    start: int
    is_call: bool = False


def _unexplained(prompt: PromptText, first: int, last: int) -> list[Turn]:
    """Cut a stretch at its special tokens, with the roles that they and the words behind them name."""
    text = prompt.text
    pieces = list(_pieces(prompt, first, last))
    headers = [_header(text, pieces, place) for place in range(len(pieces))]
    # What stands right before the beginning of a turn has ended the one before; so it does elsewhere.
    closing = {
        before.token
        for before, header in zip(pieces, headers[1:], strict=False)
        if header is not None and before.token and not text[before.start : before.end].strip()
    }
    found: list[Turn] = []
    role: str | None = None
    for piece, header in zip(pieces, headers, strict=True):
        start = piece.start
        if header is not None:
            # A call is a part of the turn that makes it.
            if header.role is not None and not (header.role == role and header.is_call):
                found.append(Turn(header.role, header.start, header.start))
            role, start = header.role, header.start
        elif piece.token in closing:
            role = None
        if not text[start : piece.end].strip():
            if role is not None and found[-1].start == found[-1].end:
                found[-1] = Turn(role, piece.end, piece.end)
        elif role is None:
            found.append(Turn(None, start, piece.end))
        else:
            begun = found[-1]
            found[-1] = Turn(role, start if begun.start == begun.end else begun.start, piece.end)
    return found


def _pieces(prompt: PromptText, first: int, last: int) -> Iterator[_Piece]:
    specials = [(max(a, first), min(b, last)) for a, b in prompt.specials if a < last and first < b]
    for (before, start), (end, _) in pairwise([(first, first), *specials, (last, last)]):
        yield _Piece(prompt.text[before:start].strip(), before, start, max(start, end))


def _header(text: str, pieces: Sequence[_Piece], place: int) -> _Header | None:
    """Return what begins with a piece; None where no turn does."""
    token, _, start, end = pieces[place]
    names = [name.lower() for name in _NAME.findall(token)]
    if not names:
        return None
    if not _CALLS.isdisjoint(names):
        return _Header("assistant", start, is_call=True)
    if named := _named(token, names):
        return _Header(named, start)
    line = _LINE.match(text, start, end)
    if line is None:
        return None
    role = _ROLES.get(line["role"].lower())
    if role is not None and not line["more"].strip():
        return _Header(role, line.end())
    # Between a token that starts something and the one that ends it, the first line is a header whatever it says.
    ended = ["end" if name == "start" else name for name in names]
    paired = ended != names and any(
        [name.lower() for name in _NAME.findall(later.token)] == ended for later in pieces[place + 1 :]
    )
    if paired and line["end"] and (role is not None or not line["more"].strip()):
        return _Header(role, line.end())
    return None


def _named(token: str, names: Sequence[str]) -> str | None:
    """Return the role that a special token is named after; what it closes is answered by the assistant."""
    role = next((_ROLES[name] for name in names if name in _ROLES), None)
    if token[1:2] == "/":
        return "assistant" if role in ("user", "tool") else None
    return role
