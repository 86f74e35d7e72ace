"""Slots and rows without a model: a tokenizer of letters, and readouts written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor, nn

from guardbind.config import GuardConfig
from guardbind.evidence import Binding, Evidence, Target
from guardbind.model.tail import Tail
from guardbind.session.asking import Asking
from guardbind.session.bound_prompt import bind_prompt
from guardbind.session.opener import Opener
from guardbind.session.row import Row
from guardbind.testing.slot import PLAIN_TRIE
from guardbind.testing.slot import example_slot as plain_slot
from guardbind.testing.slot import example_target as located

__all__ = [
    "LETTERS",
    "PLAIN_TRIE",
    "VOCABULARY",
    "Letters",
    "PlainModel",
    "letters_opener",
    "letters_row",
    "located",
    "logs",
    "plain_branch",
    "plain_slot",
    "plain_tail",
]

VOCABULARY = 128


class Letters:
    """A tokenizer of which every ASCII character is a token, and the NUL character is special."""

    all_special_ids = (0,)
    chat_template = None

    def encode(self, text: str, add_special_tokens: bool = False) -> list[int]:
        return [ord(letter) for letter in text]

    def decode(self, ids: Sequence[int], **_: object) -> str:
        return "".join(map(chr, ids))

    def __call__(self, text: str, add_special_tokens: bool = False) -> dict[str, list[int]]:
        return {"input_ids": self.encode(text)}


LETTERS: Any = Letters()


def letters_opener(**settings: Any) -> Opener:
    """An opener that nothing can be read for: what slots are meant to take is said by the words."""
    config = GuardConfig(**settings)
    return Opener(config, LETTERS, Asking(config, (), LETTERS, nullcontext))


def letters_row(
    prompt: str, items: Sequence[Binding | Evidence] | dict[str, str], target: str | Target | None = None
) -> Row:
    """Return the row of a prompt of letters."""
    if isinstance(items, dict):
        items = [Binding(key, value) for key, value in items.items()]
    ids = LETTERS.encode(prompt)
    return Row(bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=items, declared=target, source=None))


def logs(probabilities: Sequence[float]) -> Tensor:
    """Return probabilities as natural logarithms."""
    return torch.tensor(probabilities).log()


class PlainBranch:
    """A branch that says what it is told, and notes what it is given to read."""

    def __init__(self, probabilities: Sequence[float]) -> None:
        self.logits = logs(probabilities)
        self.read: list[int] = []

    def advance(self, token: int) -> Tensor:
        self.read.append(token)
        return self.logits


def plain_branch(probabilities: Sequence[float]) -> Any:
    """Return a branch whose readout is given."""
    return cast(Any, PlainBranch(probabilities))


class PlainModel(nn.Module):
    """A model without a cache that says one thing whatever it reads, and notes what it read."""

    def __init__(self, logits: Tensor | None = None) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(VOCABULARY) if logits is None else logits, requires_grad=False)
        self.read: list[str] = []

    def forward(self, input_ids: Tensor, **_: object) -> SimpleNamespace:
        self.read += [LETTERS.decode(ids) for ids in input_ids.tolist()]
        return SimpleNamespace(logits=self.logits.expand(*input_ids.shape, -1))


def plain_tail(model: PlainModel | None = None) -> Tail:
    """Return a generation of a plain model that is interrupted."""
    return Tail(cast(Any, model or PlainModel()), LETTERS, None, 0, 6)
