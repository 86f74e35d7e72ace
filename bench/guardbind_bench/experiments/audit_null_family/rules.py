"""Sets the published and the signed rule beside trivial ones: p1 alone, the answer's own probability, and chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from guardbind.auditing.judged import AuditNull
from guardbind_bench.experiments.shared.audited import (
    AuditReadings,
    flag_quality,
    least,
    passed_and_flagged,
    published_margins,
    scores_of,
    signed_margins,
    worst_flags,
)
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.measures.audits import ABSENT

__all__ = ["compared_rules", "flags_at_rates"]

_RULES = ("published_budget", "signed_budget", "p1", "own_probability", "random")
_NULLED = ("published_budget", "signed_budget")


def compared_rules(readings: AuditReadings, tau: float, null: AuditNull | None, seed: int) -> dict[str, Estimate]:
    """Return what each rule passes and finds; own probability and chance flag as many as the published rule does.

    Args:
        readings: What was read.
        tau: Reliability asked for.
        null: The null; None for the worst of all.
        seed: Of the random flags.
    """
    seen = _under(readings, null)
    published = worst_flags(published_margins(seen, tau))
    scores, rate = scores_of(seen, tau, seed), float(published.mean()) if len(published) else 0.0
    flags = {
        "published": published,
        "signed": worst_flags(signed_margins(seen, tau)),
        "trivial": seen.p1 < tau,
        "own": least(scores["own_probability"], rate),
        "random": least(scores["random"], rate),
    }
    values = passed_and_flagged(seen.right, published)
    for rule, flagged in flags.items():
        found, quality = passed_and_flagged(seen.right, flagged), flag_quality(seen.right, flagged)
        if rule in ("signed", "trivial"):
            values[f"pass_pct_{rule}"] = found["pass_pct"]
        if rule != "published":
            values[f"lift_pp_{rule}"] = found["lift_pp"]
        values |= {f"{name}_{rule}": quality[name] for name in ("precision", "recall")}
    return values


def flags_at_rates(
    readings: AuditReadings, tau: float, null: AuditNull | None, rates: Sequence[float], seed: int
) -> Iterator[tuple[str, float, dict[str, Estimate]]]:
    """Yield rule, rate, and precision and recall of as many flags; rules without a null only where `null` is None."""
    scores = scores_of(_under(readings, null), tau, seed)
    for rate in rates:
        for rule in _RULES if null is None else _NULLED:
            found = flag_quality(readings.right, least(scores[rule], rate))
            yield rule, rate, {name: found[name] for name in ("precision", "recall")}


def _under(readings: AuditReadings, null: AuditNull | None) -> AuditReadings:
    if null is None or not len(readings.p1):
        return readings
    place = ABSENT.index(null)
    return replace(readings, p0=readings.p0[:, [place]])
