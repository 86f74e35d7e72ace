"""Applies rules that pass or flag an answer: how well each finds errors, how often answers are right by score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from guardbind.config import GuardConfig
from guardbind.information.budget import signed_divergence
from guardbind.policies.slot import budget_of
from guardbind_bench.arrays import Flags, Floats
from guardbind_bench.experiments.pseudo_prior.null_arrays import NullArrays
from guardbind_bench.experiments.pseudo_prior.null_rows import published_margin
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.stats.metrics import auroc, auroc_interval
from guardbind_bench.stats.statistics import mean, share

__all__ = ["BudgetRule", "judged", "reliability", "rules"]

_BITS_EDGES = (-math.inf, 0.0, 1.0, 2.0, 3.0, 5.0, 8.0, math.inf)
_SHARES = np.linspace(0.0, 1.0, 11)


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """A rule, applied to the emitted tokens.

    Attributes:
        name: What it looks at.
        told: What it knows: the `target`, whose statement is taken away; the `bindings`, and not which of them is asked
            for; or `nothing`.
        over: What probabilities are over: the `vocabulary`, or the `candidates`.
        threshold: Where it draws the line, in words.
        tau: Reliability asked for; None where it asks for none.
        score: Higher is surer `[trials]`.
        flagged: Whether it does not pass an answer `[trials]`.
    """

    name: str
    told: str
    over: str
    threshold: str
    tau: float | None
    score: Floats
    flagged: Flags


def rules(readings: NullArrays, taus: Sequence[float], seed: int) -> list[BudgetRule]:
    """Apply every rule.

    What has no threshold of its own flags as many answers as the guard's threshold of bits does, those of least score.

    Args:
        readings: What was read.
        taus: Reliabilities asked for.
        seed: Of the flags that are drawn by lot.
    """
    full = {"vocabulary": (readings.token, readings.guard_prior), "candidates": tuple(readings.among)}
    found = [rule for over, (p1, p0) in full.items() for tau in taus for rule in _budgets(over, p1, p0, tau)]
    for tau in taus:
        every = [_margins(readings.token, priors, tau) for priors in (readings.guard_prior, *readings.token_priors.T)]
        worst = np.nanmin(every, axis=0)
        found.append(BudgetRule("envelope", "target", "vocabulary", "tau", tau, worst, worst < 0))
    least = GuardConfig().min_evidence_bits
    under = readings.bits < least
    line = f"{least:g} bits"
    found.append(BudgetRule("evidence_bits", "target", "vocabulary", line, None, readings.bits, under))
    anything = readings.any_bits
    found.append(BudgetRule("any_evidence_bits", "bindings", "vocabulary", line, None, anything, anything < least))
    observed = signed_divergence(np.exp(readings.token), np.exp(readings.guard_prior))
    lots = np.random.default_rng(seed).random(len(under))
    for name, score in {"observed": observed, **readings.baselines, "random": lots}.items():
        if not np.isnan(score).any():
            told, flagged = "target" if name == "observed" else "nothing", _least(score, int(under.sum()))
            found.append(BudgetRule(name, told, "vocabulary", "same rate", None, score, flagged))
    return found


def _budgets(over: str, logprobs: Floats, priors: Floats, tau: float) -> list[BudgetRule]:
    signed = _margins(logprobs, priors, tau)
    unsigned = np.array([published_margin(*pair, tau) for pair in zip(logprobs, priors, strict=True)])
    p1 = np.exp(logprobs)
    return [
        BudgetRule("signed_budget", "target", over, "tau", tau, signed, signed < 0),
        BudgetRule("published_budget", "target", over, "tau", tau, unsigned, unsigned < 0),
        BudgetRule("p1", "nothing", over, "tau", tau, p1, p1 < tau),
    ]


def _margins(logprobs: Floats, priors: Floats, tau: float) -> Floats:
    pairs = zip(logprobs, priors, strict=True)
    return np.array([math.nan if math.isnan(p0) else budget_of(p1, p0, tau).margin_nats for p1, p0 in pairs])


def _least(score: Floats, number: int) -> Flags:
    flagged = np.zeros(len(score), dtype=bool)
    flagged[np.argsort(score, kind="stable")[:number]] = True
    return flagged


def judged(readings: NullArrays, rule: BudgetRule) -> dict[str, Estimate]:
    """Return how well a rule finds the errors."""
    wrong = ~readings.right
    return {
        "flagged": share(rule.flagged),
        "precision": share(wrong[rule.flagged]),
        "recall": share(rule.flagged[wrong]),
        "accuracy_passed": share(readings.right[~rule.flagged]),
        "auroc": _auroc(rule.score[readings.right], rule.score[wrong]),
        "auroc_2b": _auroc(rule.score[readings.right], rule.score[readings.wrong_2b]),
    }


def _auroc(right: Floats, wrong: Floats) -> Estimate:
    positive, negative = right.tolist(), wrong.tolist()
    n, interval = len(positive) + len(negative), auroc_interval(positive, negative)
    value = auroc(positive, negative)
    if interval is None:
        return Estimate(value=value, n=n)
    return Estimate(value=value, low=interval.low, high=interval.high, n=n, method="bootstrap")


def reliability(readings: NullArrays) -> Iterator[tuple[str, str, dict[str, Estimate]]]:
    """Yield score, bin and row of each bin that holds an answer.

    The part of p1 that rests on the evidence is 1 - p0 / p1 = 1 - 2^-bits, nothing where the bits are negative.
    """
    rests = 1 - np.exp2(-np.maximum(readings.bits, 0.0))
    for low, high in pairwise(_BITS_EDGES):
        label = f"{low:g} to {high:g} bits".replace("-inf to", "under").replace(" to inf", " or more")
        inside = (readings.bits >= low) & (readings.bits < high)
        yield from _bin(readings, "evidence_bits", label, rests, inside)
    probability = readings.baselines["max_probability"]
    places = np.clip(np.searchsorted(_SHARES, probability, side="right") - 1, 0, len(_SHARES) - 2)
    for place, (low, high) in enumerate(pairwise(_SHARES)):
        yield from _bin(readings, "max_probability", f"{low:.1f} to {high:.1f}", probability, places == place)


def _bin(
    readings: NullArrays, score: str, label: str, predicted: Floats, inside: Flags
) -> Iterator[tuple[str, str, dict[str, Estimate]]]:
    if inside.any():
        values = {
            "predicted": mean(predicted[inside]),
            "observed": share(readings.right[inside]),
            "evidence_bits": mean(readings.bits[inside]),
        }
        yield score, label, values
