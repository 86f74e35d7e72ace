"""Finds the caption of a table: a short line above it that names it, such as `Sheet1 (March)`."""

from __future__ import annotations

import re

from guardbind.extraction.prose import is_key
from guardbind.extraction.tables import TableCell
from guardbind.text.language import Language

__all__ = ["caption_above"]

_FAR = 240  # characters above a table in which its caption stands
_WORDS = 8
_WORDS_APART = 5  # of one that nothing marks, where a blank line is between
_MARKS = "#*_=~-\u2013\u2014 \t"
_KEYED = re.compile(r":(?!\d)")
_SENTENCE = ".!?,;"
_TALLEST = 20_000  # characters of a table above
_ROW = re.compile(r"[|\t,;]")


def caption_above(text: str, start: int, language: Language) -> TableCell | None:
    """Return the caption of what begins at `start`, a line's beginning, or None if it has none.

    A caption stands on the line above, or with one blank line between if it is marked as a heading, ends with a colon,
    or is a line by itself. What could be a statement, a sentence or a row is none.

    Args:
        text: The text.
        start: Where the line begins under the caption.
        language: What the caption is written in.
    """
    lines = text[max(0, start - _FAR) : start].splitlines(keepends=True)
    end = start
    apart = False
    if lines and not lines[-1].strip():
        end -= len(lines.pop())
        apart = True
    if not lines or (len(lines) == 1 and end - len(lines[0]) > 0 and text[end - len(lines[0]) - 1] not in "\r\n"):
        return None
    line = lines[-1]
    name = line.strip().strip(_MARKS)
    labelled = name.endswith(":")
    name = name.rstrip(":").strip(_MARKS)
    marked = labelled or line.strip()[:1] in ("#", "*", "=", "_")
    if not name or not name[0].isalnum() or not _names(name, marked, language):
        return None
    alone = len(lines) < 2 or not lines[-2].strip()
    if apart and not marked and not (alone and not name[0].islower() and len(name.split()) <= _WORDS_APART):
        return None
    if apart and not marked and _may_be_below(text, end - len(line)):
        return None
    at = end - len(line) + line.index(name)
    return TableCell((at, at + len(name)), name)


def _may_be_below(text: str, start: int) -> bool:
    """Whether a line with blank lines around it may as well name the table above it, which nothing else names."""
    lines = text[max(0, start - _TALLEST) : start].splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines or not _ROW.search(lines[-1]):
        return False
    while lines and _ROW.search(lines[-1]):
        lines.pop()
    while lines and not lines[-1].strip():
        lines.pop()
    above = lines[-1].strip() if lines else ""
    return not above or above[-1] in _SENTENCE or len(above.split()) > _WORDS


def _names(name: str, marked: bool, language: Language) -> bool:
    if len(name.split()) > _WORDS or name[-1] in _SENTENCE or not is_key(name, language):
        return False
    # A key with its value, or a row of another table, is no name.
    return not any(sign in name for sign in ("=", "|", "\t", "  ", "`", '"', *(() if marked else ",;"))) and not (
        _KEYED.search(name)
    )
