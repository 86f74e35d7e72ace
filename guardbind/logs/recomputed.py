"""Makes the numbers of one record again from its other numbers, and says where they differ."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from guardbind.calibration.applying import flags, limits_left, rule_for
from guardbind.calibration.artefact import CalibratedRange, Calibration
from guardbind.calibration.bounds import upper_bound
from guardbind.calibration.signals import signals_of
from guardbind.config import GuardConfig
from guardbind.errors import ConfigError
from guardbind.events import (
    BudgetRecord,
    CertificateRecord,
    GuaranteeRecord,
    InterventionRecord,
    Provenance,
    RuleRecord,
    SlotRecord,
    guaranteed,
)
from guardbind.information.budget import SOFTMAX_FLOOR, Budget, certify, envelope

__all__ = ["Miss", "intervention_misses", "misses_by_settings", "near", "slot_misses"]

_TOLERANCE = 1e-6  # bits, or a share of a larger number: numbers are written down whole, and logarithms differ in a bit
_TOLD = ("declared", "slot_prefix")  # by the caller, who is believed whatever a token rests on
_OWN_WORDS = ("reading", "only", "declared")  # of targets found so it is not recorded whether a reading confirms them


@dataclass(frozen=True, slots=True)
class Miss:
    """Something that a record says and that does not follow from the rest of it.

    Attributes:
        field: Where it stands.
        recorded: What stands there.
        expected: What should.
    """

    field: str
    recorded: str
    expected: str


def near(recorded: float | None, expected: float | None) -> bool:
    """Whether two numbers are one but for rounding; None is one with None.

    What was infinite is read as NaN: it is one with what is not finite, and nothing is known of what follows from it.
    """
    if recorded is None or expected is None:
        return recorded is expected
    if math.isnan(expected) or recorded == expected:
        return True
    if math.isnan(recorded):
        return not math.isfinite(expected)
    return abs(recorded - expected) <= _TOLERANCE * max(1.0, abs(expected))


def slot_misses(slot: SlotRecord, calibrations: Mapping[str, Calibration]) -> Iterator[Miss]:
    """Yield what in the record of a slot does not follow from the rest of it.

    Args:
        slot: The record.
        calibrations: Id to calibration, as far as they are known.
    """
    for field, budget in (("budget", slot.budget), ("final_budget", slot.final_budget)):
        if budget is not None:
            yield from _budget_misses(field, budget)
    yield from _bits_misses(slot)
    yield from _verdict_misses(slot)
    if slot.certificate is not None:
        yield from _certificate_misses(slot, slot.certificate)
    if slot.guarantee is not None:
        yield from _guarantee_misses(slot.guarantee, slot.provenance, calibrations)
        yield from _standing_misses(slot, slot.guarantee, calibrations)


def intervention_misses(tried: InterventionRecord, calibrations: Mapping[str, Calibration]) -> Iterator[Miss]:
    """Yield what in the record of a proposal does not follow from the rest of it.

    Args:
        tried: The record.
        calibrations: Id to calibration, as far as they are known.
    """
    if tried.kept and tried.confirmed is False:
        yield Miss("kept", "True", "False, as it was not confirmed")
    if tried.kept and tried.token_after is not None and tried.verdict_after != "ok":
        yield Miss("verdict_after", tried.verdict_after, "ok, as it was kept")
    if tried.guarantee is not None:
        yield from _guarantee_misses(tried.guarantee, tried.provenance, calibrations)


def misses_by_settings(slot: SlotRecord, config: GuardConfig) -> Iterator[Miss]:
    """Yield what in the record of a slot does not follow from the settings of its generation.

    Args:
        slot: The record.
        config: The settings.
    """
    least = config.min_evidence_bits
    known = [(bits, -index) for index, bits in enumerate(slot.bits_by_binding) if bits is not None and bits >= least]
    expected = -max(known)[1] if known else None
    if slot.rests_on != expected:
        yield Miss("rests_on", str(slot.rests_on), str(expected))
    for field, budget in (("budget", slot.budget), ("final_budget", slot.final_budget)):
        if budget is not None and not near(budget.tau, config.tau):
            yield Miss(f"{field}.tau", f"{budget.tau}", f"{config.tau}, the setting")
    family = (slot.null, *config.envelope)
    if slot.budget is not None and slot.budget.null not in family and slot.ranges is None:
        yield Miss("budget.null", slot.budget.null, f"one of {', '.join(map(str, family))}")
    if slot.final_budget is not None and slot.final_budget.null != slot.null:
        yield Miss("final_budget.null", slot.final_budget.null, f"{slot.null}")
    if slot.needed_bits is None or slot.ranges is not None:
        return
    p0 = slot.budget.p0 if slot.budget is not None and slot.budget.null == slot.null else None
    narrowed = bool(slot.candidates) or slot.kind == "continued"
    if not narrowed:
        needed: float | None = least
    elif p0 is None:
        needed = None
    else:
        needed = min(least, -0.5 * math.log2(p0)) if p0 > 0 else least
    if needed is not None and not near(slot.needed_bits, needed):
        yield Miss("needed_bits", f"{slot.needed_bits}", f"{needed}")


def _budget_misses(field: str, budget: BudgetRecord) -> Iterator[Miss]:
    try:
        made = Budget(budget.p1, budget.p0, budget.tau, floor=SOFTMAX_FLOOR)
    except ConfigError as error:
        yield Miss(field, f"p1 {budget.p1}, p0 {budget.p0}, tau {budget.tau}", str(error))
        return
    for name in ("observed_bits", "required_bits", "margin_bits"):
        recorded, expected = getattr(budget, name), getattr(made, name)
        if not near(recorded, expected):
            yield Miss(f"{field}.{name}", f"{recorded}", f"{expected}")


def _bits_misses(slot: SlotRecord) -> Iterator[Miss]:
    if slot.target is not None and slot.bits_by_binding and 0 <= slot.target < len(slot.bits_by_binding):
        of_target = slot.bits_by_binding[slot.target]
        if not near(slot.evidence_bits, of_target):
            yield Miss("evidence_bits", f"{slot.evidence_bits}", f"{of_target}, as bits_by_binding says")
    elif slot.target is not None and slot.bits_by_binding:
        yield Miss("target", f"{slot.target}", f"an index below {len(slot.bits_by_binding)}")
    budget = slot.budget
    # Of ranges, a budget holds the worst corner.
    if budget is not None and slot.null is not None and budget.null == slot.null and slot.ranges is None:
        bits = _log2_ratio(budget.p1, budget.p0)
        if bits is not None and not near(slot.evidence_bits, bits):
            yield Miss("evidence_bits", f"{slot.evidence_bits}", f"{bits}, as p1 and p0 of the budget say")
    if budget is not None and budget.p1 > slot.max_probability + _TOLERANCE:
        yield Miss("max_probability", f"{slot.max_probability}", f"at least {budget.p1}, the token's own")
    for place, candidate in enumerate(slot.candidates):
        for name in ("probability", "pseudo_prior"):
            share = getattr(candidate, name)
            if share is not None and not -_TOLERANCE <= share <= 1 + _TOLERANCE:
                yield Miss(f"candidates.{place}.{name}", f"{share}", "a probability")
        if candidate.probability and candidate.pseudo_prior and slot.ranges is None:
            bits = _log2_ratio(candidate.probability, candidate.pseudo_prior)
            if bits is not None and not near(candidate.evidence_bits, bits):
                yield Miss(f"candidates.{place}.evidence_bits", f"{candidate.evidence_bits}", f"{bits}")


def _log2_ratio(p1: float, p0: float) -> float | None:
    # Below the least normal number probabilities are rounded, and logarithms were not.
    return math.log2(p1 / p0) if min(p1, p0) > 1e-300 else None


def _verdict_misses(slot: SlotRecord) -> Iterator[Miss]:
    bits, needed = slot.evidence_bits, slot.needed_bits
    if slot.ranges is not None and slot.verdict == "ok":
        least = None if slot.ranges.evidence_bits is None else slot.ranges.evidence_bits[0]
        if slot.ranges.decided != "yes" or (needed is not None and (least is None or least < needed - _TOLERANCE)):
            yield Miss("verdict", "ok", f"unresolved: at least {least} evidence bits, of {needed} that were needed")
        return
    if bits is not None and needed is not None:
        if slot.verdict == "ok" and bits < needed:
            yield Miss(
                "verdict", "ok", f"another one: {bits} evidence bits are less than the {needed} that were needed"
            )
        if slot.verdict == "unsupported" and bits >= needed:
            yield Miss("verdict", "unsupported", f"another one: {bits} evidence bits are the {needed} that were needed")
    if (slot.verdict == "unresolved") < (slot.target is None):
        yield Miss("verdict", slot.verdict, "unresolved, as there is no target")
    if slot.unbound_value is not None and slot.verdict != "unresolved" and slot.resolved_by not in _TOLD:
        yield Miss("verdict", slot.verdict, "unresolved, as the token rests on a value that no binding holds")
    changed = slot.final_verdict not in (slot.verdict, "binding_failure")
    if changed and (slot.final_verdict != "repaired" or slot.action == "none"):
        yield Miss("final_verdict", slot.final_verdict, f"{slot.verdict}, as nothing was written in its place")
    if slot.action == "none":
        if slot.final_token not in (None, slot.token):
            yield Miss("final_token", f"{slot.final_token}", f"{slot.token}, as nothing was done")
        if slot.final_budget is not None:
            yield Miss("final_budget", "a budget", "None, as nothing was done")


def _certificate_misses(slot: SlotRecord, held: CertificateRecord) -> Iterator[Miss]:
    try:
        family = envelope(held.p1, held.p0, held.tau, floor=held.floor)
    except ConfigError as error:
        yield Miss("certificate", f"p1 {held.p1}, p0 {held.p0}, tau {held.tau}", str(error))
        return
    made = certify(family, "", ["span"])
    if made is None:
        yield Miss("certificate", "sufficient", f"insufficient under {family.worst}")
        made_worst = family.worst_budget
        bits = {"observed_bits": made_worst.observed_bits, "required_bits": made_worst.required_bits}
    else:
        bits = {"observed_bits": made.observed_bits, "required_bits": made.required_bits}
        if held.worst != made.worst and held.p0.get(held.worst) != made.p0:
            yield Miss("certificate.worst", held.worst, made.worst)
    for name, expected in bits.items():
        if not near(getattr(held, name), expected):
            yield Miss(f"certificate.{name}", f"{getattr(held, name)}", f"{expected}")
    if held.required_bits <= 0:
        yield Miss("certificate.required_bits", f"{held.required_bits}", "more than 0, or nothing is shown")
    if not slot.passed:
        yield Miss("certificate", "given", f"none with the final verdict {slot.final_verdict}")
    expected_values: dict[str, tuple[object, object]] = {
        "spans": (held.spans, (slot.target,)),
        "token": (held.token, slot.final_token),
        "floor": (held.floor, SOFTMAX_FLOOR),
        "calibration": (held.calibration, None if slot.provenance is None else slot.provenance.calibration),
    }
    for name, (recorded, wanted) in expected_values.items():
        if recorded != wanted:
            yield Miss(f"certificate.{name}", f"{recorded}", f"{wanted}")
    budget = slot.budget
    if budget is None:
        yield Miss("certificate", "given", "none without a budget")
        return
    if not near(held.tau, budget.tau):
        yield Miss("certificate.tau", f"{held.tau}", f"{budget.tau}, as the budget says")
    if slot.null not in held.p0 or budget.null not in held.p0:
        yield Miss("certificate.p0", ", ".join(held.p0), f"the nulls {slot.null} and {budget.null} too")
    elif slot.final_token == slot.token and slot.action == "none":
        worst = max(held.p0.values()) if made is not None else held.p0[budget.null]
        for name, recorded_p, wanted_p in (
            ("p1", held.p1, budget.p1),
            (f"p0.{budget.null}", held.p0[budget.null], budget.p0),
            ("p0", worst, budget.p0),
        ):
            if not near(recorded_p, wanted_p):
                yield Miss(f"certificate.{name}", f"{recorded_p}", f"{wanted_p}, as the budget says")


def _guarantee_misses(
    held: GuaranteeRecord, provenance: Provenance | None, calibrations: Mapping[str, Calibration]
) -> Iterator[Miss]:
    made = guaranteed(**{name: getattr(held, name) for name in GuaranteeRecord.model_fields if name != "statement"})
    if held.statement != made.statement:
        yield Miss("guarantee.statement", held.statement, made.statement)
    if provenance is not None and held.calibration != provenance.calibration:
        yield Miss("guarantee.calibration", f"{held.calibration}", f"{provenance.calibration}")
    if (held.kind == "uncalibrated") != (held.calibration is None):
        yield Miss("guarantee.kind", held.kind, f"another with the calibration {held.calibration}")
    if (held.kind == "outside") != bool(held.outside):
        yield Miss("guarantee.outside", ", ".join(held.outside) or "nothing", f"another with the kind {held.kind}")
    if (held.kind == "controlled") != (held.risk is not None) or (held.risk is None) != (held.confidence is None):
        yield Miss("guarantee.risk", f"{held.risk} at {held.confidence}", f"another with the kind {held.kind}")
    if held.kind == "controlled" and held.rule is None:
        yield Miss("guarantee.rule", "None", "the rule that let the action pass")
    if held.rule is not None:
        yield from _rule_misses(held, held.rule)
    calibration = None if held.calibration is None else calibrations.get(held.calibration)
    if calibrations and held.calibration is not None and calibration is None:
        yield Miss("guarantee.calibration", held.calibration, f"one of {', '.join(sorted(calibrations))}")
    if calibration is not None and held.kind == "controlled":
        yield from _calibration_misses(held, calibration)


def _rule_misses(held: GuaranteeRecord, rule: RuleRecord) -> Iterator[Miss]:
    for name in ("evidence_bits", "gain_bits"):
        bits, least = getattr(held, name), getattr(rule, f"min_{name}")
        if bits is None or bits < least:
            yield Miss(f"guarantee.{name}", f"{bits}", f"at least {least}, or the rule does not let it pass")
    if held.kind != "controlled" or held.risk is None or held.confidence is None:
        return
    try:
        bound = upper_bound(rule.wrong, rule.n, (1.0 - held.confidence) / max(1, rule.tested))
    except ConfigError as error:
        yield Miss("guarantee.rule", f"{rule.wrong} of {rule.n}", str(error))
        return
    if bound > held.risk + 1e-9:
        yield Miss("guarantee.risk", f"{held.risk}", f"{bound}: {rule.wrong} of {rule.n} bound it by no less")


def _calibration_misses(held: GuaranteeRecord, calibration: Calibration) -> Iterator[Miss]:
    for name in ("risk", "confidence"):
        if getattr(held, name) != getattr(calibration, name):
            yield Miss(f"guarantee.{name}", f"{getattr(held, name)}", f"{getattr(calibration, name)}")
    rule = held.rule
    if rule is None:
        return
    if rule.tested != len(calibration.tested):
        yield Miss("guarantee.rule.tested", f"{rule.tested}", f"{len(calibration.tested)}")
    found = rule_for(calibration.acting, rule.way, held.evidence_bits, held.gain_bits)
    if found is None:
        yield Miss("guarantee.rule", f"{rule.way}", "none: no rule of the calibration lets these bits pass")
        return
    for name in ("min_evidence_bits", "min_gain_bits", "n", "wrong"):
        if getattr(rule, name) != getattr(found, name):
            yield Miss(f"guarantee.rule.{name}", f"{getattr(rule, name)}", f"{getattr(found, name)}")


def _standing_misses(
    slot: SlotRecord, held: GuaranteeRecord, calibrations: Mapping[str, Calibration]
) -> Iterator[Miss]:
    if ("outside" in slot.flags) != bool(held.outside):
        yield Miss(
            "flags", ", ".join(slot.flags) or "none", "outside where the calibration does not hold, and only there"
        )
    if held.kind == "declared" and slot.resolved_by != "declared":
        yield Miss("guarantee.kind", "declared", f"another for a target found by {slot.resolved_by}")
    if held.kind in ("controlled", "declared") and slot.action == "none":
        yield Miss("guarantee.kind", held.kind, "none, as nothing was done")
    if held.kind == "none" and slot.final_verdict == "repaired":
        yield Miss("guarantee.kind", "none", "another, as a value was written")
    if held.rule is not None and not _way_fits(held.rule.way, slot):
        found = f"{slot.resolved_by} with the score {slot.target_score}, by {slot.grounds}"
        yield Miss("guarantee.rule.way", held.rule.way, f"a way of a target found by {found}")
    calibration = None if held.calibration is None else calibrations.get(held.calibration)
    if calibration is None:
        return
    expected = (*(("outside",) if held.outside else ()), *flags(calibration.flagging, signals_of(slot)))
    if slot.flags != expected:
        yield Miss("flags", ", ".join(slot.flags) or "none", ", ".join(expected) or "none")
    beyond = _beyond(slot, calibration.range)
    limits = {"prompt_tokens", "bindings", "distance", "residual_norm", "dtype", "attention", "template"}
    if beyond != limits.intersection(held.outside):
        named = ", ".join(sorted(limits.intersection(held.outside)))
        yield Miss("guarantee.outside", named or "nothing", ", ".join(sorted(beyond)) or "nothing")


def _beyond(slot: SlotRecord, made: CalibratedRange) -> Collection[str]:
    beyond = set[str]()
    if slot.prompt_tokens is not None:
        beyond.update(
            limits_left(
                made,
                prompt_tokens=slot.prompt_tokens,
                bindings=len(slot.bits_by_binding),
                distance=slot.distance,
                residual_norm=slot.residual_norm,
            )
        )
    if slot.provenance is not None:
        for name in ("dtype", "attention", "template_sha256"):
            if getattr(slot.provenance, name) != getattr(made, name):
                beyond.add(name.removesuffix("_sha256"))
    return beyond


def _way_fits(way: str, slot: SlotRecord) -> bool:
    found, confirmed = way.removesuffix(", confirmed"), way.endswith(", confirmed")
    fits = found in (slot.resolved_by, f"{slot.resolved_by} without a name")
    return fits and (slot.resolved_by in _OWN_WORDS or confirmed == (slot.grounds == "words and reading"))
