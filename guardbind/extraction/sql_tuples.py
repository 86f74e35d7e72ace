"""Reads rows that are written as tuples, as the drivers of databases return them."""

from __future__ import annotations

import ast
import re
import warnings

from guardbind.extraction.python_constants import PythonConstants
from guardbind.extraction.tables import TableCell

__all__ = ["LONGEST_ROWS", "read_tuples"]

LONGEST_ROWS = 200_000
"""Characters of the rows of a statement."""

_TOKEN = re.compile(r"'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\"|[()\[\]{}]")
_BROKEN_LINE = re.compile(r"[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029\0]")
_NEXT = re.compile(r"[ \t]*,?[ \t]*\r?\n[ \t]*(?=[(])")
_TupleRows = tuple[list[list[TableCell | None]], int]


def read_tuples(text: str, start: int, width: int) -> _TupleRows | None:
    """Return the rows of a list of tuples, or of tuples on lines of their own, and where they end.

    Args:
        text: The text.
        start: Where the first bracket is.
        width: How many values a row has; None is returned if one has another number.
    """
    rows: list[list[TableCell | None]] = []
    at, end = start, start
    while (stop := _close(text, at)) is not None:
        read = _parsed(text, at, stop, width)
        if read is None:
            break
        rows += read
        end = stop
        following = _NEXT.match(text, stop) if text[start] == "(" else None
        if following is None:
            break
        at = following.end()
    return (rows, end) if rows else None


def _close(text: str, start: int) -> int | None:
    depth = 0
    for token in _TOKEN.finditer(text, start, min(len(text), start + LONGEST_ROWS)):
        sign = token[0]
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0:
            return token.end()
    return None


def _parsed(text: str, start: int, end: int, width: int) -> list[list[TableCell | None]] | None:
    written = text[start:end]
    if _BROKEN_LINE.search(written):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes and numbers, which are not ours
            tree = ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    items = tree.elts if isinstance(tree, ast.List) else [tree]
    constants = PythonConstants(written, start)
    rows = []
    for item in items:
        if not isinstance(item, (ast.Tuple, ast.List)) or len(item.elts) != width:
            return None
        rows.append([_cell(text, constants, part) for part in item.elts])
    return rows


def _cell(text: str, constants: PythonConstants, part: ast.expr) -> TableCell | None:
    """Return a constant, or what `Decimal('5.00')` is made of."""
    if isinstance(part, ast.Call) and len(part.args) == 1 and not part.keywords:
        part = part.args[0]
    found = next(constants.leaves(part, ("",), (), 0), None)
    if found is None:
        return None
    return TableCell(found.value, text[slice(*found.value)] if found.decoded is None else found.decoded)
