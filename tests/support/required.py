"""Takes the None out of a type where a test knows that there is a value."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def required(value: T | None) -> T:
    """Return a value, which must be there."""
    assert value is not None
    return value
