"""Makes a calibration of what labelled trials showed; pure, and the same for the same trials."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from guardbind._version import __version__
from guardbind.calibration.acting import acting_rules, tested_ways
from guardbind.calibration.applying import flags, rule_for
from guardbind.calibration.artefact import (
    ActingRule,
    CalibratedRange,
    Calibration,
    ChosenSettings,
    FlagRule,
    ProbeEntry,
    Reliability,
    ReliabilityBin,
    Reported,
    WayCount,
)
from guardbind.calibration.bounds import conformal_threshold
from guardbind.calibration.outcome import Outcome
from guardbind.calibration.reference import SignalReference
from guardbind.calibration.signals import SIGNALS
from guardbind.errors import CalibrationError

__all__ = ["calibrated_range", "fit_calibration", "flag_rules"]

_BINS = 8
# The one signal of the token that was written, and what it is where that is the model's own.
_WRITTEN, _MODEL = "final_margin_bits", "budget_margin_bits"


def fit_calibration(
    outcomes: Sequence[Outcome],
    *,
    risk: float,
    confidence: float,
    alpha: float,
    settings: ChosenSettings,
    within: CalibratedRange,
    made: str,
    probes: tuple[ProbeEntry, ...] = (),
    available_layer: int | None = None,
    available_from: float | None = None,
) -> Calibration:
    """Return what the trials allow to say.

    Args:
        outcomes: What the trials showed, of all three splits; each trial once.
        risk: Most harmful ones among the interventions that are let pass, in (0, 1).
        confidence: How sure that shall be, in (0, 1).
        alpha: Share of right answers that a flag rule may flag, in (0, 1).
        settings: Settings that were chosen for the model.
        within: Where the trials come from (`calibrated_range`).
        made: The command or call that asks for it.
        probes: Probes that were trained, on trials of their own.
        available_layer: Layer of the one that says whether a value is available.
        available_from: From which score on it says so.

    Raises:
        CalibrationError: A trial is there twice, or a split is empty.
    """
    _check(outcomes)
    # Equal values are ordered by numbers drawn in turn.
    outcomes = sorted(outcomes, key=lambda outcome: outcome.trial)
    fitted = [o for o in outcomes if o.split == "fit"]
    reported = [o for o in outcomes if o.split == "report"]
    acting = acting_rules(outcomes, risk=risk, confidence=confidence)
    flagging = tuple(flag_rules(fitted, alpha))
    left = [_as_left(o, acting) for o in fitted]
    return Calibration(
        guardbind=__version__,
        risk=risk,
        confidence=confidence,
        acting=acting,
        tested=tested_ways(outcomes, risk=risk, confidence=confidence),
        flagging=flagging,
        ways=tuple(_ways(fitted)),
        settings=settings,
        reliability=tuple(_reliabilities(reported)),
        references=tuple(_references(left)),
        reported=_reported(reported, acting, flagging),
        range=within,
        probes=probes,
        available_layer=available_layer,
        available_from=available_from,
        trials=len(outcomes),
        made=made,
    )


def calibrated_range(
    outcomes: Sequence[Outcome],
    *,
    model: str,
    weights: str,
    dtype: str,
    attention: str,
    template_sha256: str | None,
) -> CalibratedRange:
    """Return where the trials come from: what they ran on, and the least and the most of their sizes.

    Raises:
        CalibrationError: There are no trials.
    """
    if not outcomes:
        raise CalibrationError("there are no trials; at least one of each split is needed.")
    distances = [o.distance for o in outcomes if o.distance is not None]
    norms = sorted(o.residual_norm for o in outcomes if o.residual_norm is not None)
    return CalibratedRange(
        model=model,
        weights=weights,
        dtype=dtype,
        attention=attention,
        template_sha256=template_sha256,
        tasks=tuple(sorted({f"{o.task} {o.group}".strip() for o in outcomes})),
        prompt_tokens=(min(o.prompt_tokens for o in outcomes), max(o.prompt_tokens for o in outcomes)),
        distance=(min(distances), max(distances)) if distances else None,
        bindings=(min(o.bindings for o in outcomes), max(o.bindings for o in outcomes)),
        residual_norm=(_quantile(norms, 0.001), _quantile(norms, 0.999)) if norms else None,
    )


def _check(outcomes: Sequence[Outcome]) -> None:
    twice = [trial for trial, count in Counter(o.trial for o in outcomes).items() if count > 1]
    if twice:
        raise CalibrationError(f"the trial {twice[0]!r} is there more than once; each counts once.")
    for split in ("choose", "fit", "report"):
        if not any(o.split == split for o in outcomes):
            raise CalibrationError(f"no trial is of the split {split!r}.", hint="Give more labelled prompts.")


def flag_rules(fitted: Iterable[Outcome], alpha: float) -> Iterable[FlagRule]:
    """Yield the rule of each signal for which there are enough right answers.

    Args:
        fitted: Outcomes of the split `fit`.
        alpha: Share of right answers that a rule may flag, in (0, 1).
    """
    right = [o for o in fitted if o.own_right]
    for signal, read in SIGNALS.items():
        if signal == _WRITTEN:
            continue  # a guard that does not act writes another token than the trials did
        side = read.suspicious
        sign = -1.0 if side == "low" else 1.0
        # Where a signal was not read, nothing is flagged by it: such an answer counts as the least suspicious.
        scores = [sign * o.signals[signal] if signal in o.signals else -math.inf for o in right]
        if not scores or all(score == -math.inf for score in scores):
            continue
        threshold = conformal_threshold(scores, alpha)
        if threshold is not None and math.isfinite(threshold):
            yield FlagRule(signal=signal, suspicious=side, threshold=sign * threshold, alpha=alpha, n=len(scores))


def _ways(fitted: Iterable[Outcome]) -> Iterable[WayCount]:
    found: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for outcome in fitted:
        if outcome.way is not None:
            found[outcome.way] += 1
            right[outcome.way] += bool(outcome.target_right)
    return (WayCount(way=way, right=right[way], n=n) for way, n in sorted(found.items()))


def _as_left(outcome: Outcome, acting: tuple[ActingRule, ...]) -> Outcome:
    """Return an outcome with the signals of a guard that acts by the rules, and not on everything."""
    rule = rule_for(acting, outcome.way, outcome.evidence_bits, outcome.gain_bits)
    if not outcome.pushed or rule is not None or _WRITTEN not in outcome.signals:
        return outcome
    signals = {name: value for name, value in outcome.signals.items() if name != _WRITTEN}
    if _MODEL in signals:
        signals[_WRITTEN] = signals[_MODEL]
    return outcome.model_copy(update={"signals": signals})


def _references(fitted: Sequence[Outcome]) -> Iterable[SignalReference]:
    for signal in SIGNALS:
        # A slot that lacks a signal counts as one: when it begins to be measured, that is a change too.
        slots = [o for o in fitted if o.signals]
        if any(signal in o.signals for o in slots):
            yield SignalReference.of(signal, [o.signals.get(signal) for o in slots])


def _reliabilities(reported: Sequence[Outcome]) -> Iterable[Reliability]:
    """How often the model's own value was right by each signal, and a target by its score."""
    for signal in SIGNALS:
        if signal == _WRITTEN:
            continue
        pairs = [(o.signals[signal], o.own_right) for o in reported if signal in o.signals and o.due]
        if pairs:
            yield Reliability(name=signal, bins=_bins(pairs))
    targets = [(o.target_score, bool(o.target_right)) for o in reported if o.way is not None]
    if targets:
        yield Reliability(name="target", bins=_bins(targets))
    available = [(o.available, bool(o.target_right)) for o in reported if o.available is not None]
    if available:
        yield Reliability(name="available", bins=_bins(available))


def _bins(pairs: Sequence[tuple[float, bool]]) -> tuple[ReliabilityBin, ...]:
    ordered = sorted(pairs)
    edges = sorted({round(len(ordered) * step / _BINS) for step in range(_BINS + 1)})
    parts = (ordered[low:high] for low, high in pairwise(edges))
    return tuple(
        ReliabilityBin(low=part[0][0], high=part[-1][0], n=len(part), right=sum(right for _, right in part))
        for part in parts
        if part
    )


def _reported(reported: Sequence[Outcome], acting: tuple[ActingRule, ...], flagging: tuple[FlagRule, ...]) -> Reported:
    passed = [o for o in reported if o.pushed and rule_for(acting, o.way, o.evidence_bits, o.gain_bits) is not None]
    names = {o.trial for o in passed}
    errors = [o for o in reported if o.due and not o.own_right]
    right = [o for o in reported if o.own_right]
    return Reported(
        n=len(reported),
        right_before=len(right),
        right_after=sum(o.written_right if o.trial in names else o.own_right for o in reported),
        errors=len(errors),
        repaired=sum(o.trial in names and o.written_right for o in errors),
        interventions=len(passed),
        harmful=sum(o.harmful for o in passed),
        held_back=sum(o.pushed and o.trial not in names for o in reported),
        false_alarms=sum(bool(flags(flagging, o.signals)) for o in right),
        errors_flagged=sum(bool(flags(flagging, o.signals)) for o in errors),
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]
