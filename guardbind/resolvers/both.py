"""Resolves by the words and by the model's own reading, and believes what both of them say."""

from __future__ import annotations

from dataclasses import replace

from guardbind.evidence import EvidenceTable
from guardbind.resolvers.lineage import has_rivals, within
from guardbind.resolvers.reading import in_record
from guardbind.targets import QuestionBits, Resolution

__all__ = ["BOTH", "Both"]


class Both:
    """Takes what the words say where the question rests on the same record, and nothing where it rests on another.

    Where the words leave open which of several records is meant, and the question rests on one of them clearly, it is
    that one. Where nothing could be read, the words stand alone.
    """

    reads = True

    def __call__(self, words: Resolution, question: QuestionBits | None, table: EvidenceTable, /) -> Resolution:
        """Return the target, unresolved where the two do not agree."""
        if question is None:
            return words
        if words.index is None:
            return in_record(words, question, table) if question.clear and words.open else words
        if not question.clear:
            # What no other record has, no other record can be asked for.
            sure = not has_rivals(table, words.index)
            return words if sure else _differ(words, "the question rests on no record clearly")
        if not within(table, words.index, question.best.items):
            return _differ(words, "the question rests on another record")
        return replace(words, reason=f"{words.reason}; the question rests on its record")


def _differ(words: Resolution, reason: str) -> Resolution:
    return replace(
        words, index=None, how="unresolved", reason=f"{words.reason}, but {reason}", key=None, score=0.0, open=()
    )


BOTH = Both()
