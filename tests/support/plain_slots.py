"""Slots and rows without a model: a tokenizer of letters, and readouts written by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from guardbind.candidates.gaps import read_node
from guardbind.candidates.trie import Trie
from guardbind.config import GuardConfig
from guardbind.evidence import Binding, Evidence, Located, Mention, Target
from guardbind.policies import Restatement, Slot
from guardbind.session.bound_prompt import bind_prompt
from guardbind.session.row import Row
from guardbind.session.slot import Judge

VOCABULARY = 128
PLAIN_TRIE = Trie({"a": [(1,)], "b": [(2,)], "c": [(3,)]})
"""Three values of one token each, in a vocabulary in which 0 and 4 and up begin no value."""


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


def located(key: str = "a", *, value: str | None = "a", absent: bool = False) -> Located:
    """Return a binding that stands in the first token of a prompt."""
    mention = Mention(range(1), range(1), (0, 1), (0, 1), "key")
    return Located(0, key, value, (), () if absent else (mention,))


def plain_slot(
    p1: Sequence[float],
    p0: Sequence[float] | None,
    *,
    known: bool = True,
    token: int | None = None,
    banned: Sequence[int] = (),
    glued: Sequence[int] = (),
    risk: float = 0.0,
    restatement: Restatement | None = None,
    **settings: Any,
) -> Slot:
    """Return a slot whose target is the value `a`, the token 1.

    Args:
        p1: Probability of each token in full context.
        p0: The same with the target's evidence taken away; None when it was not read.
        known: Whether the target's value is known.
        token: The model's own token; by default the most probable one.
        banned: Tokens that a logits processor rules out.
        glued: Tokens that go on with the word before the slot.
        risk: Share of the candidates' probability that a draw would give to others.
        restatement: What restating the evidence gives.
        **settings: Of `GuardConfig`.
    """
    config = GuardConfig(**settings)
    logits = logs(p1)
    logprobs = torch.log_softmax(logits, -1)
    scores = logits.clone()
    scores[list(banned)] = -math.inf
    own = int(scores.argmax()) if token is None else token
    node = PLAIN_TRIE.root if known else None
    target, candidate = located(value="a" if known else None), 0 if known else None
    prior = None if p0 is None else logs(p0)
    judge = Judge(config, target, candidate, node, own, prior)
    return Slot(
        row=0,
        step=3,
        kind="line_end",
        begun=False,
        target=target,
        target_candidate=candidate,
        trie=PLAIN_TRIE if known else None,
        node=node,
        glued=frozenset(glued),
        logits=logits,
        logprobs=logprobs,
        scores=scores,
        nulls={} if prior is None else {0: prior},
        residual=torch.zeros(2),
        readout=read_node(logits, PLAIN_TRIE, node, target=candidate) if node is not None else None,
        token=own,
        judgement=judge.own(logprobs, risk),
        config=config,
        judge=judge.proposed,
        restate=lambda: restatement,
    )


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
