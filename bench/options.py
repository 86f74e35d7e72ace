"""What is checked in the settings of any experiment or measure: its options, and the names of tasks and fillers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from guardbind.errors import ConfigError

from .registry import FILLERS, TASKS

__all__ = ["check_names", "read_options"]

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
        UnknownNameError: A task or filler is not registered.
    """
    for registry, names in ((TASKS, tasks), (FILLERS, fillers)):
        for name in names:
            if name not in registry:
                raise registry.miss(name)
