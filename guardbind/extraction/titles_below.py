"""Reads records whose titles stand below their fields: `Room: 301`, and `### Ada Moss` on the next line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guardbind.extraction.lines import Line
from guardbind.extraction.rule import Block, Found
from guardbind.text.layout import Span
from guardbind.text.values import classify

__all__ = ["titles_below", "without"]

_SURE = 3  # titles from which their order alone tells that they stand below
_LONGEST = 40  # characters of a line that may be a value


class _Group(NamedTuple):
    """Fields with the title behind them; the numbers of the lines, and whether a blank line stands before each part."""

    fields: tuple[int, ...]
    title: int
    apart: bool
    inside: bool


def titles_below(text: str, lines: Sequence[Line]) -> Iterator[Block]:
    """Yield what stands above the titles that name it; where that is not sure, a block that binds nothing.

    Such titles have fields with the same keys above each of them, and none below the last. Where no blank line tells
    which of them belong together, two titles may as well be those of what is below them: the first line would be
    somebody else's, and the last one's would be missing. Nobody can tell then.

    Args:
        text: The text.
        lines: Its lines.
    """
    number = 0
    while number < len(lines):
        groups, end = _groups(lines, number)
        if len(groups) < 2 or end < 0:
            if _begins_with_a_value(text, lines, number) and (last := _empty_end(lines, number + 1)) > 0:
                yield Block((lines[number].start, lines[last].end), ())
                number = last
            number = max(number + 1, end)
            continue
        keys = [{said.name.casefold() for at in group.fields for said in lines[at].fields} for group in groups]
        alike = all(each == keys[0] for each in keys)
        region = (lines[groups[0].fields[0]].start, lines[groups[-1].title].end)
        parted, joined = any(group.apart for group in groups[1:]), not any(group.inside for group in groups)
        marked = all(lines[group.title].kind != "title" for group in groups)
        if alike and joined and (parted or (marked and len(groups) >= _SURE)):
            yield Block(region, tuple(_found(text, lines, groups)))
        elif marked and (joined or parted) and any(keys[0] & each for each in keys[1:]):
            yield Block(region, ())
        number = end


def without(lines: Sequence[Line], blocks: Sequence[Block]) -> list[Line]:
    """Return lines, those in some blocks as running text."""
    regions = iter(blocks)
    block = next(regions, None)
    found = []
    for line in lines:
        while block is not None and block.region[1] <= line.start:
            block = next(regions, None)
        inside = block is not None and block.region[0] <= line.start
        found.append(Line(line.start, line.end, "text") if inside else line)
    return found


def _groups(lines: Sequence[Line], number: int) -> tuple[list[_Group], int]:
    """Return the groups from a line on, and the line behind them; below zero where something stands below the last."""
    groups: list[_Group] = []
    start = number
    if not _is_field(lines[number]) or _titled(lines, number):
        return [], number
    kind = None
    while True:
        at, apart = _skip(lines, number)
        fields: list[int] = []
        while at < len(lines) and _is_field(lines[at]):
            fields.append(at)
            at += 1
        title, inside = _skip(lines, at)
        if not fields:
            # Something else directly below the last title is its text, and the titles stand above.
            below = number < len(lines) and lines[number].kind not in ("blank", "rule")
            return ([], number) if below else (groups, number)
        if title >= len(lines) or not _is_title(lines[title]) or (kind or lines[title].kind) != lines[title].kind:
            # Fields below the last title: the titles stand above.
            return [], -at if groups else at
        kind = lines[title].kind
        groups.append(_Group(tuple(fields), title, apart and number > start, inside))
        number = title + 1


def _skip(lines: Sequence[Line], number: int) -> tuple[int, bool]:
    at = number
    while at < len(lines) and lines[at].kind == "blank":
        at += 1
    return at, at > number


def _titled(lines: Sequence[Line], number: int) -> bool:
    """Whether a title stands above a line, or another field."""
    at = number - 1
    while at >= 0 and lines[at].kind == "blank":
        at -= 1
    return at >= 0 and (_is_title(lines[at]) or (_is_field(lines[at]) and at == number - 1))


def _is_field(line: Line) -> bool:
    return line.kind == "fields" and line.title is None and bool(line.fields)


def _is_title(line: Line) -> bool:
    marked = line.kind in ("heading", "bold")
    return line.title is not None and not line.fields and (marked or (line.kind == "title" and not line.bullet))


def _begins_with_a_value(text: str, lines: Sequence[Line], number: int) -> bool:
    """Whether a line is a value by itself, directly above a title with marks."""
    line = lines[number]
    if (
        number + 1 >= len(lines)
        or lines[number + 1].kind not in ("heading", "bold")
        or line.kind not in ("text", "title")
    ):
        return False
    said = text[line.start : line.end].strip()
    return 0 < len(said) <= _LONGEST and (said[0].isdecimal() or classify(said).type != "text")


def _empty_end(lines: Sequence[Line], number: int) -> int:
    """Return the last of several titles with a line below each of them, where nothing is below that one; else -1."""
    kind, last = lines[number].kind, number
    while last + 2 < len(lines) and lines[last + 1].kind not in ("blank", kind) and lines[last + 2].kind == kind:
        last += 2
    below = last + 1 < len(lines) and lines[last + 1].kind != "blank"
    return last if last > number and not below else -1


def _found(text: str, lines: Sequence[Line], groups: Sequence[_Group]) -> Iterator[Found]:
    spans = [lines[group.title].title or (0, 0) for group in groups]
    names = Counter(text[slice(*span)] for span in spans)
    for place, (group, span) in enumerate(zip(groups, spans, strict=True)):
        name = text[slice(*span)]
        again: tuple[int, ...] = (place,) if names[name] > 1 else ()
        nowhere: tuple[Span | None, ...] = (None,) * len(again)
        for at in group.fields:
            for said in lines[at].fields:
                yield Found((name, *again, said.name), said.value, said.span, places=(span, *nowhere, said.key))
