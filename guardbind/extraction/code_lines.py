"""Reads lines of code that assign a literal to a name, in whichever language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Found, Path
from guardbind.text.layout import Span

__all__ = ["read_code_lines"]

_LINE = re.compile(r"(?P<indent>[ \t]*)(?P<code>[^\r\n]*)\r?(?:\n|\Z)")
_NAME = r"[A-Za-z_$][\w$]{0,80}"
# Words of the language may stand before a name, and a type behind it.
_ASSIGNED = re.compile(
    rf"(?:[\w<>\[\]*&]{{1,60}}[ \t]+){{0,6}}?(?P<name>{_NAME}(?:\.{_NAME}){{0,4}})"
    r"(?P<type>[ \t]*:[ \t]*[\w<>\[\]|., &'*]{1,60}?)?[ \t]*(?P<sign>[-+*/%&|^?]{0,2}:?=(?![=>~])|:(?=[ \t]))[ \t]*"
)
_LITERAL = re.compile(
    r"(?:\"(?P<double>[^\"\\\r\n]*+(?:\\.[^\"\\\r\n]*+)*+)\"|'(?P<single>[^'\\\r\n]*+(?:\\.[^'\\\r\n]*+)*+)'"
    r"|(?P<bare>[-+]?\d[\w.]*|[Tt]rue|[Ff]alse|TRUE|FALSE))[ \t]*[;,]?[ \t]*(?:(?://|#|--|;|/\*)[^\r\n]*)?"
)
_BARE_WORD = re.compile(r"(?P<bare>[\w./@%+-][\w./:@%+-]*)[ \t]*(?:#[^\r\n]*)?")
_COMMENT = re.compile(r"//|#|--|/\*|\*|;")
_STEP = re.compile(rf"(?P<name>{_NAME})(?:\+\+|--)")
_WORD = re.compile(_NAME)
_DEEPEST = 32


class _CodeLine(NamedTuple):
    """A line with a literal: the scope that it stands in, its name, and the places of both and of the value."""

    scope: Path
    name: str
    key: Span
    value: Span | None  # None: something computed


def read_code_lines(text: str, start: int, end: int, *, words: bool = False) -> Iterator[Found]:
    """Yield what names are assigned; one that is computed or counted somewhere in its scope is left out.

    A scope is what stands deeper than a line: the name of the class or the function there, or all of the line.

    Args:
        text: The text.
        start: Where the code begins.
        end: Where it ends.
        words: Whether a word without quotes is a literal, as it is in a shell.
    """
    lines = list(_lines(text, start, end, words))
    computed = {(line.scope, line.name) for line in lines if line.value is None}
    for line in lines:
        if line.value is not None and (line.scope, line.name) not in computed:
            written = text[slice(*line.value)]
            if written.strip() and len(written) <= LONGEST_VALUE:
                quoted = text[line.value[1] : line.value[1] + 1] in ("'", '"') and line.value[1] < end
                statement = (line.key[0], line.value[1] + quoted)
                places = (*(None for _ in line.scope), line.key)
                yield Found((*line.scope, line.name), line.value, statement, places=places)


def _lines(text: str, start: int, end: int, words: bool) -> Iterator[_CodeLine]:
    scopes: list[tuple[int, str]] = []  # how deep each line stands that others are below, and its name
    last: tuple[int, str] | None = None
    at = start
    while at < end and (line := _LINE.match(text, at, end)):
        at = line.end()
        depth, code = len(line["indent"].expandtabs(4)), line["code"]
        if not code.strip() or _COMMENT.match(code):
            continue
        if last is not None and depth > last[0] and len(scopes) < _DEEPEST:
            scopes.append(last)
        while scopes and depth <= scopes[-1][0]:
            scopes.pop()
        last = (depth, _header(code))
        scope = tuple(name for _, name in scopes)
        if step := _STEP.search(code):
            yield _CodeLine(scope, step["name"], line.span("code"), None)
            continue
        assigned = _ASSIGNED.match(text, line.start("code"), line.end("code"))
        if assigned is None:
            continue
        labelled = assigned["sign"] == ":"
        literal = _LITERAL.fullmatch(text, assigned.end(), line.end("code"))
        if literal is None and words:
            literal = _BARE_WORD.fullmatch(text, assigned.end(), line.end("code"))
        plain = assigned["sign"] in ("=", ":=", ":")
        if labelled and (not scopes or literal is None):
            continue
        value = literal.span(literal.lastgroup or 0) if literal and plain else None
        yield _CodeLine(scope, assigned["name"], assigned.span("name"), value)


def _header(code: str) -> str:
    """Return the name of what a line opens: the word before its bracket, the last of two words, or all of it."""
    head = code.rstrip().rstrip("{:([=").rstrip()
    before, bracket, _ = head.partition("(")
    words = _WORD.findall(before if bracket else head)
    return words[-1] if words and (bracket or len(words) <= 2) else head[:80]
