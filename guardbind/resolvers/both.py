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
    that one. A sentence that itself names whose value follows is followed, unless it rests on another record clearly.
    Where nothing could be read, the words stand alone.
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
        """Return the target, unresolved where the two do not agree."""
        if words.index is None:
            return (
                in_record(words, question, table) if question is not None and question.clear and words.open else words
            )
        read = [bits for bits in (sentence, question) if bits is not None]
        if not read:
            return words
        # What the caller believes less says the same of the same thing: a question may rest on that as well.
        said = (words.index, *words.outranked)
        if any(bits.leads and within(table, item, bits.best.items) for bits in read for item in said):
            return replace(words, reason=f"{words.reason}; the question rests on its record", confirmed=True)
        if named:
            if sentence is not None and sentence.clear:
                return _differ(words, f"that sentence rests on {_other(sentence)}")
            return replace(words, reason=f"{words.reason}, which is not what the question rests on")
        if read[0].clear or has_rivals(table, words.index):
            what = _other(read[0]) if read[0].clear else "no record clearly"
            return _differ(words, f"the question rests on {what}")
        # What no other record has, no other record can be asked for.
        return words


def _other(read: QuestionBits) -> str:
    return "another record" if read.best.statement is None else "a statement that no rule has read"


def _differ(words: Resolution, reason: str) -> Resolution:
    return replace(
        words, index=None, how="unresolved", reason=f"{words.reason}, but {reason}", key=None, score=0.0, open=()
    )


BOTH = Both()
