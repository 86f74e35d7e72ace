"""Reads constants in fences of code: what names are assigned, without the comments behind them."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from guardbind.extraction.code_lines import read_code_lines
from guardbind.extraction.python_constants import PythonConstants
from guardbind.extraction.rule import Block, Found, Path, PlainRule
from guardbind.text.layout import Span

__all__ = ["read"]

_FENCE = re.compile(r"(?:\A|(?<=\n))[ ]{0,3}(?P<marks>`{3,}|~{3,})[ \t]*(?P<language>[\w+#.-]*)[^\n`]*\n")
_PYTHON = re.compile(r"py(?:thon)?3?|ipython3?|pycon", re.IGNORECASE)
# Forms that other rules read, or that are no code.
_OTHERS = re.compile(
    r"|ya?ml|jsonc?5?|jsonl|ndjson|csv|tsv|x?html|xml|svg|markdown|md|te?xt|plain(?:text)?|diff|patch|console|output|log"
    r"|sql|toml|ini|conf|cfg|env|dotenv|properties|table|latex|mermaid|none",
    re.IGNORECASE,
)
_SHELL = re.compile(r"(?:ba|z|k|fi)?sh|shell", re.IGNORECASE)
_HEADED = re.compile(r"^[ \t]*#(?!!)", re.MULTILINE)
_BROKEN_LINE = re.compile(r"\r(?!\n)|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029\0]")


def _code(text: str) -> Iterator[Block]:
    """Find fences that name a language of code; a name that is assigned something computed somewhere is left out.

    What is Python is no other rule's, even if it binds nothing.
    """
    at = 0
    while opening := _FENCE.search(text, at):
        start = opening.end()
        closing = _closing(text, start, opening["marks"])
        if closing is None:
            return
        end, at = closing
        if _OTHERS.fullmatch(opening["language"]) or _BROKEN_LINE.search(text, start, end):
            continue
        shell = _SHELL.fullmatch(opening["language"]) is not None
        if shell and _HEADED.search(text, start, end):
            continue  # in a list of settings a comment names those below it
        read = _python(text, start, end) if _PYTHON.fullmatch(opening["language"]) else None
        python = read is not None
        if read is None:
            read = list(read_code_lines(text, start, end, words=shell))
        found = tuple(sorted(read, key=lambda item: item.value))
        if found or (python and start < end):
            yield Block((start, end), found)


def _closing(text: str, start: int, marks: str) -> Span | None:
    """Return where a fence ends, and where the line behind it begins."""
    at = start
    while (found := text.find(marks, at)) >= 0:
        line = text.rfind("\n", start - 1, found) + 1
        end = text.find("\n", found)
        end = len(text) if end < 0 else end
        if not text[line:found].strip(" ") and not text[found:end].strip("`~ \t\r"):
            return line, end
        at = end
    return None


class _Assigned(NamedTuple):
    """A name in its scope, and what is assigned to it; no constants: something computed."""

    path: Path
    found: tuple[Found, ...]


def _python(text: str, start: int, end: int) -> list[Found] | None:
    """Return the constants of a piece of Python; None if it is none."""
    written = text[start:end]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes and numbers, which are not ours
            tree = ast.parse(written)
        assigned = list(_PythonScopes(written.replace("\r\n", " \n"), start).of(tree.body, (), (), certain=True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    computed = {item.path for item in assigned if not item.found}
    return [found for item in assigned for found in item.found if item.path not in computed]


class _PythonScopes:
    """Reads assignments in the order of the text, each in its class or function."""

    def __init__(self, written: str, shift: int) -> None:
        self._constants = PythonConstants(written, shift)
        self._calls: dict[Path, int] = {}

    def of(
        self, body: list[ast.stmt], path: Path, places: tuple[Span | None, ...], *, certain: bool
    ) -> Iterator[_Assigned]:
        """Yield what the statements of a scope assign; what only some runs of it come to is not certain."""
        for statement in body:
            if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from self.of(statement.body, (*path, statement.name), (*places, None), certain=certain)
            elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                alone = len(targets) == 1 and certain
                for target in targets:
                    yield from self._assigned(target, statement.value if alone else None, path, places)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                if certain:
                    yield from self._call(statement.value, path, places)
            else:
                for node in ast.walk(statement):
                    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
                        yield from self._assigned(node, None, path, places)

    def _assigned(
        self, target: ast.expr, value: ast.expr | None, path: Path, places: tuple[Span | None, ...]
    ) -> Iterator[_Assigned]:
        if isinstance(target, (ast.Tuple, ast.List)):
            for part in target.elts:
                yield from self._assigned(part, None, path, places)
            return
        name = _name(target)
        if name is None:
            return
        span = self._constants.span(target)
        at = (*places, *((None,) * (len(name) - 1)), span if isinstance(target, ast.Name) else None)
        start = span[0] - self._constants.shift
        yield _Assigned((*path, *name), tuple(self._constants.leaves(value, (*path, *name), at, start)))

    def _call(self, call: ast.Call, path: Path, places: tuple[Span | None, ...]) -> Iterator[_Assigned]:
        """Read the arguments of a call; calls of one function are told apart by their number."""
        found = list(self._constants.leaves(call, path, places, call.col_offset))
        if not found:
            return
        function = found[0].path[: len(path) + 1]
        number = self._calls[function] = self._calls.get(function, -1) + 1
        depth = len(function)
        numbered = tuple(
            Found(
                (*function, number, *item.path[depth:]),
                item.value,
                item.statement,
                item.decoded,
                places=(*item.places[:depth], None, *item.places[depth:]),
            )
            for item in found
        )
        yield _Assigned((*function, number), numbered)


def _name(target: ast.expr) -> Path | None:
    """Return what is assigned to: `x`, `x.y`, `x["y"]`."""
    if isinstance(target, ast.Name):
        return (target.id,)
    if isinstance(target, ast.Attribute):
        outer = _name(target.value)
        return None if outer is None or len(outer) > 8 else (*outer, target.attr)
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        outer, key = _name(target.value), target.slice.value
        return None if outer is None or len(outer) > 8 or not isinstance(key, str) else (*outer, ascii(key)[1:-1])
    return None


read = PlainRule(_code, order=12, default=True)
"""The rule `code`."""
