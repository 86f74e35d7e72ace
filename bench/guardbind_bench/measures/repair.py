"""Measures `repair`: prompts answered unguarded, under the guard's policies, among candidates, and with checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from guardbind.candidates.gaps import best_token
from guardbind.errors import ConfigError, NumericsError, nearest
from guardbind.events import FinalVerdict, Verdict
from guardbind.evidence import Binding, locate
from guardbind.frozen import Frozen
from guardbind.registry import POLICIES
from guardbind.text.decoded import PromptText
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.comparison import ARMS, Arm, ArmAnswer, ArmComparison, arm_of
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Task, Trial, TrialStage
from guardbind_bench.registry import ARMS as PROMPT_ARMS

__all__ = ["CANDIDATES", "DEFAULT_ARMS", "MEASURE", "UNGUARDED", "RepairOptions", "RepairRecord", "check_arms"]

UNGUARDED = ARMS[0].name
"""The unguarded model, which every other arm is set beside."""
CANDIDATES = "candidates"
"""Decoding that may only write a candidate: it closes 2A and is told nothing about the target."""
DEFAULT_ARMS = (*(arm.name for arm in ARMS), CANDIDATES, "oracle", "single:0")
"""The guard's arms, candidate-only decoding, and the true values restated every 128 tokens or before the question."""


def check_arms(names: Iterable[str]) -> None:
    """Check that there are such arms: of the guard, `candidates`, or a registered checkpoint arm.

    Raises:
        ConfigError: There is no such arm; the message suggests the nearest one.
    """
    for name in names:
        if arm_of(name) is None and name != CANDIDATES and name.partition(":")[0] not in PROMPT_ARMS:
            known = [UNGUARDED, CANDIDATES, *POLICIES, *PROMPT_ARMS]
            raise ConfigError(
                f"there is no arm {name!r}; known: {', '.join(known)}; and POLICY/resolved or POLICY/evidence.",
                hint=nearest(name, known),
            )


class RepairOptions(Frozen):
    """The options of the measure."""

    arms: tuple[str, ...] = DEFAULT_ARMS
    """Arms of the comparison, of any registered policy as `arm_of` takes them, `candidates`, and checkpoint arms as
    `PromptForm.arm` takes them; always with `none`."""


class RepairRecord(TrialRecord):
    """What one arm wrote to one trial; a trial has one record per arm."""

    arm: str
    """The arm."""
    told: str
    """What it is told: as `ToldWhat` has it, or `candidates` (which there are), or `truth` (restated in the prompt)."""
    refused: str | None = None
    """Why the task does not have this arm; then nothing else is known."""
    token: int | None = None
    """First token of the answer; None where the policy refused it."""
    stage: TrialStage | None = None
    """What it is."""
    verdict: Verdict | None = None
    """Verdict on the model's own token; None without a guard, or where it saw no slot."""
    final_verdict: FinalVerdict | None = None
    """Verdict after the action."""
    action: str | None = None
    """What was done."""
    evidence_bits: float | None = None
    """Evidence bits of the model's own token."""
    extra_forwards: int | None = None
    """Forward passes besides the model's own: nulls, and restatements read ahead; as for this trial alone."""
    tokens_inserted: int | None = None
    """Tokens by which prompt and answer got longer."""
    extra_tokens: float | None = None
    """Tokens that the model read besides those of the unguarded answer, a share of the batch's."""
    seconds: float | None = None
    """Time for prompt and answer, a share of the batch's. It is not the same when the trial is measured again."""


@dataclass(frozen=True, slots=True, eq=False)
class _RepairSession:
    task: Task
    comparison: ArmComparison
    plain: ArmComparison
    guard_arms: tuple[Arm, ...]
    prompts: Mapping[str, Task]
    candidates: bool
    refused: Mapping[str, tuple[str, str]]
    """Name of an arm to what it is told and why the task does not have it."""
    tokens: int

    def run(self, indices: Sequence[int]) -> list[RepairRecord]:
        try:
            return self._run(indices)
        except NumericsError as error:
            if len(indices) > 1:
                return [record for index in indices for record in self.run([index])]
            told = {arm.name: arm.told for arm in self.guard_arms} | dict.fromkeys(self.prompts, "truth")
            told |= {CANDIDATES: "candidates"} if self.candidates else {}
            return [RepairRecord(index=indices[0], arm=name, told=told[name], failed=str(error)) for name in told]

    def _run(self, indices: Sequence[int]) -> list[RepairRecord]:
        trials = [self.task.trial(index) for index in indices]
        answers = _answered(self.comparison, trials)
        records: dict[int, list[RepairRecord]] = {}
        for trial, row in zip(trials, answers, strict=True):
            unguarded = row[UNGUARDED]
            records[trial.index] = [_record(trial, arm, row[arm.name], unguarded) for arm in self.guard_arms]
            if self.candidates:
                records[trial.index].append(_among_candidates(trial, unguarded))
        for name, task in self.prompts.items():
            restated = [task.trial(index) for index in indices]
            for before, after, row in zip(trials, restated, _answered(self.plain, restated), strict=True):
                records[before.index].append(_restated(before, after, name, row[UNGUARDED]))
        for index in indices:
            records[index] += [
                RepairRecord(index=index, arm=name, told=told, refused=why)
                for name, (told, why) in self.refused.items()
            ]
        return [record for index in indices for record in records[index]]


def _answered(comparison: ArmComparison, trials: Sequence[Trial]) -> list[dict[str, ArmAnswer]]:
    """Answer prompts of any lengths; those of one length make a batch."""
    order = sorted(range(len(trials)), key=lambda i: len(trials[i].ids))
    answers: dict[int, dict[str, ArmAnswer]] = {}
    for _, group in groupby(order, key=lambda i: len(trials[i].ids)):
        places = list(group)
        answers |= zip(places, comparison.run([trials[i] for i in places]), strict=True)
    for answer in answers.values():
        logits = answer[UNGUARDED].logits
        # An unguarded arg max takes NaN as the largest number.
        if logits is None or not bool(logits.logsumexp(0).isfinite()):
            raise NumericsError("the logits behind a prompt are NaN or infinite.", hint="Try dtype float32.")
    return [answers[i] for i in range(len(trials))]


def _record(trial: Trial, arm: Arm, answer: ArmAnswer, unguarded: ArmAnswer) -> RepairRecord:
    slot = answer.slot
    # A restatement is read ahead in a pass of its own, which the slot's record does not count.
    ahead = [tried for tried in answer.interventions if tried.action == "checkpoint" and tried.token_after is not None]
    return RepairRecord(
        index=trial.index,
        arm=arm.name,
        told=arm.told,
        token=answer.token,
        stage=trial.stage(answer.token),
        verdict=None if slot is None else slot.verdict,
        final_verdict=None if slot is None else slot.final_verdict,
        action=None if slot is None else slot.action,
        evidence_bits=None if slot is None else slot.evidence_bits,
        extra_forwards=(0 if slot is None else slot.null_forwards) + len(ahead),
        tokens_inserted=sum(tried.tokens_inserted for tried in answer.interventions if tried.kept),
        extra_tokens=answer.tokens_read - unguarded.tokens_read,
        seconds=answer.seconds,
    )


def _among_candidates(trial: Trial, unguarded: ArmAnswer) -> RepairRecord:
    assert unguarded.logits is not None
    token = best_token(unguarded.logits, (value.token for value in trial.candidates))
    return RepairRecord(
        index=trial.index,
        arm=CANDIDATES,
        told="candidates",
        token=token,
        stage=trial.stage(token),
        extra_forwards=0,
        tokens_inserted=0,
        extra_tokens=0.0,
        seconds=unguarded.seconds,
    )


def _restated(before: Trial, after: Trial, arm: str, answer: ArmAnswer) -> RepairRecord:
    longer = len(after.ids) - len(before.ids)
    return RepairRecord(
        index=before.index,
        arm=arm,
        told="truth",
        token=answer.token,
        stage=after.stage(answer.token),
        extra_forwards=0,
        tokens_inserted=longer,
        extra_tokens=float(longer),
        seconds=answer.seconds,
    )


class RepairMeasure:
    """Answers prompts under every arm, from one prefill; only checkpoint arms have prompts of their own."""

    name = "repair"
    version = 1
    record = RepairRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _RepairSession:
        """Make ready for a cell; its options are `RepairOptions`.

        Raises:
            ConfigError: An option or arm is unknown, or a guard cannot be told anything about these prompts.
            ContextLengthError: The prompts are too long for the model.
            NullUnavailableError: The model can run no null.
        """
        wanted = _arms(cell)
        task = lab.task(cell)
        trial = task.trial(0)
        if trial.target.value == trial.abstain or not trial.target.statement:
            raise ConfigError(f"the prompts of {cell.task!r} do not state what they ask for; no guard can be told it.")
        lab.check_length(len(trial.ids))
        refused: dict[str, tuple[str, str]] = {}
        guard_arms, prompts, tokens = [ARMS[0]], {}, len(trial.ids)
        located = _is_located(lab, trial)
        for name in wanted:
            arm = arm_of(name)
            if arm is not None and arm.told in ("target", "bindings") and not located:
                refused[name] = (arm.told, "key and value are not written side by side, so a guard cannot be told them")
            elif arm is not None and arm.name != UNGUARDED:
                guard_arms.append(arm)
            elif arm is None and name != CANDIDATES:
                try:
                    prompts[name] = _restating(lab, cell, name, trial)
                except ConfigError as error:
                    refused[name] = ("truth", str(error))
                else:
                    tokens = max(tokens, len(prompts[name].trial(0).ids))
                    lab.check_length(tokens)
        comparison = ArmComparison(lab.model, lab.tokenizer, guard_arms)
        plain = ArmComparison(lab.model, lab.tokenizer, ARMS[:1])
        # The first call of each guard tries its null, which is not what an answer costs.
        with suppress(NumericsError):
            comparison.run([trial])
        return _RepairSession(
            task, comparison, plain, tuple(guard_arms), prompts, CANDIDATES in wanted, refused, tokens
        )


def _restating(lab: Lab, cell: BenchCell, arm: str, trial: Trial) -> Task:
    """Return the task with a checkpoint arm.

    Raises:
        ConfigError: The task does not have it, or it leaves the prompts as they are.
    """
    task = lab.task(cell.model_copy(update={"form": cell.form.model_copy(update={"arm": arm})}))
    if task.trial(trial.index).ids == trial.ids:
        raise ConfigError(f"at k = {cell.k} arm {arm!r} leaves the prompts as they are.")
    return task


def _arms(cell: BenchCell) -> tuple[str, ...]:
    wanted = read_options(RepairOptions, cell.options, "repair").arms
    check_arms(wanted)
    if cell.form.arm != "baseline":
        raise ConfigError(
            f"the prompts of the cell have arm {cell.form.arm!r}; 'baseline' is accepted.",
            hint="Name checkpoint arms in the option `arms`.",
        )
    return tuple(dict.fromkeys(wanted))


def _is_located(lab: Lab, trial: Trial) -> bool:
    """Whether a guard that is told keys and values finds the target where the prompt states it."""
    items = [Binding(bound.key, bound.value.word) for bound in trial.bound]
    found = locate(items, PromptText.from_ids(lab.tokenizer, list(trial.ids))).items[trial.asked]
    return any(trial.target.position in mention.value_tokens for mention in found.mentions)


MEASURE: Measure = RepairMeasure()
