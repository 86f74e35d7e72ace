"""Reads lists in which arrows or dots lead from a name to its value: `/friends -> /support`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guardbind.extraction.prose import is_key, is_value
from guardbind.extraction.rule import Block, Found, WordedRule
from guardbind.extraction.stance import counts, rejected_above
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span

__all__ = ["read"]

_MOST_WORDS = 4
_LINE = re.compile(r"(?P<content>[^\r\n\u2028\u2029]*)(?:\r\n|[\r\n\u2028\u2029]|\Z)")
_OPENING = re.compile(r"[ \t]{0,40}(?:(?:[-*+\u2022\u2013]|\d{1,3}[.)])[ \t]{1,8})?")
_ARROW = re.compile(r"[ \t]{1,40}(?P<sign>->|=>|-->|==>|\u2192|\u21d2|\u27f6|\.{3,80})[ \t]{1,40}")
_SIGN = re.compile(r"->|=>|\u2192|\u21d2|\u27f6|<-|\u2190|\u2194|\.{3,80}")
_LONGEST = 200  # characters of a line that is looked at
_MARKS = "\"'`*"
_HEADING = "#*_=: \t\uff1a"


class _Arrow(NamedTuple):
    line: Span
    name: Span
    value: Span
    sign: str


def _arrows(text: str, language: Language) -> Iterator[Block]:
    """Find two lines or more, one below the other, of a name, an arrow or dots, and a value.

    No name of them stands before another arrow of the text. Where a value of the list is a name of it as well, its
    lines are steps, and nothing is bound.
    """
    layout = Layout(text, language=language)
    runs: list[list[_Arrow]] = [[]]
    for match in _LINE.finditer(text):
        arrow = _arrow(text, match.span("content"), language)
        if runs[-1] and (arrow is None or arrow.sign != runs[-1][-1].sign):
            runs.append([])
        if arrow is not None:
            runs[-1].append(arrow)
    said = Counter(text[slice(*arrow.name)].casefold() for run in runs for arrow in run)
    for run in runs:
        if all(said[text[slice(*arrow.name)].casefold()] == 1 for arrow in run):
            yield from _blocks(text, run, layout, language)


def _arrow(text: str, line: Span, language: Language) -> _Arrow | None:
    start, end = line
    if end - start > _LONGEST:
        return None
    opening = _OPENING.match(text, start, end)
    begun = opening.end() if opening else start
    sign = _ARROW.search(text, begun, end)
    if sign is None or len(_SIGN.findall(text, begun, end)) != 1:
        return None
    name, value = _bare(text, begun, sign.start()), _bare(text, sign.end(), end)
    if name is None or value is None or not is_key(text[slice(*name)], language):
        return None
    said = text[slice(*value)]
    if max(len(text[slice(*name)].split()), len(said.split())) > _MOST_WORDS or not is_value(said, language):
        return None
    return _Arrow((start, end), name, value, sign["sign"][:2])


def _bare(text: str, start: int, end: int) -> Span | None:
    """Return what stands between without marks around it and what parts lines."""
    while end > start and text[end - 1] in " \t,;":
        end -= 1
    while end - start > 1 and text[start] == text[end - 1] and text[start] in _MARKS:
        start, end = start + 1, end - 1
    return (start, end) if start < end else None


def _blocks(text: str, run: Sequence[_Arrow], layout: Layout, language: Language) -> Iterator[Block]:
    names = {text[slice(*arrow.name)].casefold() for arrow in run}
    values = {text[slice(*arrow.value)].casefold() for arrow in run}
    if len(run) < 2 or names & values:
        return
    found = tuple(
        Found((text[slice(*arrow.name)],), arrow.value, statement, form="row", places=(arrow.name,))
        for arrow in run
        if counts(text, statement := (arrow.name[0], arrow.value[1]), arrow.value, layout, language)
    )
    if found:
        rejected = rejected_above(text, run[0].line[0], language) or _are_pages(text, run, language)
        yield Block((run[0].line[0], run[-1].line[1]), () if rejected else found)


def _are_pages(text: str, run: Sequence[_Arrow], language: Language) -> bool:
    """Whether a list says what stands on which page: its heading does."""
    above = text[max(0, run[0].line[0] - _LONGEST) : run[0].line[0]].rstrip().splitlines()
    heading = above[-1].strip(_HEADING).casefold() if above else ""
    return heading in language.vocabulary.contents and all(text[slice(*arrow.value)].isdecimal() for arrow in run)


read = WordedRule(_arrows, order=56, default=True)
"""The rule `lookup`."""
