"""Builds slots from readouts written by hand, so that a policy can be tried without a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from guardbind.candidates.gaps import read_node
from guardbind.candidates.trie import Trie
from guardbind.config import GuardConfig
from guardbind.evidence import Located, Mention
from guardbind.policies import Restatement, Slot
from guardbind.policies.judge import Judge

__all__ = ["PLAIN_TRIE", "example_slot", "example_target"]

PLAIN_TRIE = Trie({"a": [(1,)], "b": [(2,)], "c": [(3,)]})
"""Three values of one token each, in a vocabulary in which 0 and 4 and up begin no value."""


def example_target(key: str = "a", *, value: str | None = "a", absent: bool = False) -> Located:
    """Return a binding that stands in the first token of a prompt, or nowhere."""
    mention = Mention(range(1), range(1), (0, 1), (0, 1), "key")
    return Located(0, key, value, (), () if absent else (mention,))


def example_slot(
    p1: Sequence[float],
    p0: Sequence[float] | None,
    *,
    known: bool = True,
    token: int | None = None,
    banned: Sequence[int] = (),
    glued: Sequence[int] = (),
    certain: bool = False,
    declared: bool = False,
    copies: Sequence[int] = (),
    risk: float = 0.0,
    restatement: Restatement | None = None,
    available: float | None = None,
    available_from: float | None = None,
    attended: Sequence[float] | None = None,
    target: Located | str | None = "a",
    **settings: Any,
) -> Slot:
    """Return a slot whose target is the value `a`, the token 1; `b` and `c` are 2 and 3.

    Args:
        p1: Probability of each token in full context.
        p0: The same with the target's evidence taken away; None when it was not read.
        known: Whether the target's value is known.
        token: The model's own token; by default the most probable one.
        banned: Tokens that a logits processor rules out.
        glued: Tokens that go on with the word before the slot.
        certain: Whether it was told whose value is meant.
        declared: Whether the caller told it.
        copies: Tokens that copy a value which is not known from the target's passage.
        risk: Share of the candidates' probability that a draw would give to others.
        restatement: What restating the evidence gives.
        available: How far the residual names the target's value.
        available_from: From where on that counts.
        attended: Probability of each token with more attention to the evidence; None where that cannot be read.
        target: The target, or its key; None where it is unresolved.
        **settings: Of `GuardConfig`.

    >>> slot = example_slot([0.05, 0.2, 0.7, 0.05], [0.05, 0.01, 0.89, 0.05])
    >>> slot.judgement.verdict, round(slot.bits(1), 2), round(slot.bits(2), 2)
    ('binding_failure', 4.32, -0.35)
    """
    config = GuardConfig(**settings)
    logits = _logs(p1)
    logprobs = torch.log_softmax(logits, -1)
    scores = logits.clone()
    scores[list(banned)] = -math.inf
    own = int(scores.argmax()) if token is None else token
    node = PLAIN_TRIE.root if known else None
    if isinstance(target, str):
        target = example_target(target, value="a" if known else None)
    candidate = 0 if known and target is not None else None
    prior = None if p0 is None or target is None else _logs(p0)
    judge = Judge(config, target, candidate, node, own, prior, certain=certain, copies=frozenset(copies))
    return Slot(
        row=0,
        step=3,
        kind="line_end",
        continues=False,
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
        certain=certain,
        judgement=judge.own(logprobs, risk),
        config=config,
        judge=judge.proposed,
        restate=lambda: restatement,
        available=available,
        available_from=available_from,
        declared=declared,
        copies=frozenset(copies),
        attend=lambda: "it was not read" if attended is None else _logs(attended),
    )


def _logs(probabilities: Sequence[float]) -> Tensor:
    return torch.tensor(probabilities).log()
