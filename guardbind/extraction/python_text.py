"""Reads calls with named arguments and dicts as Python writes them: `get_order(order_id=4417)`, `{'id': 4417}`."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence

from guardbind.extraction.python_constants import PythonConstants
from guardbind.extraction.rule import Block, Found, SparingRule, inside
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["read"]

_NAME = r"[^\W\d]\w{0,60}"
_OPENING = re.compile(
    rf"(?<![\w.])(?P<name>{_NAME}(?:\.{_NAME}){{0,4}})\((?=[^()\r\n]{{0,200}}?{_NAME} ?=[^=])|\{{(?=['\"\d])"
)
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[()\[\]{}]")
_LINE_END = re.compile(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_LONGEST = 2000  # characters


def _python(text: str, _: Language, taken: Sequence[Span]) -> Iterator[Block]:
    """Find calls and dicts that stand on one line; of their parts, constants under a name are bound.

    Those in what another rule has read, as the objects of a long list in JSON, are not parsed.
    """
    brackets = _Brackets(text)
    at = 0
    while opening := _OPENING.search(text, at):
        start, at = opening.start(), opening.end()
        end = brackets.close(at - 1)
        if end is None:
            continue
        if inside((start, end), taken):
            at = end
            continue
        written = text[start:end]
        if found := _found(written, start):
            at = end
            yield Block((start, end), found)


def _found(written: str, start: int) -> tuple[Found, ...]:
    try:
        return tuple(PythonConstants(written, start).leaves(_parse(written), (), (), 0))
    except RecursionError:  # of ast.unparse, at a thousand signs one behind the other: no call that anybody wrote
        return ()


class _Brackets:
    """Finds the bracket that closes another one on the same line; what was looked at once is not looked at again."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[int, int] = {}
        self._reached = 0

    def close(self, bracket: int) -> int | None:
        """Return the place behind what closes `bracket`, or None if nothing does within the longest stretch."""
        if bracket >= self._reached:
            self._look(bracket)
        return self._ends.get(bracket)

    def _look(self, start: int) -> None:
        limit = min(len(self._text), start + _LONGEST)
        if line_end := _LINE_END.search(self._text, start, limit):
            limit = line_end.start()
        self._ends.clear()
        opened: list[int] = []
        for token in _TOKEN.finditer(self._text, start, limit):
            if token.group() in _OPEN:
                opened.append(token.start())
            elif token.group() in _CLOSE:
                self._ends[opened.pop()] = token.end()
                if not opened:
                    limit = token.end()
                    break
        self._reached = limit


def _parse(written: str) -> ast.expr | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes and numbers, which are not ours
            return ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


read = SparingRule(_python, order=50, default=True)
"""The rule `python`."""
