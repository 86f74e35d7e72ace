"""Resolves by what the question rests on: the record by its bits, the field inside it by words."""

from __future__ import annotations

from dataclasses import replace

from guardbind.evidence import EvidenceTable
from guardbind.resolvers.lineage import within
from guardbind.targets import QuestionBits, Resolution

__all__ = ["READING", "ByReading", "in_record"]


class ByReading:
    """Takes the record that the question rests on, and of it the field that the words name.

    Which field is meant does not show in the bits, because the words for it stand in every record.
    """

    reads = True

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
        """Return the target, unresolved where the question rests on no record clearly."""
        question = sentence if sentence is not None and sentence.clear else question
        if question is None:
            return _unresolved(words, "the question could not be read")
        if not question.clear:
            return _unresolved(words, "the question rests on no record clearly")
        return in_record(words, question, table)


def in_record(words: Resolution, question: QuestionBits, table: EvidenceTable) -> Resolution:
    """Return the field of the record that a question rests on.

    Args:
        words: What the words say: a field, or between which of them they cannot tell.
        question: What the question rests on.
        table: The bindings of the row.
    """
    if question.best.statement is not None:
        return _unresolved(words, "the question rests on a statement that no rule has read")
    if words.index is not None and within(table, words.index, question.best.items):
        return words
    named = [item for item in words.open if within(table, item, question.best.items)]
    if len({table.items[item].value for item in named}) != 1:
        what = "several values" if named else "no field"
        return _unresolved(words, f"the words name {what} of the record that the question rests on")
    target = table.items[named[0]]
    return replace(
        words,
        index=target.index,
        how="reading",
        reason=f"{words.reason}; the question rests on its record",
        key=target.key,
        score=1.0,
    )


def _unresolved(words: Resolution, reason: str) -> Resolution:
    return replace(words, index=None, how="unresolved", reason=f"{words.reason}; {reason}", key=None, score=0.0)


READING = ByReading()
