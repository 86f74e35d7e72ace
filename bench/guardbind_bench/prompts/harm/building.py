"""Builds a text task with one of its sets of wordings."""

from __future__ import annotations

import inspect

from guardbind.errors import ConfigError
from guardbind_bench.experiments.options import check_text_tasks
from guardbind_bench.prompts.harm.wordings import WordingSet
from guardbind_bench.prompts.text_trial import TextTask
from guardbind_bench.registry import TEXT_TASKS

__all__ = ["built", "is_worded"]


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
