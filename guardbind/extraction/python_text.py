"""Reads calls with named arguments and dicts as Python writes them: `get_order(order_id=4417)`, `{'id': 4417}`."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import TypeAlias

from guardbind.extraction.escapes import writable
from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Block, Found, Path, PlainRule
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
_DEEPEST = 64  # parts of a path; what is nested deeper is not read
_PartSpans: TypeAlias = tuple[Span | None, ...]


def _python(text: str) -> Iterator[Block]:
    """Find calls and dicts that stand on one line; of their parts, constants under a name are bound."""
    brackets = _Brackets(text)
    at = 0
    while opening := _OPENING.search(text, at):
        start, at = opening.start(), opening.end()
        end = brackets.close(at - 1)
        if end is None:
            continue
        written = text[start:end]
        if found := _found(written, start):
            at = end
            yield Block((start, end), found)


def _found(written: str, start: int) -> tuple[Found, ...]:
    try:
        return tuple(_Constants(written, start).leaves(_parse(written), (), (), 0))
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


def _subject(call: ast.Call) -> list[ast.Constant]:
    """Return what a call is about: its one argument without a name, where that is a string."""
    only = call.args[0] if len(call.args) == 1 else None
    if not isinstance(only, ast.Constant) or not isinstance(only.value, str):
        return []
    return [only] if only.value.strip() and len(only.value) <= LONGEST_VALUE else []


class _Constants:
    """Reads the constants in an expression of one line.

    Args:
        written: The expression.
        shift: Where it begins in the text.
    """

    def __init__(self, written: str, shift: int) -> None:
        self._written = written
        self._bytes = written.encode(errors="surrogatepass")
        self._shift = shift

    def leaves(self, node: ast.expr | None, path: Path, places: _PartSpans, statement: int) -> Iterator[Found]:
        """Yield the constants under a node, None and blank strings left out."""
        if len(path) > _DEEPEST:
            return
        if isinstance(node, ast.Call):
            subject = _subject(node)
            about = (writable(str(only.value), self._written[slice(*self._within(only))]) for only in subject)
            called: Path = (*path, ast.unparse(node.func), *about)
            at: _PartSpans = (*places, None, *map(self._inner, subject))
            for argument in node.keywords:
                if argument.arg is not None:
                    start = self._place(argument.col_offset)
                    name = (start + self._shift, start + self._shift + len(argument.arg))
                    yield from self.leaves(argument.value, (*called, argument.arg), (*at, name), start)
        elif isinstance(node, ast.Dict):
            for key, member in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, (str, int)):
                    at = (*places, self._inner(key))
                    known = writable(str(key.value), self._written[slice(*self._within(key))])
                    yield from self.leaves(member, (*path, known), at, self._place(key.col_offset))
        elif isinstance(node, (ast.List, ast.Tuple)):
            for number, item in enumerate(node.elts):
                yield from self.leaves(item, (*path, number), (*places, None), self._place(item.col_offset))
        elif node is not None and path:
            yield from self._constant(node, path, places, statement)

    def _inner(self, node: ast.Constant) -> Span:
        """Return the place of a constant in the text, without its quotes."""
        start, end = self._within(node)
        return start + self._shift, end + self._shift

    def _within(self, node: ast.Constant) -> Span:
        start, end = self._place(node.col_offset), self._place(node.end_col_offset or 0)
        quotes = self._written[start] in "\"'"
        return start + quotes, end - quotes

    def _constant(self, node: ast.expr, path: Path, places: _PartSpans, statement: int) -> Iterator[Found]:
        number = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
        value = number.value if isinstance(number, ast.Constant) else None
        start, end = self._place(node.col_offset), self._place(node.end_col_offset or 0)
        stop, said = end, self._written[start:end]
        if isinstance(value, str) and number is node:
            if said[0] not in "\"'" or said[:3] in ('"""', "'''"):
                return
            start, end = start + 1, end - 1
            if value != self._written[start:end] and "\\" not in self._written[start:end]:
                return  # strings that are written one behind the other
            said = writable(value, self._written[start:end])
        elif not isinstance(value, (int, float)):
            return
        written = self._written[start:end]
        if said.strip() and len(written) <= LONGEST_VALUE:
            shift = self._shift
            span, whole = (start + shift, end + shift), (statement + shift, stop + shift)
            yield Found(path, span, whole, said if said != written else None, places=places)

    def _place(self, column: int) -> int:
        """Turn a place of the ast module, which counts bytes of UTF-8, into one in characters."""
        return len(self._bytes[:column].decode(errors="surrogatepass"))


read = PlainRule(_python, order=50, default=True)
"""The rule `python`."""
