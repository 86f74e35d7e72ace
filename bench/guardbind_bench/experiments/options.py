"""Checks what the settings of any experiment or measure say: its options, and the names of tasks and fillers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from guardbind.errors import ConfigError
from guardbind.registry import Registry
from guardbind_bench.registry import FILLERS, TASKS, TEXT_TASKS

__all__ = ["check_names", "check_slot_tasks", "check_text_tasks", "read_options"]

T = TypeVar("T", bound=BaseModel)


def read_options(kind: type[T], options: Mapping[str, JsonValue], of: str) -> T:
    """Return the options of an experiment or a measure.

    Args:
        kind: What they are; each has a default.
        options: What is given.
        of: Whose they are.

    Raises:
        ConfigError: One is unknown or does not fit; the message says which are accepted, and their defaults.
    """
    try:
        return kind.model_validate(options)
    except ValidationError as error:
        seen = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        defaults = kind().model_dump(mode="json")
        accepted = ", ".join(f"{name}={json.dumps(value)}" for name, value in defaults.items())
        raise ConfigError(
            f"the options of `{of}` are {json.dumps(dict(options))}: {seen}.",
            hint=f"Accepted, with their defaults: {accepted}.",
        ) from error


def check_names(tasks: Iterable[str], fillers: Iterable[str]) -> None:
    """Check that all are registered, so that a typing error is told before anything is measured.

    Raises:
        ConfigError: A task is one of texts, whose prompts have no fillers and no single tokens as values.
        UnknownNameError: A task or filler is not registered.
    """
    _check(tasks, TASKS, TEXT_TASKS)
    _check(fillers, FILLERS)


def check_slot_tasks(tasks: Iterable[str], fillers: Iterable[str]) -> None:
    """Check that all are registered, tasks of tokens or of texts.

    Raises:
        UnknownNameError: A task or filler is not registered.
    """
    check_names([task for task in tasks if task not in TEXT_TASKS], fillers)


def check_text_tasks(tasks: Iterable[str]) -> None:
    """Check that all are registered tasks of texts.

    Raises:
        ConfigError: A task is not one of texts.
        UnknownNameError: A task is not registered.
    """
    _check(tasks, TEXT_TASKS, TASKS)


def _check(names: Iterable[str], taken: Registry[Any], other: Registry[Any] | None = None) -> None:
    for name in names:
        if other is not None and name in other:
            raise ConfigError(
                f"{name!r} is a {other.kind}; here a {taken.kind} is needed: {', '.join(taken)}.",
                hint="Name one of these; `guardbind bench list` shows them too.",
            )
        if name not in taken:
            raise taken.miss(name)
