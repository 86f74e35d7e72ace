"""Cuts text into words, digits and signs, for a model whose own tokens are not known, and spells turns of a chat."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guardbind.errors import ConfigError

__all__ = ["PieceTokenizer", "RenderedPrompt", "render"]

# Scripts that put no spaces between words: each of their characters is a piece.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE = re.compile(rf" ?(?:[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W\d_])+|\d|[^\w\s]|_)|.", re.DOTALL)
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})


class PieceTokenizer:
    """Stands where the guard's rooms expect a tokenizer: its tokens are words, single digits and single signs.

    A space belongs to what follows it. Pieces are numbered as they are met, so that an instance serves one generation.

    Example:
        >>> pieces = PieceTokenizer()
        >>> [pieces.decode([piece]) for piece in pieces.encode("is 42.")]
        ['is', ' 4', '2', '.']
    """

    is_fast = False
    chat_template: str | None = None

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._ids: dict[str, int] = {}
        self._special: dict[str, int] = {}
        self.end = self.special("")
        """Stands for the end of an answer; it has no text."""

    @property
    def all_special_ids(self) -> list[int]:
        """Pieces that stand for no written text: the marks of turns, and the end."""
        return list(self._special.values())

    @property
    def all_special_tokens(self) -> list[str]:
        """Their texts."""
        return list(self._special)

    def special(self, text: str) -> int:
        """Return the piece of a mark; the same text within a message is no mark."""
        if text not in self._special:
            self._texts.append(text)
            self._special[text] = len(self._texts) - 1
        return self._special[text]

    def encode(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        """Return the pieces of a text."""
        found = []
        for piece in _PIECE.findall(text):
            if piece not in self._ids:
                self._texts.append(piece)
                self._ids[piece] = len(self._texts) - 1
            found.append(self._ids[piece])
        return found

    def decode(self, ids: Sequence[int], **_settings: Any) -> str:
        """Return the text of some pieces."""
        return "".join(self._texts[piece] for piece in ids)

    def __call__(self, text: str, *, add_special_tokens: bool = False) -> dict[str, list[int]]:
        """Return the pieces of a text, as tokenizers do."""
        return {"input_ids": self.encode(text)}

    def __len__(self) -> int:
        return len(self._texts)


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A prompt as the guard reads it, and where in it what was given stands.

    Attributes:
        ids: Its pieces, the marks of turns included.
        text: The same as text.
        starts: Where each message begins in the text; the one start of a text that is no chat.
        begun: Where the begun answer begins; the end of the text where there is none.
    """

    ids: tuple[int, ...]
    text: str
    starts: tuple[int, ...]
    begun: int


def render(pieces: PieceTokenizer, messages: Sequence[Mapping[str, Any]], text: str, begun: str) -> RenderedPrompt:
    """Write a chat, or a text, as one row of pieces.

    Args:
        pieces: Cuts the texts.
        messages: Turns, each with a role and a text as content; empty where `text` is asked.
        text: A text that the model goes on with.
        begun: How the answer begins.

    Raises:
        ConfigError: A message has no known role, or no text.
    """
    ids: list[int] = []
    starts: list[int] = []
    length = 0

    def add(more: Sequence[int]) -> None:
        nonlocal length
        ids.extend(more)
        length += len(pieces.decode(more))

    for place, message in enumerate(messages):
        role, content = message.get("role"), message.get("content")
        if role not in _ROLES or not isinstance(content, str):
            raise ConfigError(
                f"message {place} has the role {role!r} and a content that is {type(content).__name__}; the roles "
                f"{', '.join(sorted(_ROLES))} and a text are accepted.",
                hint='Give messages as [{"role": "user", "content": "..."}, ...].',
            )
        add([pieces.special(f"<|{role}|>"), *pieces.encode("\n")])
        starts.append(length)
        add([*pieces.encode(content), pieces.special("<|end|>"), *pieces.encode("\n")])
    if messages:
        add([pieces.special("<|assistant|>"), *pieces.encode("\n")])
    else:
        starts.append(0)
        add(pieces.encode(text))
    answer = length
    add(pieces.encode(begun))
    return RenderedPrompt(tuple(ids), pieces.decode(ids), tuple(starts), answer)
