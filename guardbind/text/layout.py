"""Where words stand in a text, and which places lie in one line, sentence or turn."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Layout", "Span", "Unit", "longest", "occurrences", "verbatim"]

# Scripts that write words without spaces between them, or glue particles to them: no boundary can be asked for.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\uff66-\uffdc\U00020000-\U0003ffff]"
)
_THOUSANDS_BEFORE = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})*\Z")
_THOUSANDS_AFTER = re.compile(r"\d{3}(?!\d)")
_LONGEST_NUMBER = 40

_BREAK = re.compile(
    r"(?P<line>\r\n|[\r\n\u2028\u2029])"
    r"|(?P<end>(?:[!?\u061f]+|(?<!\.)\.(?!\.))[\"'\u201d\u2019\u00bb)\]]*(?=\s|\Z)"
    r"|[\u3002\uff01\uff1f\u0964\u0965\u06d4][\"'\u201d\u2019\u300d\u300f\uff09]*)"
)
_QUESTION_MARKS = frozenset("?\u061f\uff1f")
_ABBREVIATION = re.compile(r"(?<!\w)(?:no|nr|mr|mrs|ms|dr|prof|st|vs|approx|fig|vol|art|e\.g|i\.e)\Z", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"(?:\A|[\r\n])[^\S\r\n]*\d+\Z")
_CONTEXT = 12

Span = tuple[int, int]


def verbatim(text: str, surface: str) -> Iterator[int]:
    """Yield the start of each occurrence of `surface`, also of overlapping ones."""
    start = text.find(surface)
    while start >= 0:
        yield start
        start = text.find(surface, start + 1)


def occurrences(text: str, surfaces: Iterable[str], *, any_case: bool = False) -> list[tuple[Span, str]]:
    """Find where surface forms stand by themselves, not inside a longer word or number.

    Args:
        text: The text to search.
        surfaces: What to look for, exactly as given.
        any_case: A surface without upper-case letters also stands for its other spellings ("order" for "Order").

    Returns:
        Character span and surface of each occurrence, in textual order.
    """
    lowered = _lower(text) if any_case else text
    found: dict[Span, str] = {}
    # Exact spellings last: where "order" and "Order" are both looked for, each keeps its own places.
    for surface in sorted(surfaces, key=lambda s: any_case and s != s.lower()):
        for start in verbatim(lowered if surface == surface.lower() else text, surface):
            span = (start, start + len(surface))
            if _stands_alone(text, *span):
                found[span] = surface
    return sorted(found.items())


def longest(spans: Iterable[Span]) -> set[Span]:
    """Drop each span that overlaps one which starts further left, or at the same place and is longer."""
    kept: set[Span] = set()
    reached = 0
    for span in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if span[0] >= reached:
            kept.add(span)
            reached = span[1]
    return kept


def _lower(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether the characters `start` to `end` are no part of a longer word or number.

    A word goes on over letters, digits, `_` and combining marks, and over a hyphen with one of them on each side. A
    number goes on over `.` and `/` between digits, over `,` before a group of three digits, and has its sign and its
    leading decimal point: "12" is not in "112", "12.5", "12-3", "12/3", "12,500" or "-12", but it is in "12, 5",
    "12,5", "12:30" and "$12". In scripts without spaces between words any place is a boundary.
    """
    if _adjoin(text, start) or _adjoin(text, end) or any(_glued(text, i) for i in (start, end - 1, end)):
        return False
    before = start - 1
    return not (_glued(text, before) or _opens_number(text, before))


def _adjoin(text: str, cut: int) -> bool:
    if not 0 < cut < len(text) or not _is_word(text[cut - 1]) or not _is_word(text[cut]):
        return False
    if unicodedata.category(text[cut])[0] == "M":
        return True
    return not (_UNSPACED.match(text[cut - 1]) or _UNSPACED.match(text[cut]))


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"


def _glued(text: str, joiner: int) -> bool:
    if not 0 < joiner < len(text) - 1:
        return False
    char, left, right = text[joiner], text[joiner - 1], text[joiner + 1]
    if char == "-":
        return _is_word(left) and _is_word(right)
    if not (left.isdecimal() and right.isdecimal()):
        return False
    if char == ",":
        before = _THOUSANDS_BEFORE.search(text, max(0, joiner - _LONGEST_NUMBER), joiner)
        return bool(before and _THOUSANDS_AFTER.match(text, joiner + 1))
    return char in "./"


def _opens_number(text: str, index: int) -> bool:
    if index < 0 or text[index] not in "-\u2212." or not text[index + 1].isdecimal():
        return False
    left = text[index - 1] if index else " "
    return left.isspace() if text[index] == "." else not _is_word(left)


class Unit(NamedTuple):
    """A sentence, or the part of it that stands on one line; `question`: it ends with a question mark."""

    start: int
    end: int
    question: bool


class Layout:
    """The lines, sentences and turns of a text.

    Args:
        text: The text.
        specials: Character ranges of special tokens; they end a turn, as a blank line ends a paragraph.
    """

    def __init__(self, text: str, specials: Sequence[Span] = ()) -> None:
        lines: list[int] = []
        sentences: list[int] = []
        blocks = [edge for span in specials for edge in span]
        self._questions: set[int] = set()
        for match in _BREAK.finditer(text):
            cut = match.end()
            if match["line"]:
                if lines and not text[lines[-1] : match.start()].strip():
                    blocks.append(cut)
                lines.append(cut)
            elif not _mere_dot(text, match.start()):
                sentences.append(cut)
                if not _QUESTION_MARKS.isdisjoint(match["end"]):
                    self._questions.add(cut)
        self._blocks = sorted(blocks)
        self._lines = sorted(lines + blocks)
        self._sentences = sorted(sentences + blocks)
        self._units = sorted({*lines, *sentences, *blocks})

    def same_line(self, start: int, end: int) -> bool:
        """Whether no line ends between two places."""
        return _uncut(self._lines, start, end)

    def same_sentence(self, start: int, end: int) -> bool:
        """Whether no sentence ends between two places; a sentence may go on over a line break."""
        return _uncut(self._sentences, start, end)

    def same_block(self, start: int, end: int) -> bool:
        """Whether no blank line and no special token stands between two places."""
        return _uncut(self._blocks, start, end)

    def in_question(self, place: int) -> bool:
        """Whether the sentence at a place ends with a question mark, on the same line."""
        index = bisect_right(self._units, place)
        return index < len(self._units) and self._units[index] in self._questions

    def units(self, start: int, end: int) -> list[Unit]:
        """Cut the characters `start` to `end` at every line and sentence end; the last unit may be empty."""
        cuts = self._units[bisect_right(self._units, start) : bisect_left(self._units, end)]
        edges = [start, *cuts, end]
        return [Unit(a, b, b in self._questions) for a, b in pairwise(edges)]


def _uncut(cuts: list[int], start: int, end: int) -> bool:
    return bisect_right(cuts, start) == bisect_right(cuts, end)


def _mere_dot(text: str, index: int) -> bool:
    """Whether the dot at `index` ends an abbreviation or the number of a list item."""
    if text[index] != ".":
        return False
    start = max(0, index - _CONTEXT)
    return bool(_ABBREVIATION.search(text, start, index) or _LIST_NUMBER.search(text, start, index))
