"""Describes one slot of one row as a policy sees it: what was read there, and the verdict on the model's own token."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from guardbind.candidates.gaps import NodeReadout
from guardbind.candidates.trie import Node, Trie
from guardbind.config import GuardConfig
from guardbind.evidence import Located
from guardbind.information.budget import SOFTMAX_FLOOR, Budget, Envelope, envelope
from guardbind.information.evidence import evidence_bits_from_logprobs
from guardbind.model.branch import Branch
from guardbind.policies.verdict import Judgement

__all__ = ["Restatement", "Slot", "bits_of", "budget_of", "envelope_of"]


def bits_of(token: int, logprobs: Tensor, prior: Tensor) -> float:
    """Return signed evidence bits log2(p1/p0) of a token.

    Args:
        token: The token.
        logprobs: log p1 `[vocabulary]`, nats.
        prior: log p0 `[vocabulary]`, nats.

    Raises:
        ConfigError: A number is NaN, or no log-probability.

    >>> round(bits_of(1, torch.tensor([0.5, 0.5]).log(), torch.tensor([0.875, 0.125]).log()), 3)
    2.0
    """
    return evidence_bits_from_logprobs(float(logprobs[token]), float(prior[token]))


def budget_of(logprob: float, prior: float, tau: float) -> Budget:
    """Return the budget of a token from log p1 and log p0 (nats)."""
    return Budget(_probability(logprob), _probability(prior), tau, floor=SOFTMAX_FLOOR)


def envelope_of(logprob: float, priors: Mapping[str, float], tau: float) -> Envelope:
    """Return the budgets of a token from log p1, and log p0 (nats) by the name of the null."""
    return envelope(
        _probability(logprob), {name: _probability(prior) for name, prior in priors.items()}, tau, floor=SOFTMAX_FLOOR
    )


def _probability(logprob: float) -> float:
    return min(1.0, math.exp(logprob))


@dataclass(frozen=True, slots=True)
class Restatement:
    """The evidence restated at a slot, read ahead in a branch of the cache.

    Attributes:
        branch: The branch, whose logits are the second readout.
        tokens: What was fed, with the line that stops before the value.
        stated: How many of them, from the first, state the evidence.
    """

    branch: Branch
    tokens: tuple[int, ...]
    stated: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of one row, as it was read.

    Attributes:
        row: Row of the batch.
        step: Tokens generated in this row before it.
        kind: What opened it.
        continues: Whether it continues a value, of which tokens are written already.
        target: The binding or evidence it should take its value from; None when unresolved.
        target_candidate: Index of the target's value in the trie; None when it is not known.
        trie: The candidates, or None when no value is known.
        node: Where the value stands in the trie.
        glued: Tokens that would go on with the word that the text ends in, or with a value that is whole; they are not
            written.
        logits: Raw fp32 logits `[vocabulary]`.
        logprobs: Their log-softmax, nats: log p1.
        scores: Processed scores `[vocabulary]`; their arg max is the model's own token.
        nulls: Index of a binding to log p0 `[vocabulary]` (nats) with its evidence taken away.
        residual: What fed the output head `[hidden]`.
        readout: Gate gap, value gap and posterior; None when no candidate is known.
        token: The model's own token.
        certain: Whose value is meant was told, not guessed.
        judgement: The verdict on it.
        config: The guard's settings.
        judge: Judges another token, given log-probabilities to judge it by.
        restate: Reads the slot again with the evidence restated before it; None when there is nothing to restate or
            no room for it.
        available: How far the residual names the target's value among the candidates, in [0, 1]; None where no probe
            reads it, or where there is no choice.
        available_from: From where on that counts as available; None where nothing is decided by it.
        declared: The caller said whose value is meant.
        copies: Tokens with which the value of a declared passage is copied, where its value is not known but the line
            before the slot says what the passage says before it; empty elsewhere.
        attend: Reads the last token with more attention to the target's evidence: log-probabilities `[vocabulary]`,
            nats, or why that cannot be had.
    """

    row: int
    step: int
    kind: str
    continues: bool
    target: Located | None
    target_candidate: int | None
    trie: Trie | None
    node: Node | None
    glued: frozenset[int]
    logits: Tensor
    logprobs: Tensor
    scores: Tensor
    nulls: Mapping[int, Tensor]
    residual: Tensor
    readout: NodeReadout | None
    token: int
    certain: bool
    judgement: Judgement
    config: GuardConfig
    judge: Callable[[int, Tensor], Judgement]
    restate: Callable[[], Restatement | None]
    available: float | None = None
    available_from: float | None = None
    declared: bool = False
    copies: frozenset[int] = frozenset()
    attend: Callable[[], Tensor | str] = lambda: "it is not offered here"

    @property
    def pseudo_prior(self) -> Tensor | None:
        """Log p0 `[vocabulary]` (nats) with the target's evidence taken away, or None when it was not read."""
        return None if self.target is None else self.nulls.get(self.target.index)

    @property
    def holds_value(self) -> bool | None:
        """Whether the residual names the target's value, so that it is there and not used; None where that is open."""
        if self.available is None or self.available_from is None:
            return None
        return self.available >= self.available_from

    @property
    def permitted(self) -> Tensor:
        """Log p1 `[vocabulary]` (nats), -inf for tokens that a logits processor rules out (banned words, a grammar)."""
        return self.logprobs.masked_fill(self.scores == -math.inf, -math.inf)

    @property
    def choices(self) -> tuple[int, ...]:
        """Tokens that keep a candidate alive here, and the likeliest that ends one; empty when no value is known."""
        if self.node is None:
            return ()
        children = [token for token in self.node.children if token not in self.glued]
        if not self.node.ends:
            return tuple(children)
        others = torch.tensor([*self.node.children, *self.glued], device=self.logprobs.device)
        return (*children, int(self.logprobs.index_fill(0, others, -math.inf).argmax()))

    def bits(self, token: int, logprobs: Tensor | None = None) -> float | None:
        """Return signed evidence bits log2(p1/p0) of a token on the target's span; None when p0 was not read."""
        prior = self.pseudo_prior
        return None if prior is None else bits_of(token, self.logprobs if logprobs is None else logprobs, prior)

    def budget(self, token: int, logprobs: Tensor | None = None) -> Budget | None:
        """Return the budget of a token; None when p0 was not read."""
        prior = self.pseudo_prior
        if prior is None:
            return None
        p1 = self.logprobs if logprobs is None else logprobs
        return budget_of(float(p1[token]), float(prior[token]), self.config.tau)
