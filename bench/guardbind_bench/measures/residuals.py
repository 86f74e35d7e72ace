"""Measures `residuals`: the residual stream at the end of each prompt, with the readout of the same forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from guardbind.errors import ConfigError
from guardbind.frozen import Frozen
from guardbind.model.architecture import find_layers
from guardbind.model.lens import Lens
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.reading import ReadingRecord, read_trial
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Task, Trial

__all__ = ["MEASURE", "ResidualOptions", "ResidualRecord", "Residuals", "resolve_layers"]


class ResidualRecord(ReadingRecord):
    """A readout, and what stands in the residual stream where it is made. Of a failed reading the lists are empty."""

    bound: list[int]
    """Places of the bound values in the candidate set, in the order of the text, without those that are not in it."""
    layers: list[int]
    """Numbers of the decoder layers, from 0, ascending."""
    residual: list[float]
    """Output of these layers at the last token, before the final norm; `layers x hidden` in one list."""
    lens: list[float]
    """Logit lens: what the final norm and the head make of it for each candidate; `layers x candidates`."""
    embeddings: list[float]
    """Output embedding of each candidate, `candidates x hidden`; empty unless the cell asks for it."""


class ResidualOptions(Frozen):
    """Options of a cell."""

    layers: list[int] | Literal["paper", "quarters", "all"] = "paper"
    """Decoder layers, from 0; negative numbers count from the last. `paper` is the first, the middle and the last,
    `quarters` also those half way between."""
    embeddings: bool = False
    """Whether the records hold the output embeddings of the candidates."""


def resolve_layers(layers: Sequence[int] | Literal["paper", "quarters", "all"], depth: int) -> list[int]:
    """Return the numbers of the layers to read, ascending, each once.

    Args:
        layers: As in `ResidualOptions`.
        depth: Decoder layers of the model.

    Raises:
        ConfigError: A number is outside the model.
    """
    if layers == "all":
        wanted = list(range(depth))
    elif layers == "paper":
        wanted = [0, depth // 2, depth - 1]
    elif layers == "quarters":
        wanted = [0, depth // 4, depth // 2, 3 * depth // 4, depth - 1]
    else:
        wanted = [int(layer) for layer in layers]
    outside = [layer for layer in wanted if not -depth <= layer < depth]
    if outside:
        raise ConfigError(
            f"layers {outside} are outside the model; it has layers 0 to {depth - 1} (or -{depth} to -1 from the last)."
        )
    return sorted({layer % depth for layer in wanted})


@dataclass(frozen=True, slots=True, eq=False)
class _ResidualsSession:
    lab: Lab
    task: Task
    lens: Lens
    embedding: Tensor | None
    tokens: int

    def run(self, indices: Sequence[int]) -> list[ResidualRecord]:
        trials = [self.task.trial(index) for index in indices]
        with self.lens.attach():
            logits = self.lab.logits([trial.ids for trial in trials])
        residuals = {layer: self.lens.residuals.pop(layer) for layer in self.lens.layers}
        stacked = [residual.float().cpu() for residual in residuals.values()]
        lens = [self.lens.logits(residual).cpu() for residual in residuals.values()]
        return [
            self._record(trial, logits[i], [layer[i] for layer in stacked], [layer[i] for layer in lens])
            for i, trial in enumerate(trials)
        ]

    def _record(self, trial: Trial, logits: Tensor, residual: list[Tensor], lens: list[Tensor]) -> ResidualRecord:
        reading = read_trial(self.lab, trial, logits).model_dump()
        if reading["failed"] is not None:
            return ResidualRecord(**reading, bound=[], layers=[], residual=[], lens=[], embeddings=[])
        candidates = [value.token for value in trial.candidates]
        tokens = torch.tensor(candidates)
        bound = [bound.value.token for bound in trial.bound]
        return ResidualRecord(
            **reading,
            bound=[candidates.index(token) for token in bound if token in candidates],
            layers=list(self.lens.layers),
            residual=_flat(residual),
            lens=_flat([layer[tokens] for layer in lens]),
            embeddings=[] if self.embedding is None else _flat(list(self.embedding[tokens].float().cpu())),
        )


class Residuals:
    """Reads prompts as `reading` does, and keeps the residual at the last token of some layers."""

    name = "residuals"
    version = 1
    record = ResidualRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _ResidualsSession:
        """Make ready for a cell; its options are `ResidualOptions`.

        Raises:
            ConfigError: An option is unknown or a layer is outside the model.
            ContextLengthError: The prompts are too long for the model.
            UnknownArchitectureError: The layers or the path from them to the logits could not be found.
        """
        options = read_options(ResidualOptions, cell.options, self.name)
        task = lab.task(cell)
        tokens = len(task.trial(0).ids)
        lab.check_length(tokens)
        layers = resolve_layers(options.layers, len(find_layers(lab.model)))
        lens = Lens.bind(lab.model, layers)
        return _ResidualsSession(lab, task, lens, lens.unembedding if options.embeddings else None, tokens)


def _flat(rows: Sequence[Tensor]) -> list[float]:
    return [number for row in rows for number in row.tolist()]


MEASURE = Residuals()
