"""Shares what the measures of single slots begin with: a task that states what it asks for, and heads found once."""

from __future__ import annotations

from pathlib import Path

from guardbind.errors import ConfigError, GuardbindError
from guardbind_bench.measures.lab import Lab
from guardbind_bench.methods.head_lists import HeadLists, HeadSearch
from guardbind_bench.methods.head_search import find_heads
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Task
from guardbind_bench.running.origin import weights_sha256

__all__ = ["KnownHeads", "stated_task"]


def stated_task(lab: Lab, cell: BenchCell) -> Task:
    """Return the task of a cell, of tokens or of texts.

    Args:
        lab: The model.
        cell: The cell.

    Raises:
        ConfigError: Its prompts do not state what they ask for.
    """
    task = lab.slots(cell)
    trial = task.trial(0)
    if trial.target.value == trial.abstain or not trial.target.statement:
        raise ConfigError(
            f"the prompts of {cell.task!r} do not state what they ask for; no {cell.measure[:-1]} can be told it."
        )
    return task


class KnownHeads:
    """Heads that were found, each search once for the same weights."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], HeadLists | GuardbindError] = {}

    def of(self, lab: Lab, search: HeadSearch, file: str | None) -> HeadLists | GuardbindError:
        """Return the heads of a file, or of a search; where none can be found, why, which is for who needs them to say.

        Raises:
            ConfigError: The file is of another model.
        """
        sha = weights_sha256(lab.model)
        if file is not None:
            return HeadLists.load(Path(file), sha)
        asked = sha, search.model_dump_json()
        if asked not in self._found:
            try:
                self._found[asked] = find_heads(lab, search)
            except GuardbindError as error:
                self._found[asked] = error
        return self._found[asked]
