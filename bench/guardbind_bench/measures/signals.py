"""Measures `signals`: every signal at every setting on each slot, from what was read once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from guardbind.errors import ConfigError, GuardbindError
from guardbind.frozen import Frozen
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.asked_slots import KnownHeads, stated_task
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.methods.head_lists import HeadLists, HeadSearch
from guardbind_bench.methods.scene import PassCost
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Task, Trial, TrialStage
from guardbind_bench.registry import SIGNALS
from guardbind_bench.running.origin import weights_sha256
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FitSample, FittedSignal, Signal, SignalSettings, settings_tried

__all__ = ["MEASURE", "FitSplit", "SignalsOptions", "SignalsRecord", "check_signals", "readings"]


def check_signals(names: Sequence[str]) -> None:
    """Check that there are such signals.

    Raises:
        ConfigError: There is no such signal; the message suggests the nearest one.
    """
    for name in names:
        if name not in SIGNALS:
            raise ConfigError(str(SIGNALS.miss(name)))


class FitSplit(Frozen):
    """Trials that fitted signals learn from; the key that is asked for is always random."""

    task: str = "competing_vars"
    """A registered task of tokens."""
    filler: str = "natural"
    """A registered filler."""
    k: int = Field(default=32, ge=0)
    """Tokens of filler per block."""
    trials: int = Field(default=400, ge=1)
    """How many trials, those that write no candidate included."""
    seed: int = Field(default=1002, ge=0)
    """Base seed; not that of any trial that is judged."""


class SignalsOptions(Frozen):
    """The options of the measure."""

    signals: tuple[str, ...] = ()
    """Registered signals; none: all of them."""
    grid: bool = False
    """Also try the further settings of each signal."""
    heads: HeadSearch = HeadSearch()
    """Where heads are looked for, by signals that need lists of them."""
    heads_file: str | None = None
    """A file of `guardbind bench heads`, in the place of a search."""
    fit: FitSplit = FitSplit()
    """What fitted signals learn from."""
    batch: int = Field(default=16, ge=1)
    """Trials that are read side by side, at most."""


class SignalsRecord(TrialRecord):
    """All numbers of one slot. Lists go with `signals`; of a failed reading they are empty."""

    token: int | None = None
    """The emitted token: the best of the vocabulary."""
    stage: TrialStage | None = None
    """What that is."""
    base_seconds: float | None = None
    """Time of the unguarded answer, a share of the batch's. It is not the same when the trial is measured again."""
    signals: list[str] = Field(default_factory=list)
    """The signals, each once for each setting."""
    settings: list[str] = Field(default_factory=list)
    """Hyper-parameters that differ from the defaults, as JSON."""
    scores: list[float | None] = Field(default_factory=list)
    """The numbers, higher where an error is likelier; None where it could not be had."""
    refused: list[str | None] = Field(default_factory=list)
    """Why it could not."""
    forwards: list[int | None] = Field(default_factory=list)
    """Passes of the model besides the unguarded one, for the whole batch at once."""
    tokens_read: list[float | None] = Field(default_factory=list)
    """Tokens that they read, a share of the batch's."""
    seconds: list[float | None] = Field(default_factory=list)
    """Their time, and that of the formula, likewise."""


@dataclass(frozen=True, slots=True, eq=False)
class _TriedSignal:
    """A signal at one setting, and what it was fitted to; `refusal` where it could not be fitted."""

    signal: Signal
    settings: SignalSettings
    state: Any = None
    refusal: str | None = None

    @property
    def label(self) -> str:
        return json.dumps(self.settings.model_dump(exclude_defaults=True))


def readings(
    lab: Lab,
    trials: Sequence[Trial],
    heads: HeadLists | GuardbindError | None = None,
    *,
    most: int = 16,
    seed: int = 0,
) -> Iterator[SlotReading]:
    """Read trials of one length whose questions begin at one place together, at most so many at once."""

    def shape(trial: Trial) -> tuple[int, int]:
        return len(trial.ids), trial.question.start

    for _, group in groupby(sorted(trials, key=shape), key=shape):
        alike = list(group)
        for first in range(0, len(alike), most):
            yield SlotReading(lab, alike[first : first + most], heads, seed)


@dataclass(frozen=True, slots=True, eq=False)
class _SignalsSession:
    lab: Lab
    task: Task
    seed: int
    options: SignalsOptions
    tried: tuple[_TriedSignal, ...]
    heads: HeadLists | GuardbindError | None
    tokens: int

    def run(self, indices: Sequence[int]) -> list[SignalsRecord]:
        trials = [self.task.trial(index) for index in indices]
        records: dict[int, SignalsRecord] = {}
        for reading in readings(self.lab, trials, self.heads, most=self.options.batch, seed=self.seed):
            records |= {record.index: record for record in self._records(reading)}
        return [records[index] for index in indices]

    def _records(self, reading: SlotReading) -> list[SignalsRecord]:
        if not reading.is_finite:
            why = "the logits behind a prompt are NaN or infinite"
            return [SignalsRecord(index=trial.index, failed=why) for trial in reading.trials]
        trials = len(reading.trials)
        read = [self._read(reading, tried) for tried in self.tried]
        shared: dict[str, Any] = {
            "base_seconds": reading.base.seconds / trials,
            "signals": [tried.signal.name for tried in self.tried],
            "settings": [tried.label for tried in self.tried],
            "refused": [why for _, _, why in read],
            "forwards": [cost.forwards if why is None else None for _, cost, why in read],
            "tokens_read": [cost.tokens / trials if why is None else None for _, cost, why in read],
            "seconds": [cost.seconds / trials if why is None else None for _, cost, why in read],
        }
        return [
            SignalsRecord(
                index=trial.index,
                token=int(reading.emitted[place]),
                stage=trial.stage(int(reading.emitted[place])),
                scores=[None if scores is None else float(scores[place]) for scores, _, _ in read],
                **shared,
            )
            for place, trial in enumerate(reading.trials)
        ]

    def _read(self, reading: SlotReading, tried: _TriedSignal) -> tuple[Tensor | None, PassCost, str | None]:
        if tried.refusal is not None:
            return None, PassCost(), tried.refusal
        with reading.account() as cost:
            try:
                scores = tried.signal.read(reading, tried.settings, tried.state).detach().float()
            except GuardbindError as error:
                return None, cost, str(error)
        if not bool(scores.isfinite().all()):
            return None, cost, "it gave a number that is not finite."
        return scores, cost, None


class SignalsMeasure:
    """Reads every signal, from one prefill for as many trials as stand side by side."""

    name = "signals"
    version = 1
    record = SignalsRecord

    def __init__(self) -> None:
        self._heads = KnownHeads()
        self._fitted: dict[tuple[str, str], tuple[_TriedSignal, ...]] = {}

    def prepare(self, lab: Lab, cell: BenchCell) -> _SignalsSession:
        """Make ready for a cell; its options are `SignalsOptions`.

        Raises:
            ConfigError: An option or signal is unknown, or these prompts do not state what they ask for.
            ContextLengthError: The prompts are too long for the model.
        """
        options = read_options(SignalsOptions, cell.options, self.name)
        check_signals(options.signals)
        if options.fit.seed == cell.seed:
            raise ConfigError(f"fitted signals would learn from seed {cell.seed}, on which they are judged.")
        task = stated_task(lab, cell)
        trial = task.trial(0)
        lab.check_length(len(trial.ids))
        signals = [SIGNALS.get(name) for name in (options.signals or SIGNALS)]
        heads = (
            self._heads.of(lab, options.heads, options.heads_file)
            if any("head_lists" in signal.needs for signal in signals)
            else None
        )
        key = weights_sha256(lab.model), options.model_dump_json()
        if key not in self._fitted:
            self._fitted[key] = tuple(fitted(lab, signals, options, heads))
        return _SignalsSession(lab, task, cell.seed, options, self._fitted[key], heads, len(trial.ids))


def fitted(
    lab: Lab, signals: Sequence[Signal], options: SignalsOptions, heads: HeadLists | GuardbindError | None
) -> list[_TriedSignal]:
    """Return every signal at every setting, those that learn fitted to the trials of the split."""
    learning = [signal for signal in signals if isinstance(signal, FittedSignal) and signal.fitted]
    gathered, refusals, sample = _gathered(lab, learning, options, heads) if learning else ({}, {}, None)
    tried = []
    for signal in signals:
        for settings in settings_tried(signal, grid=options.grid):
            if sample is None or not isinstance(signal, FittedSignal) or not signal.fitted:
                tried.append(_TriedSignal(signal, settings))
                continue
            state, refusal = None, refusals.get(signal.name)
            if refusal is None:
                try:
                    state = signal.fit(gathered[signal.name], sample, settings)
                except GuardbindError as error:
                    refusal = str(error)
            tried.append(_TriedSignal(signal, settings, state, refusal))
    return tried


def _gathered(
    lab: Lab, learning: Sequence[Any], options: SignalsOptions, heads: HeadLists | GuardbindError | None
) -> tuple[dict[str, Tensor], dict[str, str], FitSample]:
    split = options.fit
    cell = BenchCell(measure="signals", task=split.task, filler=split.filler, k=split.k, seed=split.seed)
    task = lab.task(cell)
    parts: dict[str, list[Tensor]] = {signal.name: [] for signal in learning}
    refusals: dict[str, str] = {}
    trials: list[Trial] = []
    emitted: list[int] = []
    every = [task.trial(index) for index in range(split.trials)]
    for reading in readings(lab, every, heads, most=options.batch, seed=split.seed):
        tokens = reading.emitted.tolist()
        kept = [i for i, trial in enumerate(reading.trials) if trial.stage(tokens[i]) != "2A"]
        if not reading.is_finite or not kept:
            continue
        trials += [reading.trials[i] for i in kept]
        emitted += [tokens[i] for i in kept]
        for signal in learning:
            if signal.name not in refusals:
                try:
                    parts[signal.name].append(signal.gather(reading).detach().cpu()[kept])
                except GuardbindError as error:
                    refusals[signal.name] = str(error)
    is_wrong = torch.tensor([trial.stage(token) == "2B" for trial, token in zip(trials, emitted, strict=True)])
    sample = FitSample(lab, tuple(trials), torch.tensor(emitted), is_wrong)
    nothing = torch.zeros(0, 0)
    return {name: torch.cat(rows) if rows else nothing for name, rows in parts.items()}, refusals, sample


MEASURE: Measure = SignalsMeasure()
