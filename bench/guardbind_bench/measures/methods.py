"""Measures `methods`: prompts answered by every method, at the authors' settings and at others, raw and verified."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from pydantic import Field, JsonValue
from torch import Tensor

from guardbind.errors import ConfigError, GuardbindError
from guardbind.frozen import Frozen
from guardbind.text.decode import decode
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.asked_slots import KnownHeads, stated_task
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.methods.ability import Ability, unrelated
from guardbind_bench.methods.answering import whole_answers
from guardbind_bench.methods.guarding import verified
from guardbind_bench.methods.head_lists import HeadLists, HeadSearch
from guardbind_bench.methods.head_search import scenes
from guardbind_bench.methods.method import Method, MethodSettings, setting_of, settings_of
from guardbind_bench.methods.scene import PassCost, Scene
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.text_slots import TextSlots
from guardbind_bench.prompts.trial import Task, Trial, TrialStage
from guardbind_bench.registry import METHODS
from guardbind_bench.scoring.scoring import read_answer

__all__ = ["MEASURE", "UNGUARDED_NAME", "MethodRecord", "MethodsOptions", "check_methods", "told_apart"]

UNGUARDED_NAME = "unguarded"
"""What every method is set beside."""

_NOT_FINITE = "the logits behind a prompt are NaN or infinite"

_LEAST = -20.0
"""Log-probability of a token that a method rules out, nats: a perplexity has to stay a number."""


def check_methods(names: Sequence[str]) -> None:
    """Check that there are such methods.

    Raises:
        ConfigError: There is no such method; the message suggests the nearest one.
    """
    for name in names:
        if name not in METHODS:
            raise ConfigError(str(METHODS.miss(name)))


class MethodsOptions(Frozen):
    """The options of the measure."""

    methods: tuple[str, ...] = ()
    """Registered methods; none: all of them. The unguarded model is always among them."""
    grid: bool = False
    """Also try the further settings of each method."""
    settings: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """One further setting of some methods, by its hyper-parameters that differ from the defaults."""
    controls: bool = False
    """Also try as many random heads in the place of those that were found."""
    ability: Ability = "asked"
    """What the prompts want."""
    heads: HeadSearch = HeadSearch()
    """Where heads are looked for, by methods that need lists of them."""
    heads_file: str | None = None
    """A file of `guardbind bench heads`, in the place of a search."""
    batch: int = Field(default=8, ge=1)
    """Trials that are read side by side, at most."""
    span: Literal["asked", "other"] = "asked"
    """Whose statement a method is told of that is told the span; `other`: one with another value, and no other method
    is run."""
    answer_tokens: int = Field(default=1, ge=1)
    """Tokens of an answer, at most. One is judged by the token that it is; more, of a task of texts, by the first value
    that they write."""


class MethodRecord(TrialRecord):
    """What one method wrote to one trial at one setting; a trial has one record for each."""

    method: str
    """The method."""
    told: str
    """What it is told."""
    setting: str
    """Its hyper-parameters that differ from the defaults, as JSON."""
    refused: str | None = None
    """Why it could not run; then nothing else is known."""
    token: int | None = None
    """The token it would write."""
    answer: str | None = None
    """The whole answer behind what is begun of it; None where one token was asked for."""
    stage: TrialStage | None = None
    """What that is; where nothing is asked, `right` or `2A`."""
    verified_token: int | None = None
    """What is written where the guard verifies it; None where that was not asked."""
    verified_stage: TrialStage | None = None
    """What that is."""
    logprob: float | None = None
    """Log-probability of the right token by the method's scores, nats; at least -20."""
    extra_forwards: int | None = None
    """Passes of the model besides the unguarded one, for the whole batch at once."""
    extra_tokens: float | None = None
    """Tokens that they read, a share of the batch's."""
    seconds: float | None = None
    """Time for prompt and answer, a share of the batch's. It is not the same when the trial is measured again."""


@dataclass(frozen=True, slots=True, eq=False)
class _MethodsSession:
    lab: Lab
    task: Task
    seed: int
    options: MethodsOptions
    tried: tuple[tuple[Method, MethodSettings], ...]
    heads: HeadLists | GuardbindError | None
    tokens: int

    def run(self, indices: Sequence[int]) -> list[MethodRecord]:
        made = {index: self._trial(index) for index in indices}
        records: dict[int, list[MethodRecord]] = {index: [] for index in indices}
        told = [self._told(trial) for trial, _ in made.values()]
        for scene in scenes(self.lab, told, self.heads, self.options.batch):
            if self.options.answer_tokens > 1:
                for record in self._whole(scene):
                    records[record.index].append(record)
                continue
            asked = [made[trial.index] for trial in scene.trials]
            for method, settings in self.tried:
                for record in self._records(scene, asked, method, settings):
                    records[record.index].append(record)
        return [record for index in indices for record in records[index]]

    def _trial(self, index: int) -> tuple[Trial, int]:
        return unrelated(self.task.trial(index), self.lab.tokenizer, self.options.ability, self.seed)

    def _told(self, trial: Trial) -> Trial:
        """Return a trial as a method sees it: the next statement with another value is the asked one, if that is told.

        Raises:
            ConfigError: No statement of the prompt has another value.
        """
        if self.options.span == "asked":
            return trial
        places = [(trial.asked + step) % len(trial.bound) for step in range(1, len(trial.bound))]
        others = [place for place in places if trial.bound[place].value.token != trial.target.value.token]
        if not others:
            raise ConfigError(
                f"trial {trial.index} of {self.task.name!r} states one value, so that no other one can be told of.",
                hint="Leave `span` out, or choose another task.",
            )
        return replace(trial, asked=others[0])

    def _records(
        self, scene: Scene, asked: Sequence[tuple[Trial, int]], method: Method, settings: MethodSettings
    ) -> list[MethodRecord]:
        known = _known(method, settings)
        if not _is_finite(scene):
            return [MethodRecord(index=trial.index, failed=_NOT_FINITE, **known) for trial in scene.trials]
        try:
            with scene.account() as cost:
                scores = method.scores(scene, settings).detach().float()
        except GuardbindError as error:
            return [MethodRecord(index=trial.index, refused=str(error), **known) for trial in scene.trials]
        tokens = scores.argmax(-1).tolist()
        checked = self._verified(scene, method, tokens)
        logprobs = torch.log_softmax(scores, -1)
        return [
            self._record(scene, place, asked[place], tokens[place], checked, logprobs, cost, known)
            for place in range(len(scene.trials))
        ]

    def _whole(self, scene: Scene) -> list[MethodRecord]:
        if not _is_finite(scene):
            return [
                MethodRecord(index=trial.index, failed=_NOT_FINITE, **_known(method, settings))
                for trial in scene.trials
                for method, settings in self.tried
            ]
        made = []
        answers = whole_answers(scene, self.tried, self.options.answer_tokens, self.lab.ends)
        for (method, settings), written in zip(self.tried, answers, strict=True):
            known = _known(method, settings)
            if isinstance(written, GuardbindError):
                made += [MethodRecord(index=trial.index, refused=str(written), **known) for trial in scene.trials]
                continue
            made += [
                self._judged(trial.index, tokens, known) for trial, tokens in zip(scene.trials, written, strict=True)
            ]
        return made

    def _judged(self, index: int, tokens: list[int], known: dict[str, Any]) -> MethodRecord:
        assert isinstance(self.task, TextSlots)  # checked where the measure is made ready
        asked, text = self.task.text(index), decode(self.lab.tokenizer, tokens)
        stage = read_answer(asked.text, asked.lead + text).stage
        return MethodRecord(index=index, **known, token=next(iter(tokens), None), answer=text, stage=stage)

    def _verified(self, scene: Scene, method: Method, tokens: list[int]) -> list[int] | None:
        if self.options.ability != "asked":
            return None
        # What the guard would write is verified by it already.
        return tokens if "guard" in method.needs else verified(scene, tokens)

    def _record(
        self,
        scene: Scene,
        place: int,
        asked: tuple[Trial, int],
        token: int,
        checked: list[int] | None,
        logprobs: Tensor,
        cost: PassCost,
        known: dict[str, Any],
    ) -> MethodRecord:
        (trial, right), trials = asked, len(scene.trials)

        def stage(written: int) -> TrialStage:
            return trial.stage(written) if self.options.ability == "asked" else ("right" if written == right else "2A")

        return MethodRecord(
            index=trial.index,
            **known,
            token=token,
            stage=stage(token),
            verified_token=None if checked is None else checked[place],
            verified_stage=None if checked is None else stage(checked[place]),
            logprob=max(_LEAST, float(logprobs[place, right])),
            extra_forwards=cost.forwards,
            extra_tokens=cost.tokens / trials,
            seconds=(scene.base.seconds + cost.seconds) / trials,
        )


def _known(method: Method, settings: MethodSettings) -> dict[str, Any]:
    return {"method": method.name, "told": method.told, "setting": told_apart(settings)}


def _is_finite(scene: Scene) -> bool:
    return bool(scene.plain.logsumexp(-1).isfinite().all())


def told_apart(settings: MethodSettings) -> str:
    """Return the hyper-parameters that differ from the defaults, as JSON.

    Example:
        >>> from guardbind_bench.measures.methods import told_apart
        >>> from guardbind_bench.methods.cad import CadSettings
        >>> told_apart(CadSettings(alpha=2.0))
        '{"alpha": 2.0}'
    """
    return json.dumps(settings.model_dump(exclude_defaults=True))


class MethodsMeasure:
    """Answers prompts by every method, from one prefill for as many trials as stand side by side."""

    name = "methods"
    version = 1
    record = MethodRecord

    def __init__(self) -> None:
        self._heads = KnownHeads()

    def prepare(self, lab: Lab, cell: BenchCell) -> _MethodsSession:
        """Make ready for a cell; its options are `MethodsOptions`.

        Raises:
            ConfigError: An option or method is unknown, or these prompts do not state what they ask for.
            ContextLengthError: The prompts are too long for the model.
        """
        options = read_options(MethodsOptions, cell.options, self.name)
        check_methods(options.methods)
        task = stated_task(lab, cell)
        if options.answer_tokens > 1 and not (isinstance(task, TextSlots) and options.ability == "asked"):
            raise ConfigError(
                f"answer_tokens is {options.answer_tokens}, and {cell.task!r} has no texts by which a whole answer "
                "could be judged.",
                hint="Choose a task of texts, and prompts that ask; or leave `answer_tokens` out.",
            )
        trial = task.trial(0)
        longest, _ = unrelated(trial, lab.tokenizer, options.ability, cell.seed)
        lab.check_length(len(longest.ids) + options.answer_tokens - 1)
        names = dict.fromkeys([UNGUARDED_NAME, *(options.methods or METHODS)])
        chosen = [METHODS.get(name) for name in names]
        if options.span == "other":
            chosen = [method for method in chosen if method.told == "span" or method.name == UNGUARDED_NAME]
        tried = tuple(pair for method in chosen for pair in _settings(method, options))
        needed = any("head_lists" in method.needs for method, _ in tried)
        heads = self._heads.of(lab, options.heads, options.heads_file) if needed else None
        for method, settings in tried:
            if "guard" in method.needs:  # its first call tries its nulls, which is not what an answer costs
                with suppress(GuardbindError):
                    method.scores(Scene(lab, [trial]), settings)
        return _MethodsSession(lab, task, cell.seed, options, tried, heads, len(longest.ids))


def _settings(method: Method, options: MethodsOptions) -> list[tuple[Method, MethodSettings]]:
    tried = settings_of(method, grid=options.grid)
    if method.name in options.settings:
        chosen = setting_of(method, options.settings[method.name])
        tried += [chosen] if chosen not in tried else []
    if options.controls and "random" in method.settings.model_fields:
        tried.append(method.settings.model_validate({"random": True}))
    return [(method, settings) for settings in tried]


MEASURE: Measure = MethodsMeasure()
