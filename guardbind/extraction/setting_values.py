"""Finds the values in what stands behind the `=` of a setting: one, or those of a list or a table in TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import TypeAlias

from guardbind.extraction.escapes import writable
from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Path
from guardbind.text.layout import Span

__all__ = ["setting_values"]

_SettingValue: TypeAlias = tuple[Path, Span, str | None]

_DEEPEST = 16
_QUOTED = re.compile(r"\"(?P<double>[^\"\\\r\n]*+(?:\\.[^\"\\\r\n]*+)*+)\"|'(?P<single>[^'\r\n]*)'")
_COMMENT = re.compile(r"[ \t]+(?:[#;]|//[ \t])")
_TOKEN = re.compile(
    r"[ \t]*(?:(?P<string>\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"|'[^']*')"
    r"|(?P<bare>[^\s\[\]{},=\"'#]+(?: \d[^\s\[\]{},=\"'#]*)?)"
    r"|(?P<sign>[\[\]{},=]))"
)


def setting_values(text: str, span: Span, *, toml: bool) -> Iterator[_SettingValue]:
    """Yield the path below the key, the place and the decoded form of each value on the line.

    A comment behind the value is no part of it, nor are the quotes around it. Only TOML has lists and tables; elsewhere
    they are as they are written.

    Args:
        text: The text.
        span: Where the value begins, and where its line ends.
        toml: Whether it is written as TOML says.
    """
    start, end = span
    if text[start] in "[{":
        closed = text[start] + text[start:end].rstrip()[-1:] in ("[]", "{}")
        if toml:
            yield from _nested(text, start, end)
        if toml or not closed:
            return
    quoted = _QUOTED.match(text, start, end)
    if quoted and (not text[quoted.end() : end].strip() or _COMMENT.match(text, quoted.end(), end)):
        inner = quoted.span(quoted.lastgroup or 0)
        yield from _one((), text, inner, escaped=quoted.lastgroup == "double" and toml)
        return
    comment = _COMMENT.search(text, start, end)
    stop = comment.start() if comment else end
    while stop > start and text[stop - 1] in " \t":
        stop -= 1
    yield from _one((), text, (start, stop), escaped=False)


def _one(path: Path, text: str, span: Span, *, escaped: bool) -> Iterator[_SettingValue]:
    written = text[slice(*span)]
    if written.strip() and len(written) <= LONGEST_VALUE:
        said = _said(written) if escaped and "\\" in written else written
        yield path, span, said if said != written else None


def _said(written: str) -> str:
    try:
        return writable(str(tomllib.loads(f'x = "{written}"')["x"]), written)
    except ValueError:
        return written


def _nested(text: str, start: int, end: int) -> Iterator[_SettingValue]:
    """Read a list or a table on one line; tomllib has found it well formed."""
    levels: list[list[str | int | None]] = []  # of each bracket: the place in the list, or the key in the table
    at = start
    key: str | None = None
    while token := _TOKEN.match(text, at, end):
        at = token.end()
        sign = token["sign"]
        if sign in ("[", "{"):
            if len(levels) == _DEEPEST:
                return
            levels.append([0 if sign == "[" else None])
        elif sign in ("]", "}"):
            levels.pop()
            if not levels:
                return
        elif sign == ",":
            last = levels[-1][0]
            levels[-1][0] = last + 1 if isinstance(last, int) else None
        elif sign == "=":
            levels[-1][0] = key
        elif levels:
            quotes = token["string"] is not None
            low, high = token.span("string" if quotes else "bare")
            inner = (low + quotes, high - quotes)
            key = text[slice(*inner)]
            if levels[-1][0] is not None:
                path = tuple(level[0] for level in levels if level[0] is not None)
                yield from _one(path, text, inner, escaped=text[low] == '"')
        else:
            return
