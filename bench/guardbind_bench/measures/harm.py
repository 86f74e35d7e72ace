"""Measures `harm`: text prompts and their twins answered freely, unguarded and under a guard with each resolver."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError
from guardbind.evidence import Binding
from guardbind.frozen import Frozen
from guardbind.guard import Guard
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.answers import AnswerOptions, AnswerRecord, AnswersSession, TextAnswer
from guardbind_bench.measures.answers_prompt import render
from guardbind_bench.measures.answers_slots import slots_on
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.harm.building import ChosenTask, built
from guardbind_bench.prompts.harm.wordings import WordingSet
from guardbind_bench.prompts.text_trial import TextTrial
from guardbind_bench.scoring.scoring import values_in

__all__ = ["MEASURE", "HarmOptions", "HarmRecord", "certified", "known_resolvers"]

_RESOLVERS = ("words", "reading", "both")
# What says of a value that it is believed: the model's own was, or another was put in its place.
_BELIEVED = ("ok", "repaired")


class HarmOptions(Frozen):
    """The options of the measure."""

    resolvers: tuple[str, ...] = ("words",)
    """Resolvers of the guard; each is an arm."""
    policy: str = "auto"
    """Registered policy of the guard."""
    wordings: WordingSet = "dev"
    """Which set of wordings; those that have one set only take `dev`."""
    max_new_tokens: int = Field(default=32, ge=1)
    """Tokens of an answer, at most."""
    begun: bool = False
    """Whether each answer is begun for the model, up to its value, and ends with it: more are right, and all short."""
    most_records: int = Field(default=20, ge=1)
    """Trials of more records are passed over: a small model does few of them right."""
    languages: tuple[str, ...] = ()
    """Codes of the languages whose trials are kept; empty for all."""


class HarmRecord(AnswerRecord):
    """What one arm answered to a trial or to its twin."""

    form: str = ""
    """How the facts are written."""
    language: str = ""
    """What it is written in."""
    records: int = 0
    """How many records the prompt holds."""
    certified: tuple[str, ...] = ()
    """Values other than the right one that the answer writes and a slot calls `ok` or repaired."""


def known_resolvers() -> tuple[str, ...]:
    """Return the resolvers that a guard can be told to use; where it cannot be told, words are all there is."""
    return _RESOLVERS if "resolver" in GuardConfig.model_fields else _RESOLVERS[:1]


def certified(trial: TextTrial, answer: TextAnswer) -> tuple[str, ...]:
    """Return the values that an answer writes, that are not right, and that a slot on them calls `ok` or repaired."""
    right = {*trial.answer, *trial.fine}
    found = []
    for value in values_in(trial, answer.text):
        slots = slots_on(answer.transcript, value.span, answer.slots)
        if value.name not in right and any(slot.final_verdict in _BELIEVED for slot in slots):
            found.append(value.name)
    return tuple(dict.fromkeys(found))


def _more(trial: TextTrial, answer: TextAnswer) -> dict[str, Any]:
    return {
        "form": trial.form,
        "language": trial.language,
        "records": trial.records,
        "certified": certified(trial, answer),
    }


class HarmMeasure:
    """Answers each trial and its twin with every resolver, one prompt at a time, from one prefill."""

    name = "harm"
    version = 1
    record = HarmRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> AnswersSession:
        """Make ready for a cell; its options are `HarmOptions`.

        Raises:
            ConfigError: An option, policy or resolver is unknown, or the task has no such set of wordings.
            ContextLengthError: The prompts are too long for the model.
            NullUnavailableError: The model can run no null.
        """
        options = read_options(HarmOptions, cell.options, self.name)
        every = built(cell.task, k=cell.k, seed=cell.seed, wordings=options.wordings)
        task = ChosenTask(every, options.most_records, options.languages)
        guards = {resolver: _guard(lab, options, resolver) for resolver in options.resolvers}
        tokens = len(render(task.trial(0), lab.tokenizer, begun=options.begun).ids) + options.max_new_tokens
        told = AnswerOptions(policies=(), max_new_tokens=options.max_new_tokens, begun=options.begun)
        batched = tokens * 2 * (1 + len(guards))
        return AnswersSession(lab, task, told, guards, batched, HarmRecord, _more)


def _guard(lab: Lab, options: HarmOptions, resolver: str) -> Guard:
    if resolver not in known_resolvers():
        raise ConfigError(f"there is no resolver {resolver!r}; this guard has {', '.join(known_resolvers())}.")
    told = {"resolver": resolver} if len(known_resolvers()) > 1 else {}
    settings: dict[str, Any] = {"policy": options.policy, "capture_text": True, **told}
    guard = Guard(lab.model, lab.tokenizer, GuardConfig(**settings))
    # The first time a guard is attached it tries its null, which is not what an answer costs.
    guard.attach([Binding("key", "value")]).detach()
    return guard


MEASURE: Measure = HarmMeasure()
