"""Defines what a record says of trust: the guarantee that an action rests on, and the certificate of a written token.

Both hold the numbers that they were made from, so that `guardbind verify` can make them again.
"""

from __future__ import annotations

from typing import Literal

from guardbind.frozen import Frozen

__all__ = ["CertificateRecord", "GuaranteeKind", "GuaranteeRecord", "RuleRecord", "guaranteed"]

GuaranteeKind = Literal["controlled", "declared", "uncalibrated", "outside", "none"]
"""`controlled`: a rule of the calibration lets the action pass, so that its risk is bounded. `declared`: the caller
said whose value is meant. `uncalibrated`: there is no calibration. `outside`: there is one, and it was made under other
conditions. `none`: nothing was written that would need a guarantee."""


class RuleRecord(Frozen):
    """The acting rule of a calibration that let an action pass, with the counts that it comes from."""

    way: str
    """How the target was found."""
    min_evidence_bits: float
    """Least evidence bits."""
    min_gain_bits: float
    """Least gain of observed bits."""
    n: int
    """Interventions of the calibration's trials that the rule lets pass."""
    wrong: int
    """Those of them that were harmful."""
    tested: int
    """Ways that the calibration tested; each had an equal part of 1 - `confidence` to be mistaken with."""


class GuaranteeRecord(Frozen):
    """Which guarantee an action rests on, if on any."""

    kind: GuaranteeKind
    """Kind of the guarantee."""
    statement: str
    """The same as a sentence; no prompt text."""
    calibration: str | None = None
    """Id of the calibration; None without one."""
    risk: float | None = None
    """Most harmful actions among those that the rules let pass, as a share; only where the action is controlled."""
    confidence: float | None = None
    """How sure that is, over draws of the calibration's trials; only where the action is controlled."""
    outside: tuple[str, ...] = ()
    """What differs from the conditions that the calibration was made under."""
    rule: RuleRecord | None = None
    """The rule that let the action pass."""
    evidence_bits: float | None = None
    """Evidence bits that were held against the rule: those of the first token that was changed in the value."""
    gain_bits: float | None = None
    """Gain that was held against the rule, of the same token."""


class CertificateRecord(Frozen):
    """Budgets of a written token that suffice under every null of the envelope.

    It certifies that the model relies on the spans, and not that the value is right.
    """

    token: int | None
    """The token; None where a model that is asked from outside returns texts only."""
    spans: tuple[int, ...]
    """Indices of the bindings whose evidence the nulls take away."""
    p1: float
    """Probability of the token with the evidence; behind a restatement, if one was made. The least that it may be, and
    each `p0` the most, where the model was asked from outside."""
    p0: dict[str, float]
    """Name of a null to the probability of the token under it."""
    tau: float
    """Reliability asked for."""
    floor: float
    """Probabilities below it, and above one less it, are not told apart."""
    worst: str
    """The null with the least margin."""
    observed_bits: float
    """Signed bits observed under the worst null."""
    required_bits: float
    """Bits required under the worst null; more than 0."""
    calibration: str | None = None
    """Id of the guard's calibration; None without one."""


def guaranteed(
    kind: GuaranteeKind,
    *,
    calibration: str | None = None,
    risk: float | None = None,
    confidence: float | None = None,
    outside: tuple[str, ...] = (),
    rule: RuleRecord | None = None,
    evidence_bits: float | None = None,
    gain_bits: float | None = None,
) -> GuaranteeRecord:
    """Return a guarantee with its sentence.

    Args:
        kind: Kind of the guarantee.
        calibration: See `GuaranteeRecord`, as for all that follow.
        risk: See there.
        confidence: See there.
        outside: See there.
        rule: See there.
        evidence_bits: See there.
        gain_bits: See there.

    >>> guaranteed("uncalibrated").statement
    'There is no calibration: how often such an action is wrong was not measured for this model.'
    """
    if kind == "controlled" and rule is not None and risk is not None and confidence is not None:
        statement = (
            f"At most {risk:.2%} of the actions that the rules let pass do harm, with {confidence:.0%} confidence, on "
            f"prompts like those of the calibration; of {rule.n} such actions by {rule.way!r}, {rule.wrong} did."
        )
    elif kind == "outside":
        statement = f"The calibration does not hold here: {', '.join(outside)}."
    else:
        statement = _SENTENCES[kind]
    return GuaranteeRecord(
        kind=kind,
        statement=statement,
        calibration=calibration,
        risk=risk,
        confidence=confidence,
        outside=outside,
        rule=rule,
        evidence_bits=evidence_bits,
        gain_bits=gain_bits,
    )


_SENTENCES: dict[GuaranteeKind, str] = {
    "controlled": "A rule of the calibration lets the action pass.",
    "declared": "The caller said whose value is meant; the action is as right as that.",
    "uncalibrated": "There is no calibration: how often such an action is wrong was not measured for this model.",
    "outside": "The calibration does not hold here.",
    "none": "Nothing was written that would need a guarantee.",
}
