"""Chooses by what the evidence adds, log p1 + alpha * (log p1 - log p0): the policy `contrast`."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from guardbind.policies.proposal import Attempt, NoToken, Write
from guardbind.policies.slot import Slot

__all__ = ["contrast", "contrast_at", "contrasted"]

_REPAIRABLE = ("gate_failure", "binding_failure")


def contrasted(
    logprobs: Tensor, prior: Tensor, alpha: float, *, choices: Iterable[int] = (), plausibility: float
) -> Tensor:
    """Return the contrasted distribution as log-probabilities `[vocabulary]` (nats).

    It lives on `choices` where values are known, else on the tokens whose p1 is at least `plausibility` times the
    largest: a contrast of two tiny probabilities means nothing.

    Args:
        logprobs: log p1 `[vocabulary]`.
        prior: log p0 `[vocabulary]`.
        alpha: Strength, 0 gives p1 back.
        choices: Tokens that keep a candidate alive.
        plausibility: Share of the largest p1, used when there are no choices.
    """
    choices = list(choices)
    allowed = torch.zeros_like(logprobs, dtype=torch.bool)
    if choices:
        allowed[choices] = True
    else:
        allowed = logprobs >= logprobs.max() + math.log(plausibility)
    # A token that is ruled out stays so: -inf minus -inf is no number.
    allowed &= logprobs.isfinite() & prior.isfinite()
    score = (logprobs + alpha * (logprobs - prior)).masked_fill(~allowed, -math.inf)
    return torch.log_softmax(score, -1) if bool(allowed.any()) else score


def contrast_at(slot: Slot, alpha: float, plausibility: float) -> Write | NoToken:
    """Propose the best token of the contrast of one strength."""
    prior = slot.pseudo_prior
    if prior is None:
        return NoToken("contrast", "there is no null to contrast with")
    choices = slot.choices if slot.target_candidate is not None else ()
    readout = contrasted(slot.permitted, prior, alpha, choices=choices, plausibility=plausibility)
    best = int(readout.argmax())
    if not math.isfinite(float(readout[best])):
        return NoToken("contrast", "no token is left to choose from")
    return Write("contrast", best, readout=readout)


def contrast(slot: Slot) -> Iterable[Attempt]:
    """Propose the contrast at the configured strength, on a closed gate or a wrong binding."""
    if slot.judgement.verdict in _REPAIRABLE:
        yield contrast_at(slot, slot.config.alpha, slot.config.plausibility)
