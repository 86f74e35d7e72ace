"""Measures `self_checkpoint`: the model itself fills in the checkpoints, and is then read as `reading` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field
from torch import Tensor

from guardbind.candidates.gaps import best_token
from guardbind.errors import ConfigError
from guardbind.frozen import Frozen
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.reading import ReadingRecord, read_trial
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.tasks.arms_text import EVERY, checkpoint, parts, spread, truth
from guardbind_bench.prompts.tasks.binding import BindingTask
from guardbind_bench.prompts.tasks.sketch import Sketch, assemble, flat

__all__ = ["MEASURE", "SelfCheckpoint", "SelfCheckpointOptions", "SelfCheckpointRecord"]


class SelfCheckpointRecord(ReadingRecord):
    """A readout behind checkpoints that the model has filled in."""

    checkpoints: int
    """How many checkpoints the prompt holds."""
    values: int
    """How many values the model wrote into them."""
    values_right: int
    """How many of these are the true ones."""
    values_outside: int
    """At how many of these no candidate was the best token; the best candidate was written all the same."""
    target_right: int
    """In how many checkpoints the asked key has its true value."""


class SelfCheckpointOptions(Frozen):
    """Options of a cell."""

    every: int = Field(default=EVERY, ge=1)
    """Tokens of filler between two checkpoints, which stand where those of the arm `oracle` do."""


class _CheckpointDraft:
    """A prompt as it is being written, up to the next value of a checkpoint."""

    def __init__(self, sketch: Sketch, every: int) -> None:
        self.sketch, self._every = sketch, every
        self._rest = parts(sketch, every)
        self.places = len(self._rest) - 1
        self._tokens = {value.token for value in sketch.candidates}
        self._texts = [piece.ids for piece in checkpoint(sketch, truth(sketch))[::2]]
        self.ids = list(flat(sketch.segments[: sketch.tail]))
        self.written: list[list[int]] = []
        self.outside = 0

    def open(self) -> None:
        """Go on to the next checkpoint."""
        self.ids += self._rest.pop(0)
        self.written.append([])

    def lead(self) -> None:
        """Go on to the next value."""
        self.ids += self._texts[len(self.written[-1])]

    def write(self, logits: Tensor) -> None:
        """Write the best candidate."""
        token = best_token(logits, self._tokens)
        self.outside += best_token(logits) not in self._tokens
        self.written[-1].append(token)
        self.ids.append(token)

    def close(self) -> None:
        """Finish a checkpoint."""
        self.ids += self._texts[-1]

    def finished(self) -> Sketch:
        """Return the prompt with what was written."""
        names = [name for name, _ in self.sketch.restated]
        pieces = [checkpoint(self.sketch, list(zip(names, tokens, strict=True))) for tokens in self.written]
        return spread(self.sketch, self._every, pieces)


@dataclass(frozen=True, slots=True, eq=False)
class _SelfCheckpointSession:
    lab: Lab
    task: BindingTask
    every: int
    tokens: int

    def run(self, indices: Sequence[int]) -> list[SelfCheckpointRecord]:
        drafts = [_CheckpointDraft(self.task.sketch(index), self.every) for index in indices]
        for _ in range(drafts[0].places):
            for draft in drafts:
                draft.open()
            for _ in drafts[0].sketch.restated:
                self._write(drafts)
            for draft in drafts:
                draft.close()
        trials = [assemble(draft.finished()) for draft in drafts]
        logits = self.lab.logits([trial.ids for trial in trials])
        readings = [read_trial(self.lab, trial, row) for trial, row in zip(trials, logits, strict=True)]
        return [_record(draft, reading) for draft, reading in zip(drafts, readings, strict=True)]

    def _write(self, drafts: Sequence[_CheckpointDraft]) -> None:
        for draft in drafts:
            draft.lead()
        # Read anew each time: a cache that every kind of layer could go on from in pieces does not exist.
        for draft, logits in zip(drafts, self.lab.logits([draft.ids for draft in drafts]), strict=True):
            draft.write(logits.cpu())


def _record(draft: _CheckpointDraft, reading: ReadingRecord) -> SelfCheckpointRecord:
    sketch = draft.sketch
    right = [
        [token == true for token, (_, true) in zip(tokens, truth(sketch), strict=True)] for tokens in draft.written
    ]
    asked = [index for _, index in sketch.restated].index(sketch.asked)
    return SelfCheckpointRecord(
        **reading.model_dump(),
        checkpoints=len(right),
        values=sum(map(len, right)),
        values_right=sum(map(sum, right)),
        values_outside=draft.outside,
        target_right=sum(flags[asked] for flags in right),
    )


class SelfCheckpoint:
    """Lets the model write the value of each key into each checkpoint, one after the other, and reads the answer.

    A prompt is read once for each value and once for the answer. What is written is the best candidate, right or wrong,
    and what follows is read behind it.
    """

    name = "self_checkpoint"
    version = 1
    record = SelfCheckpointRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _SelfCheckpointSession:
        """Make ready for a cell of arm `baseline`; its options are `SelfCheckpointOptions`.

        Raises:
            ConfigError: An option is unknown or out of range, the task states no bindings, the cell has another arm, or
                too little filler for one checkpoint.
            ContextLengthError: The prompts are too long for the model.
        """
        every = read_options(SelfCheckpointOptions, cell.options, self.name).every
        if cell.form.arm != "baseline":
            raise ConfigError(f"`self_checkpoint` was asked for on arm {cell.form.arm!r}; only 'baseline' is accepted.")
        task = lab.task(cell)
        if not isinstance(task, BindingTask):
            raise ConfigError(f"task {cell.task!r} has no oracle checkpoint; tasks of `BindingTask` are accepted.")
        sketch = task.sketch(0)
        places = len(parts(sketch, every)) - 1
        if places < 1:
            raise ConfigError(
                f"a checkpoint every {every} tokens was asked for, in {cell.k} tokens of filler; fewer than {cell.k} "
                "are accepted."
            )
        oracle = spread(sketch, every, [checkpoint(sketch, truth(sketch))] * places)
        tokens = len(assemble(oracle).ids)
        lab.check_length(tokens)
        return _SelfCheckpointSession(lab, task, every, tokens)


MEASURE: Measure = SelfCheckpoint()
