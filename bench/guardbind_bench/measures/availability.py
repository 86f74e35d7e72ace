"""Measures `availability`: the same prompts under `auto` with what a probe says used, ignored, and drawn at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from weakref import WeakKeyDictionary

from pydantic import Field

from guardbind.calibrating.probes import TrainedProbes, train_probes
from guardbind.config import GuardConfig
from guardbind.events import SlotRecord
from guardbind.evidence import Binding
from guardbind.frozen import Frozen
from guardbind.guard import Guard
from guardbind.policies import Attempt, Policy, Slot
from guardbind.policies.auto import AUTO
from guardbind.session.available import SlotProbe
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.answers import AnswerOptions, AnswerRecord, AnswersSession, BeforeAnswer, TextAnswer
from guardbind_bench.measures.answers_prompt import render
from guardbind_bench.measures.comparison import ARMS, Arm, ArmAnswer, ArmComparison
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure, Session
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.text_trial import TextTrial
from guardbind_bench.prompts.trial import Task, Trial
from guardbind_bench.registry import TEXT_TASKS

__all__ = [
    "CHOICES",
    "IGNORED",
    "MEASURE",
    "RANDOM",
    "USED",
    "AvailabilityOptions",
    "AvailabilityRecord",
    "choosing",
]

Choosing = Literal["ignored", "used", "random"]
IGNORED, USED, RANDOM = CHOICES = ("ignored", "used", "random")
"""What `auto` makes of the probe: nothing; what it does with a calibration; or a coin falls as often the same way."""


class AvailabilityOptions(Frozen):
    """The options of the measure."""

    probe_trials: int = Field(default=1000, ge=50)
    """Prompts that the probes are trained on; two fifths as many to choose on, and to report on."""
    probe_seed: int = Field(default=0, ge=0)
    """Seed of these prompts."""
    available_from: float | None = Field(default=None, ge=0, le=1)
    """Least score that counts as available; None for what was best where the probes were chosen."""
    max_new_tokens: int = Field(default=32, ge=1)
    """Tokens of a free answer, at most."""


class AvailabilityRecord(AnswerRecord):
    """What one arm answered. Of a task of tokens, the fields of free text stay empty."""

    scores: tuple[float, ...] = ()
    """What the probe says of the target at each slot whose token begins another candidate; where it can be read."""
    mismatched: int = 0
    """Slots whose token begins another candidate."""
    tried: tuple[str, ...] = ()
    """What was tried at such a slot, in order; the last may have held. Of a task of tokens only."""
    held: bool | None = None
    """Whether the last did."""
    layer: int | None = None
    """Layer of the probe."""
    rank: int | None = None
    """Its rank."""
    threshold: float | None = None
    """Least score that counts as available."""
    report_n: int | None = None
    """Prompts of words that the probe never met, with a choice of values."""
    report_named: int | None = None
    """On how many of them it names the right value."""
    report_lens: int | None = None
    """On how many the lens of that layer does."""
    report_errors: int | None = None
    """On how many the model begins another value."""
    report_found: int | None = None
    """On how many of these the right value counts as available."""
    report_others: int | None = None
    """Other values that the model does not begin, where it begins one."""
    report_mistaken: int | None = None
    """How many of these count as available."""
    auroc: float | None = None
    """How the scores tell the right value from others there, where the model begins neither."""
    auroc_low: float | None = None
    """Lower end of its interval."""
    auroc_high: float | None = None
    """Upper end."""


def choosing(how: str, share: float, seed: int) -> Policy:
    """Return `auto` as it uses a probe.

    Args:
        how: One of `CHOICES`.
        share: How often a coin calls a value available.
        seed: Of the coin, which falls the same way at the same slot.
    """

    def chosen(slot: Slot) -> Iterable[Attempt]:
        if how == IGNORED or slot.available is None:
            return AUTO(replace(slot, available_from=None))
        if how == RANDOM:
            coin = random.Random(f"{seed} {slot.step} {slot.token} {slot.available:.3f}").random()
            return AUTO(replace(slot, available=float(coin < share), available_from=0.5))
        return AUTO(slot)

    chosen.__name__ = f"auto_{how}"
    return chosen


# Probes are trained once for all cells of a model.
_TRAINED: WeakKeyDictionary[Lab, dict[tuple[int, int], TrainedProbes]] = WeakKeyDictionary()


def _trained(lab: Lab, options: AvailabilityOptions) -> TrainedProbes:
    held = _TRAINED.setdefault(lab, {})
    key = (options.probe_trials, options.probe_seed)
    if key not in held:
        fewer = 2 * options.probe_trials // 5
        counts = {"fit": options.probe_trials, "choose": fewer, "report": fewer}
        held[key] = train_probes(lab.model, lab.tokenizer, trials=counts, seed=options.probe_seed)  # type: ignore[arg-type]
    return held[key]


def _probed(trained: TrainedProbes, threshold: float) -> dict[str, Any]:
    probe, told = trained.probes[trained.layer], trained.report
    entry = next(e for e in trained.entries if (e.layer, e.rank) == (probe.layer, probe.rank))
    return {
        "layer": probe.layer,
        "rank": probe.rank,
        "threshold": threshold,
        "report_n": entry.n,
        "report_named": entry.right,
        "report_lens": entry.right_untrained,
        "report_errors": told.errors,
        "report_found": told.found,
        "report_others": told.others,
        "report_mistaken": told.mistaken,
        "auroc": told.auroc,
        "auroc_low": told.low,
        "auroc_high": told.high,
    }


def _scores(slots: Sequence[SlotRecord]) -> dict[str, Any]:
    failed = [slot for slot in slots if slot.verdict == "binding_failure"]
    known = tuple(slot.available for slot in failed if slot.available is not None)
    return {"scores": known, "mismatched": len(failed)}


def _tried(answer: ArmAnswer) -> dict[str, Any]:
    tried = answer.interventions
    return {"tried": tuple(one.action for one in tried), "held": any(one.kept for one in tried)}


@dataclass(frozen=True, slots=True, eq=False)
class _TokenSession:
    task: Task
    comparison: ArmComparison
    probed: Mapping[str, Any]
    tokens: int

    def run(self, indices: Sequence[int]) -> list[AvailabilityRecord]:
        trials = [self.task.trial(index) for index in indices]
        return [
            self._record(trial, arm, answer)
            for trial, answers in zip(trials, self._answered(trials), strict=True)
            for arm, answer in answers.items()
        ]

    def _answered(self, trials: Sequence[Trial]) -> list[dict[str, ArmAnswer]]:
        # Prompts of one length make a batch.
        if len({len(trial.ids) for trial in trials}) == 1:
            return self.comparison.run(trials)
        return [answer for trial in trials for answer in self.comparison.run([trial])]

    def _record(self, trial: Trial, arm: str, answer: ArmAnswer) -> AvailabilityRecord:
        slots = () if answer.slot is None else (answer.slot,)
        places = [place for place, bound in enumerate(trial.bound) if bound.key == trial.target.key]
        return AvailabilityRecord(
            index=trial.index,
            arm=arm,
            answerable=True,
            direction="key_value",
            which="only" if len(places) == 1 else "first" if trial.asked == places[0] else "last",
            prompt_tokens=len(trial.ids),
            distance=trial.distance,
            stage=trial.stage(answer.token),
            verdicts=tuple(slot.verdict for slot in slots),
            actions=tuple(slot.action for slot in slots),
            seconds=answer.seconds,
            **(_tried(answer) if slots and slots[0].verdict == "binding_failure" else {}),
            **_scores(slots),
            **self.probed,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _TextSession(AnswersSession):
    """Answers freely; arms that differ nowhere from the one that ignores the probe are not run again."""

    held: dict[int, TextAnswer] = field(default_factory=dict)
    """Answer with the probe ignored, by the identity of the prompt that is answered."""

    def _guarded(self, guard: Guard, asked: BeforeAnswer) -> TextAnswer:
        prompt = asked.prompt
        ignoring = guard is self.guards[IGNORED]
        if not ignoring and not _scores(self.held[id(prompt)].slots)["scores"]:
            return self.held[id(prompt)]
        # By its class, as `super()` does not know a class with slots.
        answer = AnswersSession._guarded(self, guard, asked)
        if ignoring:
            self.held.clear()
            self.held[id(prompt)] = answer
        return answer


class AvailabilityMeasure:
    """Answers prompts of tokens (told the bindings) or free prompts and their twins (told nothing) under each arm."""

    name = "availability"
    version = 1
    record = AvailabilityRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> Session:
        """Make ready for a cell, and train the probes if this is the first; options are `AvailabilityOptions`.

        Raises:
            ConfigError: An option is unknown, or there are too few words to train probes with.
            ContextLengthError: The prompts are too long for the model.
            NullUnavailableError: The model can run no null.
            UnknownArchitectureError: The residual cannot be read.
        """
        options = read_options(AvailabilityOptions, cell.options, self.name)
        trained = _trained(lab, options)
        threshold = trained.chosen.threshold if options.available_from is None else options.available_from
        guards = _guards(lab, options, trained, threshold)
        probed = _probed(trained, threshold)
        if cell.task in TEXT_TASKS:
            return _text_session(lab, cell, options, guards, probed)
        task = lab.task(cell)
        tokens = len(task.trial(0).ids)
        lab.check_length(tokens)
        arms = (ARMS[0], *(Arm(name, name, "bindings") for name in guards))
        return _TokenSession(task, ArmComparison(lab.model, lab.tokenizer, arms, guards), probed, tokens)


def _guards(lab: Lab, options: AvailabilityOptions, trained: TrainedProbes, threshold: float) -> dict[str, Guard]:
    share = trained.chosen.found / max(1, trained.chosen.errors)
    probe = SlotProbe(trained.probes[trained.layer], threshold)
    guards = {}
    for how in CHOICES:
        policy: Callable[..., Any] = choosing(how, share, options.probe_seed)
        guards[how] = Guard(lab.model, lab.tokenizer, GuardConfig(policy=policy, capture_text=True), probe=probe)
        # The first time a guard is attached it tries its null, which is not what an answer costs.
        guards[how].attach([Binding("key", "value")]).detach()
    return guards


def _text_session(
    lab: Lab, cell: BenchCell, options: AvailabilityOptions, guards: Mapping[str, Guard], probed: Mapping[str, Any]
) -> AnswersSession:
    def more(trial: TextTrial, answer: TextAnswer) -> dict[str, Any]:
        return {**_scores(answer.slots), **probed}

    task = lab.text_task(cell)
    told = AnswerOptions(policies=(), max_new_tokens=options.max_new_tokens)
    tokens = len(render(task.trial(0), lab.tokenizer).ids) + options.max_new_tokens
    lab.check_length(tokens)
    return _TextSession(lab, task, told, guards, tokens * 2 * (1 + len(guards)), AvailabilityRecord, more)


MEASURE: Measure = AvailabilityMeasure()
