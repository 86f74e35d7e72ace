"""Resolves by the words alone."""

from __future__ import annotations

from guardbind.evidence import EvidenceTable
from guardbind.targets import QuestionBits, Resolution

__all__ = ["WORDS", "ByWords"]


class ByWords:
    """Takes what the words say; nothing is read."""

    reads = False

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
        """Return what the words say."""
        return words


WORDS = ByWords()
