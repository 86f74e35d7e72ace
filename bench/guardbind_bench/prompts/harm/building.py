"""Builds a text task with one of its sets of wordings."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from guardbind.errors import ConfigError
from guardbind_bench.experiments.options import check_text_tasks
from guardbind_bench.prompts.harm.wordings import WordingSet
from guardbind_bench.prompts.text_trial import TextTask, TextTrial
from guardbind_bench.registry import TEXT_TASKS

__all__ = ["ChosenTask", "built", "is_worded"]

_PASSED_OVER = 400


def built(name: str, *, k: int, seed: int, wordings: WordingSet = "dev") -> TextTask:
    """Build a registered text task.

    Args:
        name: Its name.
        k: Words of unrelated text before the question, at least.
        seed: Base seed.
        wordings: The set; a task that has one set only takes `dev`.

    Raises:
        ConfigError: The task is none of texts, or has no such set.
        UnknownNameError: There is no such task.
    """
    check_text_tasks([name])
    if is_worded(name):
        worded: TextTask = TEXT_TASKS.get(name)(k=k, seed=seed, wordings=wordings)  # type: ignore[call-arg]
        return worded
    if wordings != "dev":
        raise ConfigError(
            f"the task {name!r} has one set of wordings; {wordings!r} is not among them.",
            hint=f"Tasks that have it are {', '.join(task for task in TEXT_TASKS if is_worded(task))}.",
        )
    return TEXT_TASKS.get(name)(k=k, seed=seed)


def is_worded(name: str) -> bool:
    """Whether a registered text task has two sets of wordings."""
    return "wordings" in inspect.signature(TEXT_TASKS.get(name)).parameters


@dataclass(frozen=True, slots=True, eq=False)
class ChosenTask:
    """Those trials of a task that are small enough and in some languages, numbered anew.

    Attributes:
        task: The task.
        most_records: Trials of more records are passed over.
        languages: Codes of the languages that are kept; empty for all.
    """

    task: TextTask
    most_records: int
    languages: Sequence[str] = ()
    _kept: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the task."""
        return self.task.name

    @property
    def version(self) -> int:
        """The version of the task."""
        return self.task.version

    def trial(self, index: int, *, answerable: bool = True, renaming: int = 0) -> TextTrial:
        """Build one trial, the `index`-th of those that are kept.

        Raises:
            ConfigError: Hardly any trial is.
        """
        while len(self._kept) <= index:
            first = self._kept[-1] + 1 if self._kept else 0
            found = next((i for i in range(first, first + _PASSED_OVER) if self._keeps(self.task.trial(i))), None)
            if found is None:
                raise ConfigError(
                    f"the task {self.name!r} makes no trial of at most {self.most_records} records in "
                    f"{', '.join(self.languages) or 'any language'}.",
                    hint="Raise most_records, or name other languages.",
                )
            self._kept.append(found)
        trial = self.task.trial(self._kept[index], answerable=answerable, renaming=renaming)
        return replace(trial, index=index)

    def _keeps(self, trial: TextTrial) -> bool:
        return trial.records <= self.most_records and (not self.languages or trial.language in self.languages)
