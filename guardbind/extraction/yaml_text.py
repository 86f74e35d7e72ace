"""YAML: fenced, between `---` lines, or lines of it that are nested."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guardbind.extraction.prose import LONGEST_VALUE, is_key, is_value
from guardbind.extraction.types import Block, Found, Path, Span

__all__ = ["read"]

_DEEPEST = 64  # levels; what is nested deeper is not read
_LINE = re.compile(r"(?P<indent> *)(?P<rest>[^\r\n]*)(?:\r\n|\r|\n|\Z)")
_FENCE = re.compile(r"(?P<marks>`{3,}|~{3,})[ \t]*(?P<language>\w*)")
_KEY_LINE = re.compile(
    r"(?:-[ ]+)*(?:\"[^\"]{1,80}\"|'[^']{1,80}'|[^\s#&*!|>%@`\-\[\]{},:\"'][^:#]{0,80}?)[ ]*:(?:[ ]+(?P<value>\S.*))?[ ]*"
)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def read(text: str) -> Iterator[Block]:
    """Find YAML; what PyYAML refuses is left to other rules.

    Outside of fences and `---`, lines of the form `key: value` are YAML where some are nested in others; a value there
    has to look like one, so that no list of sentences is taken for data.
    """
    for start, end, declared in _candidates(text):
        found = _parse(text, start, end)
        if found and not declared:
            found = [item for item in found if _plausible(text, item)]
        if found:
            yield Block((start, end), tuple(found))


def _plausible(text: str, item: Found) -> bool:
    return is_value(text[slice(*item.value)]) and all(is_key(part) for part in item.path[:1] if isinstance(part, str))


def _candidates(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the ranges that may be YAML, and whether the text says that they are."""
    fence = ""
    opened: int | None = None  # where declared YAML began
    run = _Run()
    at = 0
    while at < len(text):
        line = _LINE.match(text, at)
        if line is None:  # unreachable: the expression matches anywhere
            break
        at = max(line.end(), at + 1)
        rest = line["rest"]
        if fence or opened is not None:
            if rest.rstrip() == (fence or "---"):
                if opened is not None:
                    yield opened, line.start(), True
                fence, opened = "", None
            continue
        if marks := _FENCE.match(rest):
            yield from run.close()
            fence = marks["marks"]
            opened = at if marks["language"].lower() in ("yaml", "yml") else None
        elif rest.rstrip() == "---" and not line["indent"] and text.find("\n---", at - 1) >= 0 and not text[: line.start()].strip():
            opened = at
        elif not run.takes(line):
            yield from run.close()
            run.takes(line)
    yield from run.close()


class _Run:
    """Consecutive lines that may be YAML."""

    def __init__(self) -> None:
        self._start = self._end = 0
        self._indent: int | None = None  # of the first line
        self._lines = 0
        self._nested = False
        self._opens = False  # the last line is a key without a value

    def takes(self, line: re.Match[str]) -> bool:
        """Take a line, unless it does not go on with what was taken."""
        rest, indent = line["rest"], len(line["indent"])
        comment = rest.startswith("#") and self._indent is not None
        item = rest.startswith("- ")
        key = _KEY_LINE.fullmatch(rest)
        if not rest.strip() or not (comment or key or (item and self._indent is not None)):
            return False
        if self._indent is None:
            self._start, self._indent = line.start(), indent
        elif indent < self._indent:
            return False
        elif indent > self._indent or (item and (self._opens or self._nested)):
            self._nested = True
        elif key and (key["value"] or "")[:1] in ("{", "["):
            self._nested = True
        self._end = line.end()
        self._lines += 1
        self._opens = bool(key and not key["value"])
        return True

    def close(self) -> Iterator[tuple[int, int, bool]]:
        """End the run and yield it if it is more than a list of `key: value`."""
        if self._nested and self._lines > 1:
            yield self._start, self._end, False
        self.__init__()  # type: ignore[misc]


def _parse(text: str, start: int, end: int) -> list[Found] | None:
    """Return the scalars of a document, or None if it is no YAML or has no keys."""
    try:
        import yaml
    except ImportError:
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    reader = _Reader(text, start)
    try:
        for event in yaml.parse(text[start:end], Loader=loader):
            if not reader.take(event):
                return None
    except (yaml.YAMLError, ValueError):
        return None
    return reader.found if any(isinstance(part, str) for item in reader.found for part in item.path) else None
