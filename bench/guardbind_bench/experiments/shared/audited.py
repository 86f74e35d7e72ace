"""Applies the rules of an audit to what a verifier said: the published one, the signed one, and the trivial ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from guardbind.errors import ConfigError
from guardbind.information.budget import SOFTMAX_FLOOR, Budget
from guardbind.information.divergence import bernoulli_kl
from guardbind.information.intervals import wilson
from guardbind_bench.arrays import Flags, Floats
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.registry import AUDIT_TASKS, TASKS, TEXT_TASKS
from guardbind_bench.stats.metrics import auroc, auroc_interval
from guardbind_bench.stats.statistics import exact_share, share

__all__ = [
    "AuditReadings",
    "audit_notes",
    "check_audit_tasks",
    "flag_quality",
    "in_percent",
    "least",
    "passed_and_flagged",
    "published_margins",
    "ranking_quality",
    "scores_of",
    "share_difference",
    "signed_margins",
    "told_of",
    "verifier_values",
    "worst_flags",
]


@dataclass(frozen=True, slots=True, eq=False)
class AuditReadings:
    """What a verifier said of some claims.

    Attributes:
        right: Whether the claim holds, or the answer is right `[claims]`.
        task: What a verifier of the shown spans should say YES to `[claims]`.
        p1: Probability of YES with the evidence `[claims]`.
        p0: The same under each null `[claims, nulls]`.
        own: Probability of the value or the answer by itself `[claims]`.
        mass: Probability of YES, NO and UNSURE together `[claims]`.
        yes: Whether YES is the likeliest of the three `[claims]`.
    """

    right: Flags
    task: Flags
    p1: Floats
    p0: Floats
    own: Floats
    mass: Floats
    yes: Flags

    @classmethod
    def of(cls, frame: pd.DataFrame) -> AuditReadings:
        """Read records; those that failed, or have no claim to audit, are left out."""
        kept = frame[frame["failed"].isna() & frame["audited"].astype(bool)]
        p1, no, unsure = (kept[name].to_numpy(float) for name in ("p1", "no", "unsure"))
        right = kept["right"].to_numpy(bool)
        carried = kept["carried"]
        return cls(
            right=right,
            task=right if carried.isna().all() else carried.astype(bool).to_numpy(),
            p1=p1,
            p0=np.stack([np.asarray(row, dtype=float) for row in kept["p0"]]) if len(kept) else np.zeros((0, 1)),
            own=kept["own"].to_numpy(float),
            mass=p1 + no + unsure,
            yes=(p1 > no) & (p1 > unsure),
        )


def published_margins(readings: AuditReadings, tau: float) -> Floats:
    """Return what the unsigned test leaves over under each null, nats `[claims, nulls]`; it flags below 0."""
    p1 = np.clip(readings.p1, SOFTMAX_FLOOR, 1 - SOFTMAX_FLOOR)[:, None] + np.zeros_like(readings.p0)
    p0 = np.clip(readings.p0, SOFTMAX_FLOOR, 1 - SOFTMAX_FLOOR)
    margins: Floats = bernoulli_kl(p1, p0) - bernoulli_kl(np.full_like(p0, tau), p0)
    return margins


def signed_margins(readings: AuditReadings, tau: float) -> Floats:
    """Return what the signed budget leaves over under each null, nats `[claims, nulls]`; it flags below 0."""
    rows = [
        [Budget(min(p1, 1.0), min(p0, 1.0), tau, floor=SOFTMAX_FLOOR).margin_nats for p0 in priors]
        for p1, priors in zip(readings.p1.tolist(), readings.p0.tolist(), strict=True)
    ]
    return np.array(rows, dtype=float).reshape(readings.p0.shape)


def worst_flags(margins: Floats) -> Flags:
    """Return which claims are under budget under any null `[claims]`."""
    return np.asarray((margins < 0).any(axis=1))


def scores_of(readings: AuditReadings, tau: float, seed: int) -> dict[str, Floats]:
    """Return what each rule ranks claims by, lower where an error is likelier `[claims]`.

    Args:
        readings: What was read.
        tau: Reliability asked for.
        seed: Of the random order.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = np.log2(np.maximum(readings.p1, 1e-12) / np.maximum(readings.p0.max(axis=1, initial=0.0), 1e-12))
    return {
        "published_budget": published_margins(readings, tau).min(axis=1, initial=math.inf),
        "signed_budget": signed_margins(readings, tau).min(axis=1, initial=math.inf),
        "evidence_bits": bits,
        "p1": readings.p1,
        "own_probability": readings.own,
        "random": np.random.default_rng(seed).random(len(readings.p1)),
    }


def flag_quality(right: Flags, flagged: Flags) -> dict[str, Estimate]:
    """Return how well flags find errors."""
    wrong = ~right
    return {
        "flagged": share(flagged),
        "precision": share(wrong[flagged]),
        "recall": share(flagged[wrong]),
        "accuracy_passed": share(right[~flagged]),
    }


def ranking_quality(right: Flags, scores: Floats) -> Estimate:
    """Return the chance that a right claim scores above a wrong one."""
    good, bad = scores[right].tolist(), scores[~right].tolist()
    interval, n = auroc_interval(good, bad), len(scores)
    value = auroc(good, bad)
    if interval is None:
        return Estimate(value=value, n=n)
    return Estimate(value=value, low=interval.low, high=interval.high, n=n, method="bootstrap")


def least(scores: Floats, rate: float) -> Flags:
    """Return flags on the given share of claims, those of least score."""
    flagged = np.zeros(len(scores), dtype=bool)
    flagged[np.argsort(scores, kind="stable")[: round(rate * len(scores))]] = True
    return flagged


def passed_and_flagged(right: Flags, flagged: Flags) -> dict[str, Estimate]:
    """Return the published numbers, in percent: what passes, how often that is right, and what is flagged."""
    lift = share_difference(right[~flagged], right[flagged])
    return {
        "pass_pct": in_percent(share(~flagged)),
        "acc_pass_pct": in_percent(share(right[~flagged])),
        "acc_flag_pct": in_percent(share(right[flagged])),
        "lift_pp": in_percent(lift),
    }


def in_percent(found: Estimate) -> Estimate:
    """Return a share as a percentage."""
    scaled = {name: 100 * number for name in ("value", "low", "high") if (number := getattr(found, name)) is not None}
    return found.model_copy(update=scaled)


def share_difference(first: Flags, second: Flags) -> Estimate:
    """Return the share of true flags among the first less that among the second, with Newcombe's interval.

    Example:
        >>> seen = share_difference(np.array([True] * 9 + [False]), np.array([True] * 5 + [False] * 5))
        >>> round(seen.value, 3), round(seen.low, 3), round(seen.high, 3)
        (0.4, -0.002, 0.676)
    """
    n = len(first) + len(second)
    if not len(first) or not len(second):
        return Estimate(value=None, n=n)
    (a, low_a, high_a), (b, low_b, high_b) = (
        (float(flags.mean()), *((found := wilson(int(flags.sum()), len(flags))).low, found.high))
        for flags in (first, second)
    )
    return Estimate(
        value=a - b,
        low=a - b - math.hypot(a - low_a, high_b - b),
        high=a - b + math.hypot(high_a - a, b - low_b),
        n=n,
        method="newcombe",
    )


def verifier_values(readings: AuditReadings) -> dict[str, Estimate]:
    """Return whether the verifier can do its task: how often it says YES where it should, and where it should not."""
    apart = share_difference(readings.yes[readings.task], readings.yes[~readings.task])
    balanced = apart.model_copy(
        update={
            name: 0.5 + number / 2 for name in ("value", "low", "high") if (number := getattr(apart, name)) is not None
        }
    )
    return {
        "verifier_accuracy": balanced,
        "yes_if_so": exact_share(readings.yes[readings.task]),
        "yes_if_not": exact_share(readings.yes[~readings.task]),
        "auroc": ranking_quality(readings.task, readings.p1),
    }


def told_of(verifier: dict[str, Estimate]) -> Sequence[str]:
    """Return the note of a verifier that is no better than chance; nothing of another one."""
    low = verifier["verifier_accuracy"].low
    if low is not None and low > 0.5:
        return ()
    return ("This verifier is not shown to be better than chance; no figure of it certifies anything.",)


def audit_notes(frame: pd.DataFrame, readings: AuditReadings) -> tuple[str, ...]:
    """Return what has to be said beside the numbers: of failures, of answers without a claim, of the verifier."""
    failed = int(frame["failed"].notna().sum())
    unasked = int((frame["failed"].isna() & ~frame["audited"].astype(bool)).sum())
    notes = []
    if failed:
        notes.append(f"{failed} of {len(frame)} claims could not be read and are left out.")
    if unasked:
        notes.append(f"{unasked} of {len(frame)} answers give no option; there is nothing to audit in them.")
    return (*notes, *told_of(verifier_values(readings)))


def check_audit_tasks(tasks: Iterable[str]) -> None:
    """Check that all are registered tasks of audits.

    Raises:
        ConfigError: A task is of another kind.
        UnknownNameError: A task is not registered.
    """
    for name in tasks:
        if name not in AUDIT_TASKS and (name in TASKS or name in TEXT_TASKS):
            raise ConfigError(
                f"{name!r} is no task of audits; here one of these is needed: {', '.join(AUDIT_TASKS)}.",
                hint="Name one of these; `guardbind bench list` shows them too.",
            )
        if name not in AUDIT_TASKS:
            raise AUDIT_TASKS.miss(name)
