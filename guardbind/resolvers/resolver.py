"""Defines resolvers: what one is given, and what the model's own reading of a question says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from guardbind.evidence import EvidenceTable
from guardbind.targets import Resolution

__all__ = ["AskedRecord", "QuestionBits", "Resolver"]


@dataclass(frozen=True, slots=True)
class AskedRecord:
    """A record, and how much a stretch of text rests on it.

    Attributes:
        items: Indices of its bindings in the table.
        bits: Question bits, signed: log2 p(stretch | everything) - log2 p(stretch | the record hidden).
    """

    items: tuple[int, ...]
    bits: float


@dataclass(frozen=True, slots=True)
class QuestionBits:
    """What a question, or the sentence before a slot, rests on.

    Attributes:
        best: The record whose loss makes it least expected.
        lead: Bits by which that record is ahead of every other; its bits where there is no other.
        clear: Whether both are enough to believe it.
    """

    best: AskedRecord
    lead: float
    clear: bool


class Resolver(Protocol):
    """A way to say what a slot is meant to take; registered in `RESOLVERS`.

    Attributes:
        reads: Whether it uses the model's own reading. Where no resolver does, nothing is read.
    """

    reads: bool

    def __call__(self, words: Resolution, question: QuestionBits | None, table: EvidenceTable, /) -> Resolution:
        """Return the target of a slot.

        Args:
            words: What the words say.
            question: What the text that asks rests on; None where that was not or could not be read.
            table: The bindings of the row.
        """
        ...
