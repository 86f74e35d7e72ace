"""Cuts a text into pieces at the ends of the marks on it; marks may overlap and no character is lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Mark", "MarkedPiece", "cut"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of a text that is shown in some way.

    Attributes:
        start: Its first character.
        end: The character behind its last one; with `end == start` only the sign is shown.
        classes: Its style classes, parted by blanks.
        note: What is told about it on hover.
        sign: Stands before it, so that it is known without its colour.
    """

    start: int
    end: int
    classes: str
    note: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class MarkedPiece:
    """A part of a text over which the marks do not change.

    Attributes:
        text: Its characters.
        classes: The style classes of all marks over it; empty where there is none.
        note: What those marks tell.
        signs: The signs of the marks that begin here.
    """

    text: str
    classes: str = ""
    note: str = ""
    signs: tuple[str, ...] = ()


def cut(text: str, marks: Iterable[Mark], start: int, end: int) -> list[MarkedPiece]:
    """Return the characters `start` to `end` of a text in pieces, each with what the marks over it say.

    Example:
        >>> marks = [Mark(0, 7, "said", ""), Mark(5, 7, "value", "")]
        >>> [(piece.text, piece.classes) for piece in cut("beta=42;", marks, 0, 8)]
        [('beta=', 'said'), ('42', 'said value'), (';', '')]
    """
    inside = [m for m in marks if (m.start < end and m.end > start) or start <= m.start == m.end <= end]
    cuts = sorted({start, end, *(min(max(c, start), end) for m in inside for c in (m.start, m.end))})
    pieces = []
    for left, right in pairwise(cuts):
        pieces += [_piece("", [mark]) for mark in inside if mark.start == mark.end == left]
        over = [mark for mark in inside if mark.start <= left and right <= mark.end]
        pieces.append(_piece(text[left:right], over, left))
    return pieces + [_piece("", [mark]) for mark in inside if mark.start == mark.end == end]


def _piece(text: str, marks: Sequence[Mark], start: int | None = None) -> MarkedPiece:
    classes = dict.fromkeys(name for mark in marks for name in mark.classes.split())
    notes = dict.fromkeys(mark.note for mark in marks if mark.note)
    signs = tuple(mark.sign for mark in marks if mark.sign and start in (None, mark.start))
    return MarkedPiece(text, " ".join(classes), "\n\n".join(notes), signs)
