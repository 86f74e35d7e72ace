"""Measures `targets`: what the guard would aim at, right, wrong or nothing, without writing anything.

Each prompt and its twin are bound as the guard binds them. It is asked at the end of the prompt, and behind a begun
answer, where the model is about to write a value that is not the right one. By words no model is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.errors import GuardbindError
from guardbind.frozen import Frozen
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.aiming import WORDS, Aim, Aiming
from guardbind_bench.measures.answers_prompt import render
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.harm.building import built
from guardbind_bench.prompts.harm.wordings import WordingSet
from guardbind_bench.prompts.text_trial import TextTask, TextTrial

__all__ = ["MEASURE", "TargetOptions", "TargetOutcome", "TargetPlace", "TargetRecord", "judged", "leads_on"]

TargetPlace = Literal["end", "begun"]
"""`end`: at the end of the prompt. `begun`: behind a begun answer."""
TargetOutcome = Literal["right", "wrong", "unresolved"]

_TIGHT = ('"', "=", "\u662f", "\u4e3a", "\uff1a", "[", "(")
_TOKENS = 400  # of a prompt, by which trials are put into batches


class TargetOptions(Frozen):
    """The options of the measure."""

    wordings: WordingSet = "dev"
    """Which set of wordings; those that have one set only take `dev`."""
    resolver: str = WORDS
    """What says which binding is meant; all but `words` read with the model."""


class TargetRecord(TrialRecord):
    """What the guard would aim at, at one place of a trial or of its twin."""

    answerable: bool
    """Whether the prompt states what is asked for."""
    place: TargetPlace
    """Where it was asked."""
    form: str
    """How the facts are written."""
    language: str
    """What it is written in."""
    records: int
    """How many records the prompt holds."""
    prompt_tokens: int | None = None
    """Tokens of the prompt."""
    found: bool | None = None
    """Whether a slot opens there."""
    rule: str | None = None
    """The slot rule that opened it."""
    outcome: TargetOutcome | None = None
    """Whether the target has the right value; in a twin every target is wrong."""
    how: str | None = None
    """How the target was found."""
    score: float | None = None
    """How well it fits."""
    reason: str | None = None
    """Why there is this target, or none."""
    way: str | None = None
    """How it was found, as its trust is counted."""


@dataclass(frozen=True, slots=True, eq=False)
class _TargetsSession:
    tokenizer: PreTrainedTokenizerBase
    task: TextTask
    resolver: str
    model: PreTrainedModel | None
    tokens: int = _TOKENS

    def run(self, indices: Sequence[int]) -> list[TargetRecord]:
        return [
            record
            for index in indices
            for answerable in (True, False)
            for record in self._records(self.task.trial(index, answerable=answerable))
        ]

    def _records(self, trial: TextTrial) -> list[TargetRecord]:
        about: dict[str, Any] = {
            "index": trial.index,
            "answerable": trial.asked is not None,
            "form": trial.form,
            "language": trial.language,
            "records": trial.records,
        }
        places: tuple[TargetPlace, ...] = ("end", "begun") if trial.begun else ("end",)
        try:
            prompt = render(trial, self.tokenizer)
            about["prompt_tokens"] = len(prompt.ids)
            aiming = Aiming(self.tokenizer, prompt.ids, trial.language, resolver=self.resolver, model=self.model)
            rival = trial.others[trial.index % len(trial.others)][0] if trial.others else ""
            aims = {place: aiming.at(*_about_to_write(trial, place, rival, prompt.asked_by)) for place in places}
        except GuardbindError as error:
            return [TargetRecord(**about, place=place, failed=str(error)) for place in places]
        return [
            TargetRecord(
                **about,
                place=place,
                found=aim.found,
                rule=aim.rule,
                outcome=judged(trial, aim),
                how=aim.how,
                score=aim.score,
                reason=aim.reason,
                way=aim.way,
            )
            for place, aim in aims.items()
        ]


def judged(trial: TextTrial, aim: Aim) -> TargetOutcome:
    """Say whether a target has the right value, in any form; in a twin nothing is right."""
    if aim.target is None:
        return "unresolved"
    right = {_bare(form) for form in (*trial.answer, *trial.fine)}
    return "right" if right.intersection(map(_bare, aim.target.surfaces)) else "wrong"


def leads_on(begun: str) -> str:
    """Return what stands between a begun answer and its value: a space, or nothing behind a quote or a colon.

    >>> leads_on("The total is"), leads_on('{"total": "')
    (' ', '')
    """
    return "" if not begun or begun.endswith(_TIGHT) else " "


def _about_to_write(trial: TextTrial, place: TargetPlace, value: str, asked_by: str) -> tuple[str, str]:
    # A chat template ends where the answer begins; `Answer:` wants a space.
    first = " " if asked_by == "question" else ""
    if place == "end":
        return "", first + value
    return first + trial.begun, leads_on(trial.begun) + value


def _bare(form: str) -> str:
    return form.strip(" .,;\"'`*").lower()


class TargetsMeasure:
    """Binds each prompt and its twin, and asks for targets; by words alone it needs no more than a tokenizer."""

    name = "targets"
    version = 2
    record = TargetRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _TargetsSession:
        """Make ready for a cell; its options are `TargetOptions`.

        Raises:
            ConfigError: An option is unknown, or the task is not of texts or has no such set of wordings.
        """
        options = read_options(TargetOptions, cell.options, self.name)
        task = built(cell.task, k=cell.k, seed=cell.seed, wordings=options.wordings)
        model = None if options.resolver == WORDS else lab.model
        return _TargetsSession(lab.tokenizer, task, options.resolver, model)


MEASURE: Measure = TargetsMeasure()
