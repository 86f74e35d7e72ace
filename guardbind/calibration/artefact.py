"""Defines what a calibration holds: rules of acting and flagging with their counts, settings, and where they hold."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from guardbind.calibration.reference import SignalReference
from guardbind.frozen import Frozen

__all__ = [
    "FORMAT",
    "ActingRule",
    "CalibratedRange",
    "Calibration",
    "ChosenSettings",
    "FlagRule",
    "ProbeEntry",
    "Reliability",
    "ReliabilityBin",
    "Reported",
    "WayCount",
]

FORMAT = 1


class ActingRule(Frozen):
    """Targets found in one way may be acted on from these bits on.

    With the calibration's confidence, for all its rules at once, at most its risk of what they let pass is harmful.
    """

    way: str
    """How the target is found (`guardbind.targets.trust.way_of`)."""
    min_evidence_bits: float
    """Least evidence bits of the token that would be written."""
    min_gain_bits: float
    """Least gain: its observed bits less those of the model's own token."""
    n: int = Field(ge=0)
    """Interventions of the fit split that the rule lets pass."""
    wrong: int = Field(ge=0)
    """Those of them that were harmful (`Outcome.harmful`)."""


class FlagRule(Frozen):
    """One signal flags an answer beyond a threshold; at most `alpha` of right answers are, on exchangeable data."""

    signal: str
    """Name of the signal (`guardbind.calibration.signals`)."""
    suspicious: Literal["low", "high"]
    """Which side of the threshold is flagged."""
    threshold: float
    """Flagged is what lies strictly beyond."""
    alpha: float = Field(gt=0, lt=1)
    """Share of right answers that may be flagged, on average over calibration sets."""
    n: int = Field(ge=1)
    """Right answers that the threshold comes from."""


class WayCount(Frozen):
    """How often targets found in one way were right."""

    way: str
    """How the target was found."""
    right: int = Field(ge=0)
    """Targets that were right."""
    n: int = Field(ge=1)
    """All of them."""


class ChosenSettings(Frozen):
    """Settings that did best on the split `choose`; their figures are of the split `report`."""

    alpha: float
    """Strength of the contrast."""
    tail_tokens: int
    """Tokens that are run again under a null."""
    max_nulls: int
    """Bindings that are taken away one by one at a slot, at most."""
    checkpoint_template: str
    """Text that restates the evidence."""
    tried: int
    """Combinations that were tried."""
    n: int
    """Trials of the split `report`."""
    right_default: int
    """Right answers there with the guard's defaults."""
    right_chosen: int
    """Right answers there with these."""


class ReliabilityBin(Frozen):
    """One bin of a reliability curve."""

    low: float
    """Lowest score in it."""
    high: float
    """Highest score in it."""
    n: int
    """Trials."""
    right: int
    """Those that were right."""


class Reliability(Frozen):
    """How often something was right, by its score; on the split `report`."""

    name: str
    """What is scored: a signal, a way to find targets, or `available`."""
    bins: tuple[ReliabilityBin, ...]
    """Bins of rising score, of about equal counts."""


class ProbeEntry(Frozen):
    """What one probe of the residual did; only of the chosen one do the tensors stand in the file of probes."""

    layer: int
    """Block after which the residual is read; the last one is what feeds the head."""
    rank: int
    """Rank of the bilinear form; 0 is the lens, which is not trained."""
    n: int
    """Trials of the split `report`."""
    right: int
    """How often the candidate that it names was the right one there."""
    right_untrained: int
    """The same for the lens, which is not trained."""


class CalibratedRange(Frozen):
    """Where the calibration was made, and so where its statements hold."""

    model: str
    """Model id, or name of its folder."""
    weights: str
    """Fingerprint of the weights (`guardbind.model.fingerprint`)."""
    dtype: str
    """Data type of the weights."""
    attention: str
    """Attention backend."""
    template_sha256: str | None
    """Hash of the chat template."""
    tasks: tuple[str, ...]
    """Tasks and groups of the trials."""
    prompt_tokens: tuple[int, int]
    """Least and most tokens of a prompt."""
    distance: tuple[int, int] | None
    """Least and most tokens between evidence and slot."""
    bindings: tuple[int, int]
    """Least and most bindings of a prompt."""
    residual_norm: tuple[float, float] | None
    """Quantiles .001 and .999 of the residual's norm at the slot."""
    settings_sha256: str | None = None
    """Hash of the settings that shape what the guard proposed (`guardbind.calibration.conditions.shaping_sha256`)."""


class Reported(Frozen):
    """What the rules would have done on the split `report`, which none of them has seen."""

    n: int
    """Trials."""
    right_before: int
    """Right answers without the guard."""
    right_after: int
    """Right answers with every intervention that the rules let pass."""
    errors: int
    """Trials that have an answer and whose value was another one of the prompt (2B), or none (2A)."""
    repaired: int
    """Those of them that are right afterwards."""
    interventions: int
    """Interventions that the rules let pass."""
    harmful: int
    """Those of them that were harmful (`Outcome.harmful`)."""
    held_back: int
    """Confirmed interventions that the rules did not let pass."""
    false_alarms: int
    """Right answers that some flag rule flags; each rule alone promises its own share only."""
    errors_flagged: int
    """Errors that some flag rule flags."""


class Calibration(Frozen):
    """What is known of one model on labelled trials. Made by `guardbind.calibrate`, read by `load_calibration`."""

    format: int = FORMAT
    """Version of the format."""
    guardbind: str
    """Version of guardbind that made it."""
    risk: float = Field(gt=0, lt=1)
    """Most harmful interventions among those that the acting rules let pass, as a share."""
    confidence: float = Field(gt=0, lt=1)
    """How sure that is, over draws of the calibration trials."""
    acting: tuple[ActingRule, ...]
    """When to act; a way without a rule is not acted on."""
    tested: tuple[str, ...]
    """Ways that were tested; each had an equal part of 1 - `confidence` to be mistaken with."""
    flagging: tuple[FlagRule, ...]
    """When to flag."""
    ways: tuple[WayCount, ...]
    """How often each way to find a target was right."""
    settings: ChosenSettings
    """Settings for this model."""
    reliability: tuple[Reliability, ...]
    """How often scores were right."""
    references: tuple[SignalReference, ...] = ()
    """How the signals were distributed, for tests of drift."""
    reported: Reported
    """What all of this would have done on trials that it has not seen."""
    range: CalibratedRange
    """Where all of this holds."""
    probes: tuple[ProbeEntry, ...] = ()
    """Probes of the residual."""
    available_layer: int | None = None
    """Layer whose probe says whether a value is available; None without probes."""
    available_from: float | None = None
    """A value counts as available in the residual from this score on; None without probes, and where the score is
    recorded and nothing is decided by it."""
    probes_sha256: str | None = None
    """Hash of the file that holds the probes' tensors."""
    trials: int = Field(ge=0)
    """Labelled trials that it comes from."""
    made: str
    """The command or call that made it."""
