"""Draws many calibrations of a population whose risks are known, and counts how often a promise is not kept."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from guardbind.calibrating.request import CalibrationConfig
from guardbind.calibration.acting import acting_rules
from guardbind.calibration.artefact import ActingRule, FlagRule
from guardbind.calibration.fit import flag_rules
from guardbind.calibration.outcome import Outcome
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.pools.population import Population
from guardbind_bench.stats.statistics import count, exact_share, mean, quantity

__all__ = [
    "ACTING",
    "FLAGS",
    "TRANSFER",
    "Certify",
    "Recount",
    "acting_row",
    "by_counted_share",
    "flag_rows",
    "is_refuted",
    "transfer_row",
]

ACTING, FLAGS, TRANSFER = "coverage_acting", "coverage_flags", "coverage_transfer"

Certify = Callable[[Sequence[Outcome], float, float], tuple[ActingRule, ...]]
"""Given trials, risk and confidence returns the rules that are certified."""

_SHARES = CalibrationConfig.model_fields
_CHOOSE = float(_SHARES["choose"].default)
_FIT = 1.0 - _CHOOSE - float(_SHARES["report"].default)


def _certified(outcomes: Sequence[Outcome], risk: float, confidence: float) -> tuple[ActingRule, ...]:
    return acting_rules(outcomes, risk=risk, confidence=confidence)


@dataclass(frozen=True, slots=True)
class Recount:
    """How draws are made.

    Attributes:
        draws: How many.
        trials: Of each draw, as `guardbind calibrate --trials`: what it keeps to report on is not drawn.
        confidence: How sure the promises are.
        seed: Of the draws.
        certify: Certifies rules; what `guardbind calibrate` uses, but where a check is checked.
    """

    draws: int
    trials: int
    confidence: float = 0.95
    seed: int = 0
    certify: Certify = field(default=_certified)

    def drawn(self, population: Population, about: float) -> Iterator[list[Outcome]]:
        """Yield the trials of each draw; another population or promise has draws of its own."""
        told = zlib.crc32(f"{population.name}|{about:g}|{self.trials}".encode())
        rng = np.random.default_rng([self.seed, told])
        for _ in range(self.draws):
            yield population.draw(rng, round(_CHOOSE * self.trials), round(_FIT * self.trials))


def acting_row(population: Population, risk: float, recount: Recount) -> TableRow:
    """Make the row that says how often a rule was certified that does more harm than was promised.

    Args:
        population: What trials are drawn from.
        risk: What is promised.
        recount: How they are drawn.
    """
    found, careless = [], []
    for outcomes in recount.drawn(population, risk):
        found.append(recount.certify(outcomes, risk, recount.confidence))
        careless.append(by_counted_share(outcomes, risk, recount.confidence))
    above, above_careless = (
        [max(population.harms(rules), default=0.0) > risk for rules in each] for each in (found, careless)
    )
    harms = [harm for rules in found if (harm := population.harm(rules)) is not None]
    values = {
        "loose_harm": quantity(population.loose_harm, len(population.outcomes)),
        "trials": count(recount.trials, recount.draws),
        "certified": exact_share([bool(rules) for rules in found]),
        "above": exact_share(above),
        "above_careless": exact_share(above_careless),
        "above_of_certified": exact_share([is_above for is_above, rules in zip(above, found, strict=True) if rules]),
        "harm": mean(harms),
        "worst": quantity(max(harms, default=None), len(harms)),
        "errors_repaired": mean([population.repaired(rules) or 0.0 for rules in found]),
    }
    return TableRow(table=ACTING, keys={"population": population.name, "promised": risk}, values=values)


def by_counted_share(outcomes: Sequence[Outcome], risk: float, confidence: float) -> tuple[ActingRule, ...]:
    """Certify as nobody should: let a way pass where its counted share of harm is at most the risk.

    It is the control of a recount, which has to show that such rules do more harm than they promise.

    Args:
        outcomes: The trials of a draw.
        risk: What is promised.
        confidence: Not looked at.
    """
    found = []
    fitted = [o for o in outcomes if o.split == "fit" and o.pushed]
    for way in sorted({o.way for o in fitted if o.way is not None}):
        mine = [o for o in fitted if o.way == way]
        bits = [o.evidence_bits for o in mine if o.evidence_bits is not None]
        gains = [o.gain_bits for o in mine if o.gain_bits is not None]
        wrong = sum(o.harmful for o in mine)
        if bits and gains and wrong <= risk * len(mine):
            found.append(
                ActingRule(way=way, min_evidence_bits=min(bits), min_gain_bits=min(gains), n=len(mine), wrong=wrong)
            )
    return tuple(found)


def transfer_row(made_on: Population, used_on: Population, risk: float, recount: Recount) -> TableRow:
    """Make the row that says what rules do elsewhere: they are drawn of one population, and used on another.

    Args:
        made_on: What trials are drawn from.
        used_on: What the rules are used on.
        risk: What is promised.
        recount: How trials are drawn.
    """
    found = list(_rules(made_on, risk, recount))
    harms = [used_on.harms(rules) for rules in found]
    pooled = [harm for rules in found if (harm := used_on.harm(rules)) is not None]
    values = {
        "certified": exact_share([bool(rules) for rules in found]),
        "acting": exact_share([bool(each) for each in harms]),
        "above": exact_share([max(each, default=0.0) > risk for each in harms]),
        "harm": mean(pooled),
        "worst": quantity(max(pooled, default=None), len(pooled)),
        "errors_repaired": mean([used_on.repaired(rules) or 0.0 for rules in found]),
    }
    keys: dict[str, RowKey] = {"made_on": made_on.name, "used_on": used_on.name, "promised": risk}
    return TableRow(table=TRANSFER, keys=keys, values=values)


def flag_rows(population: Population, alpha: float, recount: Recount) -> Iterator[TableRow]:
    """Make a row for each signal: which share of right answers its rule flags, over draws.

    For one draw that share may lie above `alpha`. Of scores without ties it has a beta distribution, whose 95 % point
    is the bound that one draw of 20 exceeds; ties make it smaller.

    Args:
        population: What trials are drawn from.
        alpha: What is promised on average.
        recount: How trials are drawn.
    """
    rates: dict[str, list[float]] = {}
    beyond: dict[str, list[bool]] = {}
    for outcomes in recount.drawn(population, alpha):
        for rule in flag_rules([o for o in outcomes if o.split == "fit"], alpha):
            rate = population.false_alarms([rule])
            rates.setdefault(rule.signal, []).append(rate)
            beyond.setdefault(rule.signal, []).append(rate > _beta_bound(rule))
    for signal, every in rates.items():
        values = {
            "promised": quantity(alpha, len(every)),
            "flagged": mean(every),
            "above_alpha": exact_share([rate > alpha for rate in every]),
            "above_bound": exact_share(beyond[signal]),
            "worst": quantity(max(every), len(every)),
        }
        yield TableRow(table=FLAGS, keys={"population": population.name, "signal": signal}, values=values)


def is_refuted(row: TableRow, confidence: float) -> bool:
    """Whether a row says that a promise is not kept: more draws are above than may be, by its whole interval."""
    if row.table == FLAGS:
        promised, flagged = row.values["promised"].value, row.values["flagged"].low
        return promised is not None and flagged is not None and flagged > promised
    low = row.values["above"].low
    return row.table == ACTING and low is not None and low > 1.0 - confidence


def _rules(population: Population, risk: float, recount: Recount) -> Iterator[tuple[ActingRule, ...]]:
    for outcomes in recount.drawn(population, risk):
        yield recount.certify(outcomes, risk, recount.confidence)


def _beta_bound(rule: FlagRule) -> float:
    place = math.ceil(round((rule.n + 1) * (1.0 - rule.alpha), 9))
    return float(stats.beta.ppf(0.95, rule.n + 1 - place, place))
