"""Holds what the model's own reading says of a text that asks: the record that it rests on, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

from guardbind.targets.unread_statements import UnreadStatement

__all__ = ["AskedRecord", "QuestionBits"]


@dataclass(frozen=True, slots=True)
class AskedRecord:
    """A record, and how much a text rests on it.

    Attributes:
        items: Indices of its bindings in the table; none where it is a statement that no rule has read.
        bits: Question bits, signed: log2 p(text | everything) - log2 p(text | the record hidden).
        statement: The statement that no rule has read; None where it is a record of bindings.
    """

    items: tuple[int, ...]
    bits: float
    statement: UnreadStatement | None = None


@dataclass(frozen=True, slots=True)
class QuestionBits:
    """What a question, or the sentence before a slot, rests on.

    Attributes:
        best: The record that it rests on most: each token counts for the record whose loss it feels most.
        lead: Bits by which that record is ahead of every other, over the tokens that count for it; all of them where
            there is no other.
        token_lead: How much more the single token that loses most by it loses than any does by another.
        clear: Whether these are enough to believe it.
        leads: Whether they are enough to believe it where the words say the same.
    """

    best: AskedRecord
    lead: float
    token_lead: float
    clear: bool
    leads: bool
