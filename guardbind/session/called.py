"""Notes what a generation was called with, as far as that can be written down, so that it can be replayed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Called", "called_with", "text_sha256"]

_PROMPT = frozenset({"inputs", "input_ids", "attention_mask"})


@dataclass(frozen=True, slots=True)
class Called:
    """What a generation was called with.

    Attributes:
        settings: The guard's settings as they were used, where they are not the defaults.
        arguments: Plain arguments of `generate`, by name.
        further: Names of the others, apart from the prompt.
    """

    settings: dict[str, Any]
    arguments: dict[str, bool | int | float | str | None]
    further: tuple[str, ...]


def called_with(settings: dict[str, Any], arguments: Mapping[str, Any]) -> Called:
    """Return what a generation was called with.

    Args:
        settings: The guard's settings as they were used.
        arguments: Arguments of `generate`, by name.

    >>> called_with({}, {"input_ids": ..., "max_new_tokens": 8, "streamer": print}).further
    ('streamer',)
    """
    plain = {name: value for name, value in arguments.items() if name not in _PROMPT and _is_plain(value)}
    others = (name for name, value in arguments.items() if name not in _PROMPT and not _is_plain(value))
    return Called(settings, plain, tuple(sorted(others)))


def text_sha256(text: str) -> str:
    """Return the hash of a prompt as the guard reads it: its tokens as text, special ones included."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)
