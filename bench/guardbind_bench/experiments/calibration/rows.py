"""Makes the rows of the experiment `calibration` from the outcomes of trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from guardbind.calibration.outcome import Outcome
from guardbind_bench.experiments.calibration.coverage import (
    DrawnRules,
    Realised,
    RiskPromise,
    calibrated,
    drawn,
    realised,
)
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.stats.statistics import count, exact_share, mean, quantity, share

__all__ = ["coverage_rows", "reach_row", "transfer_rows"]

Keys = dict[str, RowKey]


def coverage_rows(keys: Keys, outcomes: Sequence[Outcome], draws: int, promise: RiskPromise) -> Iterator[TableRow]:
    """Make the rows that say how often promises were kept: of acting one, of flagging one for each signal.

    Args:
        keys: What the trials are.
        outcomes: The trials, in order.
        draws: Draws that share no trial.
        promise: What is promised.
    """
    found = drawn(outcomes, draws, promise)
    results = [each.realised for each in found]
    certified = [bool(each.acting) for each in found]
    harms = [result.harm for result, has in zip(results, certified, strict=True) if has]
    known = [harm for harm in harms if harm is not None]
    values = {
        "promised": quantity(promise.risk, draws),
        "trials": count(len(outcomes) // draws, draws),
        "certified": share(certified),
        "harm": mean(known),
        "worst": quantity(max(known, default=None), len(known)),
        "above": exact_share([harm > promise.risk for harm in known]),
        "errors_repaired": mean([_rate(result.repaired) for result in results if result.repaired]),
    }
    yield TableRow(table="calibration_acting", keys=keys, values=values)
    yield from _flag_rows(keys, found, results, promise)


def _flag_rows(
    keys: Keys, found: Sequence[DrawnRules], results: Sequence[Realised], promise: RiskPromise
) -> Iterator[TableRow]:
    signals = dict.fromkeys(rule.signal for each in found for rule in each.flagging)
    for signal in signals:
        rates = [
            _rate(result.false_alarms(rule))
            for each, result in zip(found, results, strict=True)
            for rule in each.flagging
            if rule.signal == signal
        ]
        values = {
            "promised": quantity(promise.alpha, len(rates)),
            "flagged": mean(rates),
            "worst_draw": quantity(max(rates), len(rates)),
        }
        yield TableRow(table="calibration_flags", keys={**keys, "signal": signal}, values=values)


def transfer_rows(
    keys: Keys, by_condition: Mapping[str, Sequence[Outcome]], promise: RiskPromise
) -> Iterator[TableRow]:
    """Make a row for each pair of conditions: calibrated on the first half of one, used on the second of the other.

    Args:
        keys: The model.
        by_condition: Name of a condition to its trials, in order.
        promise: What is promised.
    """
    for made_on, made in by_condition.items():
        acting, flagging = calibrated(made[: len(made) // 2], promise)
        for used_on, used in by_condition.items():
            result = realised(acting, flagging, used[len(used) // 2 :])
            alarms = {
                rule.signal: _rate(result.false_alarms(rule)) for rule in flagging if any(o.own_right for o in used)
            }
            values = {
                "harm": exact_share(result.harmful),
                "errors_repaired": share(result.repaired),
                "answers_spoiled": exact_share(result.spoiled),
                "alarms": quantity(max(alarms.values(), default=None), len(alarms)),
            }
            about: Keys = {**keys, "made_on": made_on, "used_on": used_on}
            notes = () if acting else ("no rule was certified there, so that nothing is acted on",)
            yield TableRow(table="calibration_transfer", keys=about, values=values, notes=notes)


def reach_row(keys: Keys, outcomes: Sequence[Outcome], promise: RiskPromise) -> TableRow:
    """Make the row that says which share of the errors is repaired at a risk: fitted on two thirds, counted on one.

    Args:
        keys: What the trials are.
        outcomes: The trials, in order.
        promise: What is promised.
    """
    cut = 2 * len(outcomes) // 3
    acting, flagging = calibrated(outcomes[:cut], promise)
    result = realised(acting, flagging, outcomes[cut:])
    values = {
        "strict_risk": quantity(promise.risk, cut),
        "fitted": count(sum(rule.n for rule in acting), cut),
        "errors_repaired": share(result.repaired),
        "answers_spoiled": exact_share(result.spoiled),
        "harm": exact_share(result.harmful),
    }
    rules = ", ".join(f"{r.way} from {r.min_evidence_bits:g} bits, gain {r.min_gain_bits:g}" for r in acting)
    return TableRow(table="calibration_reach", keys=keys, values=values, notes=(f"rules: {rules or 'none'}",))


def _rate(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0
