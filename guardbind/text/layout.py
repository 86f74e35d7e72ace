"""Finds surface forms in a text, and the boundaries of its lines, sentences, clauses and turns."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.mere_dots import mere_dots
from guardbind.text.search import places_of, verbatim

__all__ = ["Layout", "Span", "Unit", "folded", "layout_of", "longest", "occurrences", "verbatim"]

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
_CLOSED = re.compile(r"(?:[!?\u061f]+|(?<!\.)\.)[\"'\u201d\u2019\u00bb)\]]*\Z")
_QUESTION_MARKS = frozenset("?\u061f\uff1f")
_SPACED_MARKS = frozenset(".!?\u061f")
_CLAUSE_MARK = re.compile(r";|:(?=\s)")
_CLAUSE_ENDS = ";:\r\n\u2028\u2029"
_MARK = re.compile(r"[.,;:!?()\[\]{}|\"\n\u3001\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]")
_CONTEXT = 12
_WORTH_KEEPING = 2000  # characters
_MOST_KEPT = 3  # texts: a prompt with its turns, without them, and the part of it that is read

Span: TypeAlias = tuple[int, int]
"""A half-open range of characters."""


def occurrences(text: str, surfaces: Iterable[str], *, any_case: bool = False) -> list[tuple[Span, str]]:
    """Find where surface forms stand by themselves, not inside a longer word or number.

    Args:
        text: The text to search.
        surfaces: What to look for, exactly as given.
        any_case: A surface without upper-case letters also stands for its other spellings ("order" for "Order").

    Returns:
        Character span and surface of each occurrence, in textual order.
    """
    every = set(surfaces) - {""}
    low = {surface for surface in every if not any_case or surface == surface.lower()}
    found: dict[Span, str] = {}
    # Exact spellings last: where "order" and "Order" are both looked for, each keeps its own places.
    searched = ((_lower(text), low), (text, every - low)) if any_case else ((text, low),)
    for within, wanted in searched:
        for start, surface in places_of(within, wanted):
            span = (start, start + len(surface))
            if _stands_alone(text, *span):
                found[span] = surface
    return sorted(found.items())


def folded(text: str) -> str:
    """Fold the case of a text, but for characters that would become several: every place stays where it is.

    >>> folded("Frau WEIß")
    'frau weiß'
    """
    low = text.casefold()
    return low if len(low) == len(text) else "".join(map(_folded_char, text))


def longest(spans: Iterable[Span]) -> set[Span]:
    """Drop each span that overlaps one which starts further left, or at the same place and is longer."""
    kept: set[Span] = set()
    reached = 0
    for span in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if span[0] >= reached:
            kept.add(span)
            reached = span[1]
    return kept


def _folded_char(char: str) -> str:
    return next((low for low in (char.casefold(), char.lower()) if len(low) == 1), char)


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
    """The boundaries of lines, sentences, clauses and turns in a text; all of the core reads them here.

    A *line* ends at its line break. A *sentence* ends behind `.`, `!`, `?` and what closes it, where white space or
    nothing follows, and behind the full stops of scripts without spaces; not at the dot of an abbreviation, of an
    initial ("J. Doe"), of the number of a list item, or of an ordinal number where the language writes these with one.
    It may go on over a line break. A *unit* is what of a sentence stands on one line. A *clause* is what of a unit
    stands between `;`, and colons with white space behind them. A *block* ends at a blank line, and a turn at a special
    token; either ends lines and sentences too. Every boundary is a place between two characters.

    Args:
        text: The text.
        specials: Character ranges of special tokens; they end a turn, as a blank line ends a paragraph.
        language: What abbreviations there are.

    >>> text = "See fig. 3 for Dr. Moe's total; it is 5. Is that all?"
    >>> [text[unit.start : unit.end] for unit in Layout(text).units(0, len(text))]
    ["See fig. 3 for Dr. Moe's total; it is 5.", ' Is that all?']
    """

    def __init__(self, text: str, specials: Sequence[Span] = (), language: Language = ENGLISH) -> None:
        self._text = text
        self._language = language
        self._cuts = cuts = _CUTS.of(text, specials, language)
        self._mere, self._ends, self._questions = cuts.mere, cuts.ends, cuts.questions
        self._blocks, self._lines = cuts.blocks, cuts.lines
        self._sentences, self._units = cuts.sentences, cuts.units

    @property
    def _clauses(self) -> list[int]:
        return self._cuts.clauses

    def same_line(self, start: int, end: int) -> bool:
        """Whether no line ends between two places."""
        return _uncut(self._lines, start, end)

    def same_sentence(self, start: int, end: int) -> bool:
        """Whether no sentence ends between two places; a sentence may go on over a line break."""
        return _uncut(self._sentences, start, end)

    def same_block(self, start: int, end: int) -> bool:
        """Whether no blank line and no special token stands between two places."""
        return _uncut(self._blocks, start, end)

    def same_clause(self, start: int, end: int) -> bool:
        """Whether no line, sentence or clause ends between two places."""
        return _uncut(self._clauses, start, end)

    def unmarked(self, start: int, end: int) -> bool:
        """Whether nothing but words stands between two places: no mark of punctuation, bracket or line break."""
        return all(mark.start() in self._mere for mark in _MARK.finditer(self._text, start, end))

    def is_mere(self, dot: int) -> bool:
        """Whether a dot ends no sentence, whatever follows it: that of an abbreviation, an initial or an ordinal."""
        return dot in self._mere

    def begins(self, place: int) -> bool:
        """Whether a sentence begins at a place, or what a colon introduces: there a capital letter says nothing."""
        head = self._text[:place].rstrip("\"'(\u00a1\u00bf\u00ab\u201c\u201e")
        bare = head.rstrip()
        if not bare or "\n" in head[len(bare) :] or bare.endswith((":", "!", "?", "..", "\u2026")):
            return True
        return len(bare) in self._ends

    def in_question(self, place: int) -> bool:
        """Whether the sentence at a place ends with a question mark, on the same line."""
        index = bisect_right(self._units, place)
        return index < len(self._units) and self._units[index] in self._questions

    def units(self, start: int, end: int) -> list[Unit]:
        """Cut the characters `start` to `end` at every line and sentence end; the last unit may be empty."""
        cuts = self._units[bisect_right(self._units, start) : bisect_left(self._units, end)]
        edges = [start, *cuts, end]
        return [Unit(a, b, b in self._questions) for a, b in pairwise(edges)]

    def unit_start(self, place: int) -> int:
        """Return where the unit begins in which a place is, or the text if none ends before it."""
        before = bisect_right(self._units, place)
        return self._units[before - 1] if before else 0

    def sentence_end(self, start: int, end: int) -> int | None:
        """Return where the marks begin that end a sentence between two places, if more follows before `end`.

        In front of a number no mark is certain to end one: "max. 400 mg", "bldg. 7, apt. 12".
        """
        for cut in self._sentences[bisect_right(self._sentences, start) : bisect_left(self._sentences, end)]:
            mark = self._ends.get(cut, cut)
            following = self._text[cut:end].lstrip()
            if following and not (self._text[mark] in _SPACED_MARKS and following[0].isdecimal()):
                return max(start, mark)
        return None

    def clause(self, place: int) -> Unit:
        """Return what is left of a clause behind a place, without the marks and line breaks that end it."""
        index = bisect_right(self._clauses, place)
        cut = self._clauses[index] if index < len(self._clauses) else len(self._text)
        end = max(place, self._ends.get(cut, cut))
        while end > place and self._text[end - 1] in _CLAUSE_ENDS:
            end -= 1
        return Unit(place, end, cut in self._questions)

    def phrase_start(self, start: int, place: int) -> int:
        """Return where the phrase begins that ends at a place: what a statement may take for a name.

        That is behind the last sentence or line, or behind a comma, a colon, a bracket that opens or a conjunction,
        but not before `start`. What closes something does not part it from what it was said of.
        """
        before = bisect_right(self._units, place)
        begun = max(start, self._units[before - 1] if before else 0)
        opened = [mark.end() for mark in self._language.phrase_opening.finditer(self._text, begun, place)]
        return max([begun, *opened])

    def begun(self) -> int:
        """Return where the sentence begins that is being written at the end of the text.

        Nothing has ended that nothing follows. As what follows a number may still belong to it, and a pronoun to the
        value that was given before, a dot behind a digit does not end such a sentence.
        """
        text = self._text
        for cut in reversed(self._units):
            mark = self._ends.get(cut)
            number = mark is not None and text[mark] == "." and text[mark - 1 : mark].isdecimal()
            start = len(text) - len(text[cut:].lstrip())
            if not number and start < len(text):
                return start
        return 0


class _Cuts:
    """The boundaries in a text, which nothing changes once they are found."""

    def __init__(self, text: str, specials: Sequence[Span], language: Language) -> None:
        self.text, self.specials, self.language = text, tuple(specials), language
        self.mere = mere_dots(text, language)
        self.ends: dict[int, int] = {}  # of each sentence, to where its closing marks begin
        self.questions: set[int] = set()
        lines: list[int] = []
        blocks = [edge for span in specials for edge in span]
        for match in _BREAK.finditer(_blanked(text, specials)):
            cut = match.end()
            if match.lastgroup == "line":
                if lines and not text[lines[-1] : match.start()].strip():
                    blocks.append(cut)
                lines.append(cut)
            elif match.start() not in self.mere:
                self.ends[cut] = match.start()
                if not _QUESTION_MARKS.isdisjoint(match["end"]):
                    self.questions.add(cut)
        for start, _ in specials:  # a turn ends a sentence without white space behind it: "Who?<|im_end|>"
            closed = _CLOSED.search(text, max(0, start - _CONTEXT), start)
            if closed and closed.start() not in self.mere:
                self.ends.setdefault(start, closed.start())
                if not _QUESTION_MARKS.isdisjoint(closed.group()):
                    self.questions.add(start)
        self.blocks = sorted(blocks)
        self.lines = sorted(lines + blocks)
        self.sentences = sorted([*self.ends, *blocks])
        self.units = sorted({*lines, *self.ends, *blocks})

    @cached_property
    def clauses(self) -> list[int]:
        return sorted({*self.units, *(mark.end() for mark in _CLAUSE_MARK.finditer(self.text))})


class _LastCuts:
    """Keeps the boundaries of the last long texts: all rules of extraction lay out the same one, each for itself."""

    def __init__(self) -> None:
        self._last: tuple[_Cuts, ...] = ()

    def of(self, text: str, specials: Sequence[Span], language: Language) -> _Cuts:
        if len(text) < _WORTH_KEEPING:
            return _Cuts(text, specials, language)
        for cuts in self._last:
            # By identity, so that neither a long text nor a language is compared or hashed.
            if cuts.text is text and cuts.language is language and cuts.specials == tuple(specials):
                return cuts
        cuts = _Cuts(text, specials, language)
        self._last = (cuts, *self._last[: _MOST_KEPT - 1])
        return cuts


_CUTS = _LastCuts()


@lru_cache(maxsize=1 << 7)
def layout_of(text: str, language: Language = ENGLISH) -> Layout:
    """Return the layout of a short text that is asked for again and again, such as a question."""
    return Layout(text, language=language)


def _blanked(text: str, specials: Sequence[Span]) -> str:
    """Return a text with spaces in place of its special tokens, so that a mark in front of one ends a sentence."""
    parts, reached = [], 0
    for start, end in specials:
        parts += [text[reached:start], " " * (end - max(start, reached))]
        reached = max(reached, end)
    return "".join(parts) + text[reached:]


def _uncut(cuts: list[int], start: int, end: int) -> bool:
    return bisect_right(cuts, start) == bisect_right(cuts, end)
