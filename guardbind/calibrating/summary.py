"""Says what a calibration certifies, and what is missing where it certifies nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from guardbind.calibration.artefact import ActingRule, Calibration
from guardbind.calibration.bounds import trials_needed, upper_bound
from guardbind.calibration.outcome import Outcome

__all__ = ["WaySummary", "way_summaries"]


@dataclass(frozen=True, slots=True)
class WaySummary:
    """How targets that are found in one way stand.

    Attributes:
        way: How the target is found.
        n: Interventions of the split `fit`, before any threshold.
        wrong: Those of them that were harmful.
        rule: The rule that lets them pass, or None.
        bound: Upper bound of the share of harmful ones among what the rule lets pass, or of all where there is none,
            with the way's part of the calibration's chance of a mistake.
        more: Trials that it would take beyond those that there are, if the shares stay what they are; 0 with a rule,
            None where no number of trials would do.
    """

    way: str
    n: int
    wrong: int
    rule: ActingRule | None
    bound: float
    more: int | None


def way_summaries(calibration: Calibration, outcomes: Sequence[Outcome]) -> list[WaySummary]:
    """Return how each way stands whose targets were acted on, those with most interventions first.

    Args:
        calibration: The calibration.
        outcomes: What it was made of.
    """
    pushed = [outcome for outcome in outcomes if outcome.split == "fit" and outcome.pushed and outcome.way is not None]
    counts = Counter(outcome.way for outcome in pushed)
    wrong = Counter(outcome.way for outcome in pushed if outcome.harmful)
    rules = {rule.way: rule for rule in calibration.acting}
    found = []
    for way, n in counts.most_common():
        assert way is not None
        rule = rules.get(way)
        ways = len({*calibration.tested, way})
        delta = (1 - calibration.confidence) / ways
        held = (wrong[way], n) if rule is None else (rule.wrong, rule.n)
        bound = upper_bound(*held, delta)
        more = 0 if rule is not None else _more(wrong[way], n, calibration.risk, delta, len(outcomes))
        found.append(WaySummary(way, n, wrong[way], rule, bound, more))
    return found


def _more(wrong: int, n: int, risk: float, delta: float, trials: int) -> int | None:
    """Return how many trials more it would take if interventions, and harm, stay as frequent as they are."""
    if wrong >= risk * n and wrong > 0:
        return None
    # Harm that has been seen will be seen again: the number that is needed is looked for with as much of it.
    needed = trials_needed(risk, delta, wrong)
    while wrong and trials_needed(risk, delta, round(wrong * needed / n)) > needed:
        needed = trials_needed(risk, delta, round(wrong * needed / n))
        if needed > 1_000_000:
            return None
    return max(1, math.ceil(trials * needed / n) - trials)
