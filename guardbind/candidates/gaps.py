"""Reads logits at a node of the trie: gate gap, value gap, candidate probabilities and the residual lens.

Everything here is a pure function of logits and a trie node. The next token goes one of several *ways*: each child of
the node is a way, shared by the candidates below it. Where a value ends inside another one ("blue" in "bluebird"), all
tokens that are no child are together one more way, *the end*: writing any of them means that the value ended there.
Every token lies in at most one way, so probabilities of ways add up, and the logit of a candidate is the log-sum-exp of
the logits of its ways. A tokenisation outside the forms of the trie counts as another token, or as the end.

**Stage and gaps.** A stage says what greedy decoding writes: it follows the single best token, so that the share of
right readouts never exceeds the share whose best candidate token is the target's. Gaps say where the probability lies.
With one token per candidate and no tie the two agree: 2A where the gate gap is negative, 2B where only the value gap
is. With several tokens they may differ, since tokens that each lose can win together.

**Ties.** Logits are compared in fp32. Of equal ones the lowest token id wins, and the readout says that it was a tie.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from guardbind.candidates.trie import Node, Trie
from guardbind.errors import BatchError, CandidateError, NumericsError, TargetError

__all__ = [
    "Confidence",
    "NodeReadout",
    "Stage",
    "best_token",
    "lens_scores",
    "read_confidence",
    "read_node",
    "vocabulary_rank",
]

Stage = Literal["right", "2a", "2b"]


@dataclass(frozen=True, slots=True)
class NodeReadout:
    """One row of next-token logits, read at one node (paper §1.1: gate gap, value gap, stages).

    Logits and gaps are in nats. A gap is infinite where one side is banned (all its logits are -inf).

    Attributes:
        target: Index of the candidate that should be written, None if unresolved.
        stage: What greedy decoding does for the target: "right" (the top token keeps it alive), "2a" (the top token is
            no candidate's) or "2b" (it is another candidate's only). None without target.
        gate_gap: Best candidate's logit - best single other token's logit. None where every token is a candidate's, as
            at a node where a value ends.
        value_gap: Target's logit - best other candidate's. Tokens that the target shares count for the target only.
            None without target, where the target is not alive, where no other candidate has a token of its own, and
            where both sides are banned.
        top_token: The best token id.
        top_candidates: Candidates alive under the top token, ascending; none where the paper's gate indicator is 0.
        best_candidates: Candidates alive under the best token that is a candidate's; empty if all of those are banned.
        ranking: Candidates alive here by falling logit; those that share all their tokens share one place.
        tie: The two best logits of the vocabulary are equal, or the target's and the best other candidate's.
        logprobs: For each candidate, the log-probability that the next token keeps it alive; None if it is not alive
            at the node.
        posterior: For each candidate, the probability of the same given that some candidate is kept alive, each token
            counted once: it sums to 1 over groups of candidates that share no token. None if it is not alive at the
            node, or if all candidates are banned.
        margin: Best logit - second best of the vocabulary.
        max_probability: Probability of the top token.
        entropy: Entropy of the next token over the whole vocabulary, nats.
    """

    target: int | None
    stage: Stage | None
    gate_gap: float | None
    value_gap: float | None
    top_token: int
    top_candidates: tuple[int, ...]
    best_candidates: tuple[int, ...]
    ranking: tuple[tuple[int, ...], ...]
    tie: bool
    logprobs: tuple[float | None, ...]
    posterior: tuple[float | None, ...]
    margin: float
    max_probability: float
    entropy: float

    @property
    def rank_of_target(self) -> int | None:
        """The target's place among the candidates, from 1; None without a target that is alive."""
        return next((place for place, group in enumerate(self.ranking, 1) if self.target in group), None)

    @property
    def runner_up(self) -> tuple[int, ...]:
        """The second best candidate (several if indistinguishable), the baseline repair; empty if there is none."""
        return self.ranking[1] if len(self.ranking) > 1 else ()


def read_node(logits: Tensor, trie: Trie, node: Node, *, target: int | None) -> NodeReadout:
    """Read one row of next-token logits at a node of the trie.

    Args:
        logits: Raw logits, shape [V], any floating dtype; computed with in fp32. -inf bans a token.
        trie: The candidate set.
        node: The node reached by the tokens of the value written so far.
        target: Index of the candidate that should be written, None if unresolved.

    Raises:
        BatchError: `logits` is not a single row.
        CandidateError: A candidate's token id lies outside the vocabulary.
        NumericsError: A logit is NaN or +inf, or all are -inf.
        TargetError: `target` is not the index of a candidate.
    """
    if target is not None and not 0 <= target < len(trie):
        raise TargetError(f"target {target} is no candidate; the indices are 0 to {len(trie) - 1}.")
    scores = _score(logits, trie, node)
    z, total, ways = scores.logits, scores.total, scores.ways

    top_token = best_token(z)
    confidence = read_confidence(z)
    top_candidates = node.kept_by(top_token)
    best_candidates = top_candidates
    if not node.ends:
        best = max(ways, key=lambda way: way.logit)
        best_candidates = best.values if best.logit > -math.inf else frozenset()

    stage: Stage | None = None
    if target is not None:
        stage = "right" if target in top_candidates else "2b" if top_candidates else "2a"
    value_gap = _value_gap(ways, target)
    mass = _logsumexp(way.logit for way in ways)
    return NodeReadout(
        target=target,
        stage=stage,
        gate_gap=None if scores.other is None else max(scores.alive.values()) - scores.other,
        value_gap=value_gap,
        top_token=top_token,
        top_candidates=tuple(sorted(top_candidates)),
        best_candidates=tuple(sorted(best_candidates)),
        ranking=scores.ranking(),
        tie=confidence.margin == 0 or value_gap == 0,
        logprobs=scores.per_candidate(lambda logit: min(0.0, logit - total)),
        posterior=scores.per_candidate(lambda logit: min(1.0, math.exp(logit - mass)) if mass > -math.inf else None),
        margin=confidence.margin,
        max_probability=confidence.max_probability,
        entropy=confidence.entropy,
    )


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure the next token looks, whatever the candidates are.

    Attributes:
        margin: Best logit - second best of the vocabulary.
        max_probability: Probability of the top token.
        entropy: Entropy of the next token, nats.
    """

    margin: float
    max_probability: float
    entropy: float


def read_confidence(logits: Tensor) -> Confidence:
    """Read how sure the next token looks.

    Args:
        logits: Raw logits, shape [V], any floating dtype; computed with in fp32. -inf bans a token.
    """
    z = logits.detach().float()
    probabilities = z.softmax(0)
    # In one transfer from a device.
    read = [*z.topk(min(2, len(z))).values, probabilities.max(), torch.special.entr(probabilities).sum()]
    top, *rest, largest, entropy = torch.stack(read).tolist()
    return Confidence(
        margin=top - rest[0] if rest else math.inf,
        max_probability=largest,
        entropy=entropy,
    )


def best_token(logits: Tensor, among: Iterable[int] | None = None) -> int:
    """Return the token of the highest logit; of equal ones the lowest id.

    Args:
        logits: Raw logits, shape [V], any floating dtype.
        among: Token ids to choose from, at least one; None for the vocabulary.
    """
    # Of equal numbers `argmax` promises the first.
    if among is None:
        return int(logits.argmax())
    tokens = sorted(among)
    return tokens[int(logits[tokens].argmax())]


def lens_scores(
    head: Callable[[Tensor], Tensor], residuals: Mapping[int, Tensor], trie: Trie, node: Node
) -> dict[int, tuple[float, ...]]:
    """Read the candidates from the residual stream of each layer (logit lens).

    Args:
        head: The model's own final norm and output head, [H] to [V].
        residuals: Residual stream at the slot, shape [H], by layer.
        trie: The candidate set.
        node: The node to read at.

    Returns:
        By layer, for each candidate the log-probability (nats) that the next token keeps it alive; -inf where it is not
        alive at the node.

    Raises:
        BatchError, CandidateError, NumericsError: As `read_node`.
    """
    scores = {layer: _score(head(residual), trie, node) for layer, residual in residuals.items()}
    return {
        layer: tuple(min(0.0, score.alive.get(index, -math.inf) - score.total) for index in range(len(trie)))
        for layer, score in scores.items()
    }


def vocabulary_rank(logits: Tensor, node: Node, target: int) -> int | None:
    """Return the place, from 1, of the target's best next token in the vocabulary; None if no token continues it here.

    Args:
        logits: Raw logits, shape [V], any floating dtype; of equal ones the lowest token id ranks first.
        node: The node reached by the tokens of the value written so far.
        target: Index of a candidate.
    """
    tokens = [token for token in node.children if target in node.children[token].values]
    if not tokens:
        return None
    z = logits.detach().float()
    best = best_token(z, tokens)
    return 1 + int((z > z[best]).sum()) + int((z[:best] == z[best]).sum())


@dataclass(frozen=True, slots=True)
class _Way:
    logit: float
    values: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Scores:
    logits: Tensor
    total: float
    """Log-sum-exp of the vocabulary."""
    ways: list[_Way]
    """By ascending token id, the end last."""
    other: float | None
    """Best logit outside the ways; None if every token lies in one."""
    size: int
    """Number of candidates."""
    live: dict[int, tuple[int, ...]]
    """Candidate index → positions in `ways`."""
    alive: dict[int, float]
    """Candidate index → logit."""

    def per_candidate(self, of: Callable[[float], float | None]) -> tuple[float | None, ...]:
        return tuple(of(self.alive[index]) if index in self.alive else None for index in range(self.size))

    def ranking(self) -> tuple[tuple[int, ...], ...]:
        groups: dict[tuple[int, ...], list[int]] = {}
        for index in sorted(self.live):
            groups.setdefault(self.live[index], []).append(index)
        order = sorted(groups, key=lambda live: (-self.alive[groups[live][0]], live))
        return tuple(tuple(groups[live]) for live in order)


def _score(logits: Tensor, trie: Trie, node: Node) -> _Scores:
    if logits.ndim != 1:
        raise BatchError(
            f"logits of shape {list(logits.shape)} were given; one row, shape [V], is read at a time.",
            hint="Index the row and the last position first.",
        )
    tokens = sorted(node.children)
    if tokens and tokens[-1] >= len(logits):
        raise CandidateError(
            f"candidate token {tokens[-1]} lies outside the {len(logits)} logits.",
            hint="Use the tokenizer that belongs to the model.",
        )
    z = logits.detach().float()
    index = torch.tensor(tokens, dtype=torch.long, device=z.device)
    outside = z.index_fill(0, index, -math.inf)
    # One transfer from the device for all numbers that Python needs.
    total, outside_total, outside_best, *chosen = torch.cat(
        [torch.stack([z.logsumexp(0), outside.logsumexp(0), outside.max()]), z[index]]
    ).tolist()
    # A single NaN or +inf makes the log-sum-exp one, and it is -inf only if nothing can be written.
    if not math.isfinite(total):
        raise NumericsError(
            f"the log-sum-exp of the logits is {total}; logits must be finite, or -inf for a banned token, "
            "and not all banned.",
            hint="Look for an overflow in the model's low-precision arithmetic, or a mask that hides every token.",
        )

    ways = [_Way(logit, node.children[token].values) for token, logit in zip(tokens, chosen, strict=True)]
    if node.ends:
        ways.append(_Way(outside_total, node.ends))
    live: dict[int, list[int]] = {}
    for position, way in enumerate(ways):
        for candidate in way.values:
            live.setdefault(candidate, []).append(position)
    return _Scores(
        logits=z,
        total=total,
        ways=ways,
        other=None if node.ends or len(tokens) == len(z) else outside_best,
        size=len(trie),
        live={candidate: tuple(positions) for candidate, positions in live.items()},
        alive={candidate: _logsumexp(ways[p].logit for p in positions) for candidate, positions in live.items()},
    )


def _value_gap(ways: list[_Way], target: int | None) -> float | None:
    own = [way.logit for way in ways if target in way.values]
    rivals: dict[int, list[float]] = {}
    for way in ways:
        if target not in way.values:
            for candidate in way.values:
                rivals.setdefault(candidate, []).append(way.logit)
    if not own or not rivals:
        return None
    gap = _logsumexp(own) - max(map(_logsumexp, rivals.values()))
    return None if math.isnan(gap) else gap


def _logsumexp(logits: Iterable[float]) -> float:
    terms = list(logits)
    peak = max(terms)
    if peak == -math.inf:
        return peak
    # Summed exactly, so that candidates with the same logits in another order tie.
    return peak + math.log(math.fsum(math.exp(term - peak) for term in terms))
