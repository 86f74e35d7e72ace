"""Combines two distributions into one, in the ways that the literature knows; pure functions of log-probabilities.

All are members of q ~ p0^(1 - tau) p1^tau on a plausible set, where tau = 1 is the unguarded model.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["coda", "constrained", "entropy", "escape_floor", "extrapolated", "jensen_shannon", "plausible", "pointwise"]


def plausible(logprobs: Tensor, theta: float) -> Tensor:
    """Return which tokens have at least `theta` of the largest probability, `[trials, vocabulary]`; all at 0."""
    if theta <= 0:
        return torch.ones_like(logprobs, dtype=torch.bool)
    return logprobs >= logprobs.amax(-1, keepdim=True) + math.log(theta)


def entropy(logprobs: Tensor) -> Tensor:
    """Return the entropy in nats, `[trials, 1]`."""
    return -(logprobs.exp() * logprobs).nan_to_num().sum(-1, keepdim=True)


def jensen_shannon(first: Tensor, second: Tensor) -> Tensor:
    """Return the Jensen-Shannon divergence in nats, `[trials, 1]`: 0 for equal ones, at most ln 2.

    Example:
        >>> import torch
        >>> from guardbind_bench.methods.combiners import jensen_shannon
        >>> one, other = torch.tensor([[1.0, 0.0]]).log(), torch.tensor([[0.0, 1.0]]).log()
        >>> round(float(jensen_shannon(one, other)), 4)
        0.6931
    """
    middle = torch.logaddexp(first, second) - math.log(2)
    halves = ((p.exp() * (p - middle)).nan_to_num().sum(-1, keepdim=True) for p in (first, second))
    return torch.stack(list(halves)).mean(0).clamp(0, math.log(2))


def extrapolated(logprobs: Tensor, prior: Tensor, alpha: Tensor | float, theta: float = 0.0) -> Tensor:
    """Return log p1 + alpha * (log p1 - log p0) where p1 is plausible, -inf elsewhere.

    Args:
        logprobs: log p1 `[trials, vocabulary]`, nats.
        prior: log p0, likewise.
        alpha: Strength, 0 gives p1 back; a number, or one for each trial `[trials, 1]`.
        theta: Share of the largest p1 that a token needs; 0 lets every token through.
    """
    return (logprobs + alpha * (logprobs - prior)).masked_fill(~plausible(logprobs, theta), -math.inf)


def pointwise(logprobs: Tensor, prior: Tensor, theta: float) -> Tensor:
    """Return log p1 - log p0 where p1 is plausible, -inf elsewhere."""
    return (logprobs - prior).masked_fill(~plausible(logprobs, theta), -math.inf)


def escape_floor(logprobs: Tensor, prior: Tensor, theta: float) -> Tensor:
    """Return what CoDa puts in the place of log p0 for tokens that are plausible under p1 only, `[trials, 1]`, nats.

    Args:
        logprobs: log p1 `[trials, vocabulary]`, nats.
        prior: log p0, likewise.
        theta: Share of the largest probability that makes a token plausible, under either.
    """
    mine, theirs = plausible(logprobs, theta), plausible(prior, theta)
    losing = mine & theirs & (logprobs < prior)
    pool = torch.where(losing.any(-1, keepdim=True), losing, mine & theirs)
    pool = torch.where(pool.any(-1, keepdim=True), pool, mine)  # nothing is plausible under both
    return prior.masked_fill(~pool, math.inf).amin(-1, keepdim=True)


def coda(logprobs: Tensor, prior: Tensor, theta: float) -> Tensor:
    """Return CoDa's scores: pointwise mutual information, and for tokens that escaped a floor in the place of p0.

    A token escapes where it is plausible under p1 and not under p0. The floor is the smallest log p0 among the tokens
    that are plausible under both and lose by the condition, of all that are plausible under both where none loses.

    Args:
        logprobs: log p1 `[trials, vocabulary]`, nats.
        prior: log p0, likewise.
        theta: Share of the largest probability that makes a token plausible, under either.
    """
    mine, theirs = plausible(logprobs, theta), plausible(prior, theta)
    floor = escape_floor(logprobs, prior, theta)
    return torch.where(theirs, logprobs - prior, logprobs - floor).masked_fill(~mine, -math.inf)


def constrained(logprobs: Tensor, prior: Tensor, alpha: float, ratio: float) -> Tensor:
    """Return COIECD's scores: log p1 inside the typical set, log p0 outside of it, and the contrast on top of either.

    A token is typical whose information stands less than ln(ratio) above the least of all tokens, or below the most;
    where only one token is that near to the least, only the latter are. The entropy of p0, which the authors subtract
    from the information, cancels when that is normalised.

    Args:
        logprobs: log p1 `[trials, vocabulary]`, nats.
        prior: log p0, likewise.
        alpha: Strength of the contrast.
        ratio: Width of the set, at least 1.

    Example:
        >>> import torch
        >>> from guardbind_bench.methods.combiners import constrained
        >>> p1, p0 = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log(), torch.tensor([[0.1, 0.2, 0.3, 0.4]]).log()
        >>> constrained(p1, p0, 0.0, 2.0).exp()
        tensor([[0.5000, 0.3000, 0.3000, 0.0500]])
    """
    shift = torch.log_softmax(-logprobs, -1)
    near = shift < shift.amin(-1, keepdim=True) + math.log(ratio)
    near = near & (near.sum(-1, keepdim=True) != 1)
    typical = near | (shift > shift.amax(-1, keepdim=True) - math.log(ratio))
    return torch.where(typical, logprobs, prior) + alpha * (logprobs - prior)
