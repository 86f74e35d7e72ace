"""`key = value` and `key: value`, one or several on a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from guardbind.extraction.prose import is_key, is_value, trim
from guardbind.extraction.types import Block, Found, Span

__all__ = ["read"]

# A key is at most five words, or quoted. It begins a line, or stands behind a separator; before a `=` without spaces
# (`level=info order=4417`) any space will do. No quantifier is unbounded, so that no line costs a square of itself.
_WORD = r"[^\s=:\uff1a\uff1d,;|{}<>\[\]\"`*!?\u060c\u3001\uff0c\uff1b]{1,60}"
_OPEN = r"[\"'`*_\u201c\u00ab]{0,3}"
_KEY = rf"(?P<key>{_WORD}(?:[ \t\u00a0]{_WORD}){{0,4}}?)"
_MARK = r"(?:[\"'`*_\u201d\u00bb]{0,3}[ \t]{0,8}(?:(?<![=!<>+*/%&|^~:-])[=\uff1d](?![=>~])|\uff1a|:(?=[ \t*_])|:(?=[\r\n]|\Z))[*_]{0,3})"
_BULLET = r"[ \t]{0,40}(?:>[ \t]?){0,3}(?:(?:[-*+\u2022\u2013]|#{1,6}|\d{1,3}[.)])[ \t]{1,8})?"
_START = rf"(?:(?:\A|(?<=[\r\n\u2028\u2029])){_BULLET}|(?<=[,;|(\u060c\u3001\uff0c\uff1b])[ \t]{{0,8}}|(?<=[.!][ \t]))"
_STATED = re.compile(rf"{_START}{_OPEN}{_KEY}{_MARK}")
_WORD_STATED = re.compile(rf"(?<=[ \t])(?P<key>[^\W\d][\w.$-]{{0,60}})=(?![=>~\s])")
_LINE_END = re.compile(r"[\r\n\u2028\u2029]")
# Where a value ends before its line does; what follows is another sentence.
_SENTENCE_END = re.compile(r"[.!?\u061f](?=[ \t]+[^\s\d])|[;|\u3002\uff01\uff1b]")
_QUOTED = re.compile(r"[ \t]{0,8}(?:\"(?P<double>[^\"\r\n]{1,200})\"|`(?P<code>[^`\r\n]{1,200})`)")


def read(text: str) -> Iterator[Block]:
    """Find keys that a `=` or a `:` binds to a value on the same line."""
    marks = _marks(text)
    ends = [*marks[1:], (len(text), len(text), (0, 0))]
    for (_, after, key), (following, _, _) in zip(marks, ends, strict=True):
        line = _LINE_END.search(text, after, following)
        limit = line.start() if line else following
        value = _value(text, after, limit)
        if value is None:
            continue
        name = text[slice(*key)]
        if is_key(name) and is_value(text[slice(*value)]):
            statement = (key[0], _closing(text, value[1], limit))
            yield Block(statement, (Found((name,), value, statement),))


def _marks(text: str) -> list[tuple[int, int, Span]]:
    """Return start and end of each key with its sign, and the span of the key alone, in textual order."""
    found = {match.end(): match for match in _WORD_STATED.finditer(text)}
    found |= {match.end(): match for match in _STATED.finditer(text)}
    marks = sorted((match.start(), match.end(), _bare(text, match.span("key"))) for match in found.values())
    kept = [mark for mark, later in pairwise([*marks, (len(text), len(text), (0, 0))]) if mark[1] <= later[0]]
    return kept


def _bare(text: str, key: Span) -> Span:
    start, end = key
    while end - start > 1 and text[end - 1] in "'_*`\u201d\u00bb)" and "(" not in text[start:end]:
        end -= 1
    return start, end


def _value(text: str, start: int, limit: int) -> Span | None:
    if quoted := _QUOTED.match(text, start, limit):
        span = quoted.span(quoted.lastgroup or 0)
        return span if text[slice(*span)].strip() else None
    end = limit
    for cut in _SENTENCE_END.finditer(text, start, limit):
        if not _abbreviated(text, start, cut.start()):
            end = cut.start()
            break
    while end > start and text[end - 1] in " \t,;|(\u060c\u3001\uff0c":
        end -= 1
    return trim(text, (start, end))


def _abbreviated(text: str, start: int, dot: int) -> bool:
    """Whether a dot ends an initial or a title: "St. Mary", "J. Doe", "Dr. Who"."""
    word = text[max(start, dot - 6) : dot].split()
    return text[dot] == "." and bool(word) and (len(word[-1]) <= 2 and word[-1].isalpha() or word[-1] in ("Mrs", "Prof"))


def _closing(text: str, end: int, limit: int) -> int:
    while end < limit and text[end] in "\"'`*_])>\u201d\u00bb":
        end += 1
    return end
