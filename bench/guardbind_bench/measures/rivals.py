"""Measures `rivals`: each prompt answered twice, once with every null read and once with those that a verdict needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field
from transformers import StoppingCriteriaList

from guardbind.config import GuardConfig
from guardbind.errors import GuardbindError
from guardbind.events import SlotRecord
from guardbind.frozen import Frozen
from guardbind.guard import Guard
from guardbind.model.cache import input_device
from guardbind.model.prefill import SharedPrefill
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.answers_end import ValueEnd
from guardbind_bench.measures.answers_prompt import TextPrompt, render
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.text_trial import TextTask, TextTrial
from guardbind_bench.prompts.trial import TrialStage
from guardbind_bench.scoring.scoring import read_answer

__all__ = ["ARMS", "MEASURE", "Rivals", "RivalsOptions", "RivalsRecord"]

Rivals = Literal["every", "plausible"]
ARMS: tuple[Rivals, Rivals] = ("every", "plausible")
"""Settings of `GuardConfig.rivals`, the reference first."""
_TOKENS = 400  # of a prompt, by which trials are put into batches


class RivalsOptions(Frozen):
    """The options of the measure."""

    policy: str = "auto"
    """What both guards do about a verdict."""
    null: str = "mask"
    """The counterfactual readout of both."""
    resolver: str = "both"
    """What says which binding a slot is meant to take, for both."""
    max_nulls: int = Field(default=64, ge=1)
    """Bindings that may be taken away at a slot, for both."""
    max_new_tokens: int = Field(default=24, ge=1)
    """Tokens of an answer, at most."""
    begun: bool = True
    """Whether each answer is begun for the model, up to its value, where the trial says how; it ends with its value."""


class RivalsRecord(TrialRecord):
    """One answer under one setting; the lists, but for `written`, have an entry per slot."""

    arm: str
    """`every` or `plausible`."""
    text: str | None = None
    """The answer."""
    written: tuple[int, ...] = ()
    """Its tokens."""
    stage: TrialStage | None = None
    """What its first value is."""
    bindings: int | None = None
    """Bindings of the prompt, where a slot was met."""
    steps: tuple[int, ...] = ()
    """Tokens written before the slot."""
    verdicts: tuple[str, ...] = ()
    """Verdicts on the model's own token."""
    final_verdicts: tuple[str, ...] = ()
    """Verdicts on what was written."""
    actions: tuple[str, ...] = ()
    """What was done."""
    targets: tuple[int, ...] = ()
    """Targets; -1 where there is none."""
    rests_on: tuple[int, ...] = ()
    """The binding that gives the own token most bits; -1 where none gives enough."""
    bits: tuple[float | None, ...] = ()
    """Evidence bits of the own token, under the target's null; None where they were not read."""
    most_bits: tuple[float | None, ...] = ()
    """The most that any binding which was read gives it."""
    nulls: tuple[int, ...] = ()
    """Bindings that were taken away."""


@dataclass(frozen=True, slots=True, eq=False)
class _RivalsSession:
    lab: Lab
    task: TextTask
    options: RivalsOptions
    guards: dict[Rivals, Guard]
    tokens: int = _TOKENS

    def run(self, indices: Sequence[int]) -> list[RivalsRecord]:
        return [record for index in indices for record in self._records(self.task.trial(index))]

    def _records(self, trial: TextTrial) -> list[RivalsRecord]:
        try:
            prompt = render(trial, self.lab.tokenizer, begun=self.options.begun)
            self.lab.check_length(len(prompt.ids) + self.options.max_new_tokens)
            prefill = SharedPrefill(self.lab.model, prompt.tensor(input_device(self.lab.model)))
            return [self._answered(trial, prompt, prefill, arm) for arm in ARMS]
        except GuardbindError as error:
            return [RivalsRecord(index=trial.index, arm=arm, failed=str(error)) for arm in ARMS]

    def _answered(self, trial: TextTrial, prompt: TextPrompt, prefill: SharedPrefill, arm: Rivals) -> RivalsRecord:
        ended: dict[str, Any] = {}
        if self.options.begun and trial.begun:
            ended["stopping_criteria"] = StoppingCriteriaList([ValueEnd(trial, self.lab.tokenizer, len(prompt.ids))])
        output = self.guards[arm].generate(
            **prefill.arguments(),
            **ended,
            max_new_tokens=self.options.max_new_tokens,
            do_sample=False,
        )
        slots = output.report.slots
        return RivalsRecord(
            index=trial.index,
            arm=arm,
            text=output.text[0],
            written=tuple(output.sequences[0, len(prompt.ids) :].tolist()),
            stage=read_answer(trial, output.text[0]).stage,
            bindings=max((len(slot.bits_by_binding) for slot in slots), default=None),
            steps=tuple(slot.step for slot in slots),
            verdicts=tuple(slot.verdict for slot in slots),
            final_verdicts=tuple(slot.final_verdict for slot in slots),
            actions=tuple(slot.action for slot in slots),
            targets=tuple(-1 if slot.target is None else slot.target for slot in slots),
            rests_on=tuple(-1 if slot.rests_on is None else slot.rests_on for slot in slots),
            bits=tuple(slot.evidence_bits for slot in slots),
            most_bits=tuple(max(_read(slot), default=None) for slot in slots),
            nulls=tuple(len(_read(slot)) for slot in slots),
        )


def _read(slot: SlotRecord) -> list[float]:
    return [bits for bits in slot.bits_by_binding if bits is not None]


class RivalsMeasure:
    """Answers each trial under both settings of `GuardConfig.rivals`."""

    name = "rivals"
    version = 1
    record = RivalsRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _RivalsSession:
        """Make ready for a cell of text prompts."""
        options = read_options(RivalsOptions, cell.options, self.name)
        settings = options.model_dump(exclude={"begun", "max_new_tokens"})
        guards = {arm: Guard(lab.model, lab.tokenizer, GuardConfig(**settings, rivals=arm)) for arm in ARMS}
        return _RivalsSession(lab, lab.text_task(cell), options, guards)


MEASURE: Measure = RivalsMeasure()
"""The registered measure."""
