"""Reads lines of a name and a value without a sign between them: `Alice 4417`, `Bob 8213`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guardbind.extraction.prose import is_key
from guardbind.extraction.rule import Block, Found, WordedRule
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.values import classify

__all__ = ["read"]

_LINE = re.compile(r"(?P<content>[^\r\n\u2028\u2029]*)(?:\r\n|[\r\n\u2028\u2029]|\Z)")
_PAIR = re.compile(
    r"[ \t]{0,20}(?:[-*\u2022][ \t]{1,4})?(?P<name>[^\W\d_][\w.'\u2019-]{0,40}(?:[ ][^\W\d_][\w.'\u2019-]{0,40}){0,2})"
    r"[ \t]{1,40}(?P<value>[$\u20ac\u00a3\u00a5#+]?\w[\w.,:/@+-]{0,60}(?:[ ](?:[A-Z]{3}|[$\u20ac\u00a3\u00a5]))?)[ \t]*"
)
_CODED = re.compile(r"[ \t]{0,20}(?P<name>[\w./:-]{4,60})(?:[ ]{2,40}|\t{1,4})(?P<value>[\w./:-]{3,80})[ \t]*")
_LEAST_DIGITS = 2


class _Pair(NamedTuple):
    line: Span
    name: Span
    value: Span
    shape: tuple[str, int, bool]


def _two_columns(text: str, language: Language) -> Iterator[Block]:
    """Find two lines or more, one below the other, of the same number of words and the same kind of value."""
    run: list[_Pair] = []
    for match in _LINE.finditer(text):
        line = match.span("content")
        pair = _pair(text, line, language) or _coded(text, line)
        if run and (pair is None or pair.shape != run[-1].shape):
            yield from _block(text, run)
            run = []
        if pair is not None:
            run.append(pair)
    yield from _block(text, run)


def _pair(text: str, line: Span, language: Language) -> _Pair | None:
    match = _PAIR.fullmatch(text, *line)
    if match is None:
        return None
    name, value = match["name"], match["value"]
    kind = classify(value).type
    if kind == "text" or sum(map(str.isdecimal, value)) < _LEAST_DIGITS or not name[0].isupper():
        return None
    words = name.casefold().split()
    month = classify(f"1 {name} 2024").type == "date"
    if month or not is_key(name, language):
        return None
    if any(word.strip(".") in language.function_words for word in words):
        return None
    return _Pair(line, match.span("name"), match.span("value"), (kind, len(words), value[-1].isalpha()))


def _coded(text: str, line: Span) -> _Pair | None:
    """Read `a41f9c2  sha256:5d0e7b`: two codes, well apart."""
    match = _CODED.fullmatch(text, *line)
    if match is None or not all(any(map(str.isdecimal, match[part])) for part in ("name", "value")):
        return None
    name, value = classify(match["name"]).type, classify(match["value"]).type
    if not any(map(str.isalpha, match["name"])) or name not in ("id", "text") or value not in ("id", "text"):
        return None
    return _Pair(line, match.span("name"), match.span("value"), ("code", 1, False))


def _block(text: str, run: Sequence[_Pair]) -> Iterator[Block]:
    names = {text[slice(*pair.name)] for pair in run}
    if len(run) > 1 and len(names) == len(run):
        found = tuple(
            Found(
                (text[slice(*pair.name)],), pair.value, (pair.name[0], pair.value[1]), form="row", places=(pair.name,)
            )
            for pair in run
        )
        yield Block((run[0].line[0], run[-1].line[1]), found)


read = WordedRule(_two_columns, order=65, default=True)
"""The rule `two_columns`."""
