"""Makes the pairs that patching compares: a prompt that is answered right, and the same bindings in other filler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from guardbind.errors import ConfigError
from guardbind.frozen import Frozen
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.residuals import resolve_layers
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Task, Trial

__all__ = ["Corruption", "Layers", "PairSource", "PatchPair", "PatchingOptions", "Position", "chosen_layers"]

Position = Literal["last", "values", "decoys"]
Corruption = Literal["filler", "decoys_only"]
Layers = Literal["all", "last8", "quarters", "paper", "none"] | tuple[int, ...]


class PatchingOptions(Frozen):
    """What a cell of patching says beside the prompts; the cell's own filler is that of the corrupt prompt."""

    clean: str = "random"
    """Filler of the clean prompt."""
    corruption: Corruption = "filler"
    """What tells the prompts of a pair apart: all of the filler, as in the paper, or nothing but the decoys, whose
    places hold the token of `repeat` in the clean prompt (`clean` is not used then)."""
    errors: Literal["2B", "any"] = "2B"
    """Which answer to the corrupt prompt lets a pair qualify: another candidate, or anything but the target."""
    competitor: Literal["predicted", "paper"] = "predicted"
    """What the target is set against: the best other candidate of the corrupt run, or the trial's competitor."""
    positions: tuple[Position, ...] = Field(default=("last",), min_length=1)
    """Tokens that are patched together: the last of the prompt, the bound values, or the decoys. A patch of the last
    costs one token, of the others most of the prompt."""
    layers: Layers = "all"
    """Layers whose attention and MLP are patched: numbers, negative ones from the last, or as in the measure
    `residuals`, or `last8`, or `none`."""
    head_layers: Layers = "last8"
    """Layers whose attention heads are patched one by one."""


def chosen_layers(which: Layers, layers: int) -> tuple[int, ...]:
    """Return the numbers of the layers that an option names, ascending, each once.

    Raises:
        ConfigError: A number is outside the model.
    """
    if which == "none":
        return ()
    return tuple(resolve_layers(range(max(0, layers - 8), layers) if which == "last8" else which, layers))


@dataclass(frozen=True, slots=True)
class PatchPair:
    """Two prompts of equal length with the same bindings at the same places.

    Attributes:
        clean: The prompt whose activations are put into the other.
        corrupt: The prompt whose filler leads to the wrong answer.
    """

    clean: Trial
    corrupt: Trial

    def places(self, position: Position) -> tuple[int, ...]:
        """Return the tokens of both prompts that a position option names."""
        if position == "last":
            return (len(self.corrupt.ids) - 1,)
        if position == "values":
            return tuple(bound.position for bound in self.corrupt.bound)
        return _decoys(self.corrupt)


class PairSource:
    """Builds the pairs of a cell.

    Args:
        lab: Makes the tasks.
        cell: The cell.
        options: Its options.

    Raises:
        ConfigError: Both prompts of a pair would be the same, or decoys are asked for where there are none.
    """

    def __init__(self, lab: Lab, cell: BenchCell, options: PatchingOptions) -> None:
        self._corrupt = lab.task(cell)
        self._decoys_only = options.corruption == "decoys_only"
        self._clean: Task = lab.task(
            cell.model_copy(update={"filler": "repeat" if self._decoys_only else options.clean})
        )
        first = self.pair(0)
        if first.clean.ids == first.corrupt.ids:
            raise ConfigError(
                f"the clean and the corrupt prompt of a pair are the same (filler {cell.filler!r}, k = {cell.k}).",
                hint="Choose another filler for one of them, or more of it.",
            )
        if "decoys" in options.positions and not _decoys(first.corrupt):
            raise ConfigError(
                f"filler {cell.filler!r} has no decoys whose places could be patched.", hint="Use decoy_heavy."
            )

    def pair(self, index: int) -> PatchPair:
        """Build one pair; the index and the base seed determine it.

        Raises:
            ConfigError: The prompts differ in length or in what they bind.
        """
        clean, corrupt = self._clean.trial(index), self._corrupt.trial(index)
        if (len(clean.ids), clean.bound, clean.asked) != (len(corrupt.ids), corrupt.bound, corrupt.asked):
            raise ConfigError(
                f"the prompts of pair {index} have {len(clean.ids)} and {len(corrupt.ids)} tokens, or their values "
                "stand at other places; patching needs prompts that differ in filler alone.",
                hint="Use a task whose blocks of filler have a fixed size.",
            )
        if self._decoys_only:
            clean = replace(corrupt, ids=_replaced(corrupt.ids, _decoys(corrupt), clean.ids))
        return PatchPair(clean, corrupt)


def _decoys(trial: Trial) -> tuple[int, ...]:
    values = {value.token for value in trial.candidates} | {trial.competitor.token}
    bound = {bound.position for bound in trial.bound}
    return tuple(i for i in range(trial.question.start) if trial.ids[i] in values and i not in bound)


def _replaced(ids: Sequence[int], places: Sequence[int], by: Sequence[int]) -> tuple[int, ...]:
    new = list(ids)
    for place in places:
        new[place] = by[place]
    return tuple(new)
