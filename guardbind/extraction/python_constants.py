"""Reads the constants in an expression of Python: the arguments of calls, the members of dicts and lists."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import accumulate
from typing import TypeAlias

from guardbind.extraction.escapes import writable
from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Found, Path
from guardbind.text.layout import Span

__all__ = ["PythonConstants"]

_DEEPEST = 64  # parts of a path; what is nested deeper is not read
_PartSpans: TypeAlias = tuple[Span | None, ...]


def _subject(call: ast.Call) -> list[ast.Constant]:
    """Return what a call is about: its one argument without a name, where that is a string."""
    only = call.args[0] if len(call.args) == 1 else None
    if not isinstance(only, ast.Constant) or not isinstance(only.value, str):
        return []
    return [only] if only.value.strip() and len(only.value) <= LONGEST_VALUE else []


class PythonConstants:
    """Reads the constants in an expression or in statements.

    Args:
        written: The source, whose lines end with a line feed.
        shift: Where it begins in the text.
    """

    def __init__(self, written: str, shift: int) -> None:
        self._written = written
        self._bytes = written.encode(errors="surrogatepass")
        self.shift = shift
        lines = written.split("\n")
        self._chars = [0, *accumulate(len(line) + 1 for line in lines)]
        self._lines = [0, *accumulate(len(line.encode(errors="surrogatepass")) + 1 for line in lines)]

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
                    start = self._place(argument.lineno, argument.col_offset)
                    name = (start + self.shift, start + self.shift + len(argument.arg))
                    yield from self.leaves(argument.value, (*called, argument.arg), (*at, name), start)
        elif isinstance(node, ast.Dict):
            for key, member in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, (str, int)):
                    at = (*places, self._inner(key))
                    known = writable(str(key.value), self._written[slice(*self._within(key))])
                    yield from self.leaves(member, (*path, known), at, self._place(key.lineno, key.col_offset))
        elif isinstance(node, (ast.List, ast.Tuple)):
            for number, item in enumerate(node.elts):
                yield from self.leaves(
                    item, (*path, number), (*places, None), self._place(item.lineno, item.col_offset)
                )
        elif node is not None and path:
            yield from self._constant(node, path, places, statement)

    def _inner(self, node: ast.Constant) -> Span:
        """Return the place of a constant in the text, without its quotes."""
        start, end = self._within(node)
        return start + self.shift, end + self.shift

    def _within(self, node: ast.Constant) -> Span:
        start, end = self._ends(node)
        quotes = self._written[start] in "\"'"
        return start + quotes, end - quotes

    def _constant(self, node: ast.expr, path: Path, places: _PartSpans, statement: int) -> Iterator[Found]:
        number = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
        value = number.value if isinstance(number, ast.Constant) else None
        start, end = self._ends(node)
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
            shift = self.shift
            span, whole = (start + shift, end + shift), (statement + shift, stop + shift)
            yield Found(path, span, whole, said if said != written else None, places=places)

    def span(self, node: ast.expr) -> Span:
        """Return where an expression stands in the text."""
        start, end = self._ends(node)
        return start + self.shift, end + self.shift

    def _ends(self, node: ast.expr) -> Span:
        return self._place(node.lineno, node.col_offset), self._place(node.end_lineno or 1, node.end_col_offset or 0)

    def _place(self, line: int, column: int) -> int:
        """Turn a place of the ast module, which counts lines and bytes of UTF-8, into one in characters."""
        start = self._lines[line - 1]
        return self._chars[line - 1] + len(self._bytes[start : start + column].decode(errors="surrogatepass"))
