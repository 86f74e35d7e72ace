"""Defines what a resolver is."""

from __future__ import annotations

from typing import Protocol

from guardbind.evidence import EvidenceTable
from guardbind.targets import QuestionBits, Resolution

__all__ = ["Resolver"]


class Resolver(Protocol):
    """A way to say what a slot is meant to take; registered in `RESOLVERS`.

    Attributes:
        reads: Whether it uses the model's own reading. Where it does not, nothing is read.
    """

    reads: bool

    def __call__(
        self,
        words: Resolution,
        question: QuestionBits | None,
        table: EvidenceTable,
        /,
        *,
        sentence: QuestionBits | None = None,
        named: bool = False,
    ) -> Resolution:
        """Return the target of a slot.

        Args:
            words: What the words say.
            question: What the question rests on; None where that was not or could not be read.
            table: The bindings of the row.
            sentence: What the sentence before the slot rests on; None where that was not or could not be read.
            named: Whether that sentence itself names whose value follows.
        """
        ...
