"""Defines the text before a slot by which it says what it wants."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """The text by which a slot says what it wants.

    Attributes:
        asks: Where the attribute is named: the sentence up to the slot, the key of a JSON field, a column's heading.
        about: Where the owner is named: the same sentence, the object that the field is in, the cells of the row.
    """

    asks: str
    about: str
