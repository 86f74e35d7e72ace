"""Sums up what a comparison found, as one record that is printed or stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from guardbind.events import Provenance, SlotRecord
from guardbind.frozen import Frozen
from guardbind.information.intervals import Interval, wilson
from guardbind_bench.demo.overhead import Overhead
from guardbind_bench.measures.comparison import TOLD, Arm, ArmAnswer
from guardbind_bench.prompts.trial import SCHEMA_VERSION, Trial
from guardbind_bench.stats.metrics import auroc, auroc_interval

__all__ = ["ComparisonResult", "Cost", "Detection", "PolicyResult", "cost_of", "detection", "policy_results"]

Answers = Mapping[str, ArmAnswer]
RateBounds = tuple[float, float]


class PolicyResult(Frozen):
    """One way to answer, over all trials."""

    told: str
    """What the guard was told."""
    accuracy: float
    """Share of trials whose answer starts with the value that was asked for."""
    interval: RateBounds
    """Wilson's 95 % interval of the accuracy."""
    rate_2a: float
    """Share of trials whose answer starts with no candidate at all."""
    rate_2b: float
    """Share of trials whose answer starts with another candidate."""
    right_to_wrong: int
    """Trials that the unguarded model had right and this way had wrong."""
    wrong_to_right: int
    """Trials that the unguarded model had wrong and this way had right."""


class Detection(Frozen):
    """How well a number that is read before the answer tells the right ones from those that are 2B."""

    right: int
    """Right answers of the unguarded model."""
    wrong_2b: int
    """Its answers that are 2B."""
    auroc_evidence_bits: float | None
    """Area under the curve of the evidence bits; None when there is nothing to tell apart."""
    auroc_margin: float | None
    """The same of the margin between the two best logits."""
    auroc_max_probability: float | None
    """The same of the largest probability."""
    auroc_entropy: float | None
    """The same of the negative entropy."""
    intervals: dict[str, RateBounds]
    """Name of a field above to its 95 % bootstrap interval."""


class Cost(Frozen):
    """Guarded over unguarded time, in the same run."""

    idle_ratio: float
    """While the guard waits and no slot opens; median of pairs."""
    idle_range: RateBounds
    """Lowest and highest of the pairs."""
    slot_ratio: float
    """For a prompt that is answered by one token, at a slot; median of pairs."""
    slot_range: RateBounds
    """Lowest and highest of the pairs."""
    null_forwards_per_slot: float
    """Forward passes on top of the model's own."""


class ComparisonResult(Frozen):
    """One run of the comparison."""

    model: str
    """The model, as it was asked for."""
    trials: int
    """Trials that were answered."""
    seed: int
    """Base seed of the trials."""
    policies: dict[str, PolicyResult]
    """Name of an arm to what it did; `none` is the unguarded model."""
    detection: Detection
    """What tells right from wrong before anything is written."""
    cost: Cost | None
    """What guarding costs; None when the run was stopped before it was measured."""
    task: str
    """Name of the task."""
    filler: str
    """Name of the filler."""
    k: int
    """Tokens of filler per block."""
    prompt_tokens: int
    """Tokens of each prompt."""
    candidates: int
    """Size of the candidate set, by which 2A and 2B are told apart."""
    trial_schema: int = SCHEMA_VERSION
    """Version of the trials; the same seed gives others under another version."""
    provenance: Provenance
    """Versions, precision and attention backend."""


def policy_results(trials: Sequence[Trial], answers: Sequence[Answers], arms: Sequence[Arm]) -> dict[str, PolicyResult]:
    """Count what each arm did; `answers[i]` are those to `trials[i]`, and one arm is `none`."""
    n = len(trials)
    stages = {
        arm.name: [trial.stage(row[arm.name].token) for trial, row in zip(trials, answers, strict=True)] for arm in arms
    }
    unguarded = [stage == "right" for stage in stages["none"]]
    results = {}
    for arm in arms:
        right = [stage == "right" for stage in stages[arm.name]]
        results[arm.name] = PolicyResult(
            told=TOLD[arm.told],
            accuracy=sum(right) / n,
            interval=_bounds(wilson(sum(right), n)),
            rate_2a=stages[arm.name].count("2A") / n,
            rate_2b=stages[arm.name].count("2B") / n,
            right_to_wrong=sum(before and not after for before, after in zip(unguarded, right, strict=True)),
            wrong_to_right=sum(after and not before for before, after in zip(unguarded, right, strict=True)),
        )
    return results


_SCORES: dict[str, Callable[[SlotRecord], float | None]] = {
    "auroc_evidence_bits": lambda slot: slot.evidence_bits,
    "auroc_margin": lambda slot: slot.margin,
    "auroc_max_probability": lambda slot: slot.max_probability,
    "auroc_entropy": lambda slot: None if slot.entropy_bits is None else -slot.entropy_bits,
}


def detection(trials: Sequence[Trial], answers: Sequence[Answers], arms: Sequence[Arm]) -> Detection:
    """Rank the unguarded model's answers by what an arm that knows bindings and target read about them."""
    # Of an answer that its policy refused there is no slot to read.
    whole = (
        arm.name for arm in arms if arm.told == "target" and all(row[arm.name].token is not None for row in answers)
    )
    reader = next(whole, None)
    slots: dict[str, list[SlotRecord]] = {"right": [], "2A": [], "2B": []}
    for trial, row in zip(trials, answers, strict=True):
        slot = None if reader is None else row[reader].slot
        if slot is not None:
            slots[trial.stage(row["none"].token)].append(slot)
    areas: dict[str, float | None] = {}
    intervals: dict[str, RateBounds] = {}
    for name, score in _SCORES.items():
        right = [value for slot in slots["right"] if (value := score(slot)) is not None]
        wrong = [value for slot in slots["2B"] if (value := score(slot)) is not None]
        areas[name] = auroc(right, wrong)
        interval = auroc_interval(right, wrong)
        if interval is not None:
            intervals[name] = _bounds(interval)
    return Detection(right=len(slots["right"]), wrong_2b=len(slots["2B"]), intervals=intervals, **areas)


def cost_of(overhead: Overhead) -> Cost:
    """Return what was measured as a record."""
    return Cost(
        idle_ratio=overhead.idle.median,
        idle_range=(overhead.idle.low, overhead.idle.high),
        slot_ratio=overhead.slot.median,
        slot_range=(overhead.slot.low, overhead.slot.high),
        null_forwards_per_slot=overhead.null_forwards_per_slot,
    )


def _bounds(interval: Interval) -> RateBounds:
    return interval.low, interval.high
