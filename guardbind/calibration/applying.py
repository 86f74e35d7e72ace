"""Asks a calibration at one slot: may this be acted on, what does it flag, and does it speak of this model at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guardbind.calibration.acting import lets_pass
from guardbind.calibration.artefact import ActingRule, CalibratedRange, FlagRule

__all__ = ["LATER_VALUE", "Ran", "flags", "limits_left", "rule_for", "runs_elsewhere"]

LATER_VALUE = "later_value"
"""Names, among the limits, a value that is not the first one of its answer."""


def rule_for(
    acting: Sequence[ActingRule], way: str | None, evidence_bits: float | None, gain_bits: float | None
) -> ActingRule | None:
    """Return the rule that lets an intervention pass, or None.

    Args:
        acting: The rules of a calibration.
        way: How the target was found; None lets nothing pass.
        evidence_bits: Evidence bits of the token that would be written.
        gain_bits: Its observed bits less those of the model's own token.

    Example:
        >>> rule = ActingRule(way="query", min_evidence_bits=3, min_gain_bits=1, n=400, wrong=0)
        >>> rule_for([rule], "query", 4.0, 2.0) is rule, rule_for([rule], "query", 4.0, 0.5)
        (True, None)
    """
    for rule in acting:
        if rule.way == way and lets_pass(evidence_bits, gain_bits, rule.min_evidence_bits, rule.min_gain_bits):
            return rule
    return None


def flags(flagging: Sequence[FlagRule], signals: Mapping[str, float]) -> tuple[str, ...]:
    """Return the signals that lie beyond their thresholds, in the order of the rules.

    Example:
        >>> rule = FlagRule(signal="margin", suspicious="low", threshold=0.5, alpha=0.05, n=200)
        >>> flags([rule], {"margin": 0.2}), flags([rule], {"margin": 0.5})
        (('margin',), ())
    """
    return tuple(rule.signal for rule in flagging if rule.signal in signals and _beyond(rule, signals[rule.signal]))


def _beyond(rule: FlagRule, value: float) -> bool:
    return value < rule.threshold if rule.suspicious == "low" else value > rule.threshold


@dataclass(frozen=True, slots=True)
class Ran:
    """What a generation runs on, as far as a calibration depends on it.

    Attributes:
        weights: Fingerprint of the weights; None where they have none.
        dtype: Data type of the weights.
        attention: Attention backend.
        template_sha256: Hash of the chat template.
    """

    weights: str | None
    dtype: str
    attention: str
    template_sha256: str | None


def runs_elsewhere(within: CalibratedRange, ran: Ran) -> tuple[str, ...]:
    """Return what differs from what the calibration was made on: `weights`, `dtype`, `attention`, `template`."""
    pairs = {
        "weights": (within.weights, ran.weights),
        "dtype": (within.dtype, ran.dtype),
        "attention": (within.attention, ran.attention),
        "template": (within.template_sha256, ran.template_sha256),
    }
    return tuple(name for name, (calibrated, now) in pairs.items() if calibrated != now)


def limits_left(
    within: CalibratedRange,
    *,
    prompt_tokens: int,
    distance: int | None,
    bindings: int,
    residual_norm: float | None,
) -> tuple[str, ...]:
    """Return the limits of the calibration's trials that a slot lies outside of; what is not known is not compared.

    Args:
        within: Where the calibration was made.
        prompt_tokens: Tokens of the prompt.
        distance: Tokens between the target's evidence and the slot.
        bindings: Bindings of the prompt.
        residual_norm: Euclidean norm of what feeds the output head.
    """
    measured: dict[str, tuple[float | None, tuple[float, float] | None]] = {
        "prompt_tokens": (prompt_tokens, within.prompt_tokens),
        "distance": (distance, within.distance),
        "bindings": (bindings, within.bindings),
        "residual_norm": (residual_norm, within.residual_norm),
    }
    return tuple(
        name
        for name, (value, limits) in measured.items()
        if value is not None and limits is not None and not limits[0] <= value <= limits[1]
    )
