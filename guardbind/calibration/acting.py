"""Finds from which bits on targets may be acted on, such that harmful interventions stay rare with high confidence.

Learn then Test (Angelopoulos and others, arXiv 2110.01052): every pair of thresholds is a hypothesis, "more than the
risk is harmful of what this lets pass"; the order in which a way's pairs are tested comes from the split `choose`, the
p-values come from the split `fit`, and the ways share the chance of a mistake.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from guardbind.calibration.artefact import ActingRule
from guardbind.calibration.bounds import binomial_p_value, fixed_sequence, trials_needed
from guardbind.calibration.outcome import Outcome

__all__ = ["acting_rules", "lets_pass", "tested_ways"]

_STEPS = (0.0, 0.1, 0.25, 0.5)
"""Shares of a way's interventions that a threshold may cut off, by quantiles of the split `choose`."""


@dataclass(frozen=True, slots=True)
class _Thresholds:
    bits: float
    gain: float

    def passes(self, outcome: Outcome) -> bool:
        return lets_pass(outcome.evidence_bits, outcome.gain_bits, self.bits, self.gain)


def lets_pass(evidence_bits: float | None, gain_bits: float | None, min_bits: float, min_gain: float) -> bool:
    """Return whether an intervention reaches both thresholds; what was not read reaches none.

    Args:
        evidence_bits: Evidence bits of the token that would be written.
        gain_bits: Its observed bits less those of the model's own token.
        min_bits: Least evidence bits.
        min_gain: Least gain.
    """
    return evidence_bits is not None and gain_bits is not None and evidence_bits >= min_bits and gain_bits >= min_gain


def tested_ways(outcomes: Sequence[Outcome], *, risk: float, confidence: float) -> tuple[str, ...]:
    """Return the ways that are tested, in the order of their names; they share the chance of a mistake.

    The split `choose` decides: a way is tested where the split `fit` is about to hold at least half of the
    interventions without which nothing could be certified. Ways that hardly come up would cost those that do.

    Args:
        outcomes: What the trials showed.
        risk: Most harmful ones among the interventions, in (0, 1).
        confidence: How sure that shall be, in (0, 1).
    """
    sizes = Counter(o.split for o in outcomes)
    found = Counter(o.way for o in outcomes if o.split == "choose" and o.pushed and o.way is not None)
    least = trials_needed(risk, 1.0 - confidence) / 2
    grown = sizes["fit"] / max(sizes["choose"], 1)
    return tuple(sorted(way for way, n in found.items() if way is not None and n * grown >= least))


def acting_rules(outcomes: Sequence[Outcome], *, risk: float, confidence: float) -> tuple[ActingRule, ...]:
    """Return the loosest certified rule of each way; a way of which nothing could be certified has none.

    For all rules at once: with `confidence`, over draws of the trials, at most the share `risk` of the interventions
    that a rule lets pass is harmful, on trials that are drawn as these were.

    Args:
        outcomes: What the trials showed; the splits `choose` and `fit` are used.
        risk: Most harmful ones among the interventions, in (0, 1).
        confidence: How sure that shall be, in (0, 1).
    """
    ways = tested_ways(outcomes, risk=risk, confidence=confidence)
    rules = (_rule(way, outcomes, risk, (1.0 - confidence) / len(ways)) for way in ways)
    return tuple(rule for rule in rules if rule is not None)


def _rule(way: str, outcomes: Sequence[Outcome], risk: float, delta: float) -> ActingRule | None:
    mine = [o for o in outcomes if o.pushed and o.way == way]
    chosen, fitted = ([o for o in mine if o.split == split] for split in ("choose", "fit"))
    pairs = _in_order(chosen, risk)
    counts = [_count(fitted, pair) for pair in pairs]
    certified = fixed_sequence([binomial_p_value(wrong, n, risk) for wrong, n in counts], delta)
    if not certified:
        return None
    # All that were certified hold together, so that the one that helps most may be taken; of equals, the strictest.
    best = max(
        range(certified), key=lambda place: (_helpful(fitted, pairs[place]), pairs[place].bits, pairs[place].gain)
    )
    (wrong, n), pair = counts[best], pairs[best]
    return ActingRule(way=way, min_evidence_bits=pair.bits, min_gain_bits=pair.gain, n=n, wrong=wrong)


def _in_order(chosen: Sequence[Outcome], risk: float) -> list[_Thresholds]:
    """Return the pairs, those first that look surest on the split `choose`."""
    bits = _cuts([o.evidence_bits for o in chosen])
    gains = _cuts([o.gain_bits for o in chosen])
    pairs = [_Thresholds(bit, gain) for bit in bits for gain in gains]

    def looks(pair: _Thresholds) -> tuple[float, int]:
        wrong, n = _count(chosen, pair)
        return binomial_p_value(wrong, n, risk), -n

    return sorted(pairs, key=looks)


def _cuts(values: Sequence[float | None]) -> list[float]:
    known = sorted(value for value in values if value is not None and math.isfinite(value))
    if not known:
        return [0.0]
    cuts = {round(known[int(step * (len(known) - 1))], 2) for step in _STEPS[1:]}
    # The first one cuts nothing off but what a second readout would not confirm either.
    return sorted({min(0.0, math.floor(known[0])), *cuts})


def _count(outcomes: Sequence[Outcome], pair: _Thresholds) -> tuple[int, int]:
    passed = [o for o in outcomes if pair.passes(o)]
    return sum(o.harmful for o in passed), len(passed)


def _helpful(outcomes: Sequence[Outcome], pair: _Thresholds) -> int:
    return sum(pair.passes(o) and o.written_right and not o.own_right for o in outcomes)
