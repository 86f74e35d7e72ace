"""Measures `outcomes`: what labelled trials show under a guard, as `guardbind calibrate` collects it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from guardbind.calibrating.answering import LabelledRun, LabelledTrial
from guardbind.calibrating.encoding import encode_labelled, in_plain_text
from guardbind.calibrating.labelled import LabelledPrompt
from guardbind.calibration.outcome import Outcome
from guardbind.config import GuardConfig
from guardbind.errors import GuardbindError
from guardbind.events.records import Action, Verdict
from guardbind.frozen import Frozen
from guardbind.guard import Guard
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell, Template
from guardbind_bench.prompts.harm.building import ChosenTask, built
from guardbind_bench.prompts.labelled import labelled_text, labelled_trial
from guardbind_bench.registry import TASKS

__all__ = ["MEASURE", "OutcomeOptions", "OutcomeRecord", "outcome_of"]

_TWIN_EVERY = 4
_MOST_RECORDS = 6
_LANGUAGES = ("en",)


class OutcomeOptions(Frozen):
    """The options of the measure."""

    wordings: Literal["dev", "held"] = "dev"
    """Set of wordings of the tasks of texts."""
    texts: Template = "chat"
    """How the messages of texts are written: in the tokenizer's chat template, or one after the other as plain text."""


class OutcomeRecord(TrialRecord):
    """What one labelled trial showed (`guardbind.calibration.outcome.Outcome`)."""

    group: str = ""
    """What trials are told apart by inside a task."""
    due: bool | None = None
    """Whether the prompt has an answer."""
    own_right: bool | None = None
    """Whether the model's own value was right."""
    written_right: bool | None = None
    """Whether the value is right that the guard writes."""
    way: str | None = None
    """How the target was found."""
    target_right: bool | None = None
    """Whether it is the right one."""
    target_score: float | None = None
    """How well it fits."""
    verdict: Verdict | None = None
    """Verdict on the model's own token."""
    action: Action | None = None
    """The action that was confirmed."""
    pushed: bool | None = None
    """Whether it writes another token than the model's own."""
    evidence_bits: float | None = None
    """Evidence bits of the token that would be written."""
    gain_bits: float | None = None
    """Its observed bits less those of the model's own token."""
    available: float | None = None
    """How far the residual names the target's value."""
    signals: str = "{}"
    """Name of a signal to its value on the model's own token, as JSON."""
    prompt_tokens: int | None = None
    """Tokens of the prompt."""
    distance: int | None = None
    """Tokens between the target's evidence and the slot."""
    bindings: int | None = None
    """Bindings of the prompt."""
    residual_norm: float | None = None
    """Euclidean norm of what feeds the output head."""


_SHARED = tuple(name for name in Outcome.model_fields if name in OutcomeRecord.model_fields and name != "signals")


def outcome_of(record: Mapping[str, Any], task: str = "") -> Outcome:
    """Return the outcome that a record holds; its split is `fit` until trials are dealt.

    Args:
        record: A record that has not failed, by column.
        task: Name of its task.
    """
    told = {name: _known(record[name]) for name in _SHARED}
    signals = json.loads(record["signals"])
    kept = {name: value for name, value in told.items() if value is not None}
    return Outcome(trial=f"{task}:{record['index']}", task=task, split="fit", signals=signals, **kept)


def _known(value: Any) -> Any:
    # A column of numbers has NaN where a record has None.
    return None if value is None or value != value else value.item() if hasattr(value, "item") else value


@dataclass(frozen=True, slots=True)
class _OutcomeSession:
    lab: Lab
    cell: BenchCell
    guard: Guard
    texts: ChosenTask | None
    written: Template
    tokens: int

    def run(self, indices: Sequence[int]) -> list[OutcomeRecord]:
        return [self._record(index) for index in indices]

    def _record(self, index: int) -> OutcomeRecord:
        try:
            trial = LabelledTrial(str(index), "fit", self.prompt(index))
            outcome = LabelledRun(self.lab.model, self.lab.tokenizer, trial).outcome(self.guard)
        except GuardbindError as error:
            return OutcomeRecord(index=index, failed=str(error))
        told = {name: getattr(outcome, name) for name in _SHARED}
        return OutcomeRecord(index=index, signals=json.dumps(outcome.signals), **told)

    def prompt(self, index: int) -> LabelledPrompt:
        if self.texts is None:
            group = f"{self.cell.filler} k={self.cell.k}"
            trial = self.lab.task(self.cell).trial(index)
            return labelled_trial(trial, self.lab.tokenizer, group)
        prompt = labelled_text(self.texts.trial(index, answerable=index % _TWIN_EVERY != _TWIN_EVERY - 1))
        return prompt if self.written == "chat" else in_plain_text(prompt)


class OutcomesMeasure:
    """Runs labelled trials of a task one by one; of texts, every fourth is a twin, which has no answer."""

    name = "outcomes"
    version = 1
    record = OutcomeRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _OutcomeSession:
        """Make ready for a cell; its options are `OutcomeOptions`.

        Raises:
            ConfigError: An option is unknown.
            NullUnavailableError: The model can run no null.
        """
        options = read_options(OutcomeOptions, cell.options, self.name)
        texts = None
        if cell.task not in TASKS:
            every = built(cell.task, k=cell.k, seed=cell.seed, wordings=options.wordings)
            texts = ChosenTask(every, _MOST_RECORDS, _LANGUAGES)
        guard = Guard(lab.model, lab.tokenizer, GuardConfig(capture_text=True, trust="every"))
        guard.attach().detach()  # the first time its null is tried
        session = _OutcomeSession(lab, cell, guard, texts, options.texts, 0)
        tokens = len(encode_labelled(session.prompt(0), lab.tokenizer).ids)
        return _OutcomeSession(lab, cell, guard, texts, options.texts, tokens)


MEASURE: Measure = OutcomesMeasure()
