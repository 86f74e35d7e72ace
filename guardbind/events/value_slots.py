"""Tells the slot that begins a value from those behind it, by the kind that its record names."""

from __future__ import annotations

__all__ = ["begins_value"]

_WITHIN = frozenset({"continued", "reopened"})


def begins_value(kind: str) -> bool:
    """Whether a slot of a kind (`SlotRecord.kind`) is the first one of its value.

    >>> begins_value("pattern"), begins_value("continued")
    (True, False)
    """
    return kind not in _WITHIN
