"""Reads output in aligned columns: a line of headings, and cells that stand below them or between bars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple, TypeAlias

from guardbind.extraction.captions import caption_above
from guardbind.extraction.prose import is_key
from guardbind.extraction.rule import Block, WordedRule
from guardbind.extraction.tables import TableCell, read_table
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.values import classify

__all__ = ["read"]

_LONGEST = 1000  # characters of a line
_MOST_COLUMNS = 40
_HEADING_WORDS = 4
_FIELD_WORDS = 8  # of headings with one blank between
_MOST_AGAIN = 50  # lines
_LINE = re.compile(r"(?P<content>[^\r\n]*)(?:\r\n|\r|\n|\Z)")
_TOKEN = re.compile(r"\S+")
_FIELD = re.compile(r"\S+(?: \S+)*")
# Boxes are drawn with signs or with the characters that Unicode has for it.
_BARS = "|\u2502\u2503\u2551"
_RULED = frozenset("+-=| \t\u2500\u2501\u2550\u253c\u2524\u251c\u252c\u2534\u250c\u2510\u2514\u2518\u256a\u255e\u2561")
_RULED |= frozenset("\u2554\u2557\u255a\u255d\u2560\u2563\u2566\u2569\u256c\u2502\u2551\u2503\u254b\u2521\u2529\u2547")
_DASHES = re.compile(r"(?:-+|=+|\u2500+)")


class _Columns(NamedTuple):
    """Headings, and from where to where the cells of each stand in a line; no end: to the end of the line."""

    head: list[str]
    spans: list[tuple[int, int | None]]


def _aligned(text: str, language: Language) -> Iterator[Block]:
    """Find headings with rows below them, up to the first line that does not keep to the columns.

    Columns are parted by bars with a line of dashes below the headings, by such a line alone, or by blanks: at least
    two of them, or one between headings in capitals where all rows have a blank there as well. Headings
    that are not in capitals have at least three columns, and digits below one of them.
    """
    lines = [match.span("content") for match in _LINE.finditer(text)]
    number = 0
    while number + 1 < len(lines):
        head, rows, last = _table(text, lines, number, language) or ([], [], number)
        if not rows:
            number = last + 1
            continue
        start = lines[number][0]
        above = start if number == 0 or not _is_ruled(text, lines[number - 1]) else lines[number - 1][0]
        caption = caption_above(text, above, language)
        found = tuple(read_table(text, head, rows, language, caption))
        if found:
            yield Block((caption.span[0] if caption else start, lines[last][1]), found)
        number = last + 1


_ReadTable: TypeAlias = tuple[list[str], list[list[TableCell | None]], int]


def _table(text: str, lines: Sequence[Span], number: int, language: Language) -> _ReadTable | None:
    """Return the headings on a line, the rows below it, and the number of the last line; None if it heads nothing."""
    start, end = lines[number]
    line = text[start:end]
    if not 3 <= len(line) <= _LONGEST or "\t" in line or line.isspace():
        return None
    ruled = _is_ruled(text, lines[number + 1])
    if ruled and any(bar in line for bar in _BARS):
        return _barred(text, lines, number, language)
    if ruled and len(_DASHES.findall(text[slice(*lines[number + 1])])) > 1:
        return _below_dashes(text, lines, number, language)
    return None if ruled else _spaced(text, lines, number, language)


def _is_ruled(text: str, line: Span) -> bool:
    written = text[slice(*line)]
    return len(written) > 2 and len(written) <= _LONGEST and _RULED.issuperset(written) and not written.isspace()


def _is_head(head: Sequence[str], language: Language) -> bool:
    """Whether these can be headings: several, all different, of few words, and none of them a typed value."""
    return (
        1 < len(head) <= _MOST_COLUMNS
        and len(set(head)) == len(head)
        and all(
            len(name.split()) <= _HEADING_WORDS
            and name[-1] not in ".!?:;"
            and not any(sign in name for sign in (",", ". ", "  "))
            and ("%" in name or "#" in name or is_key(name, language))
            and classify(name).type == "text"
            for name in head
            if name
        )
    )


def _barred(text: str, lines: Sequence[Span], number: int, language: Language) -> _ReadTable | None:
    """Read cells between bars, as psql, MySQL and sqlite draw them."""
    head = _between_bars(text, lines[number])
    names = [cell.content if cell else "" for cell in head]
    if not all(names[1:]) or not _is_head(names, language):
        return None
    rows: list[list[TableCell | None]] = []
    last = number + 1
    for place in range(number + 2, len(lines)):
        if _is_ruled(text, lines[place]):
            last = place
            continue
        row = _between_bars(text, lines[place])
        if len(row) != len(head):
            break
        rows.append(row)
        last = place
    return (names, rows, last) if rows else None


def _between_bars(text: str, line: Span) -> list[TableCell | None]:
    start, end = line
    if end - start > _LONGEST:
        return []
    cells = []
    at = start
    for place in [*(place for place in range(start, end) if text[place] in _BARS), end]:
        cells.append(_cell(text, at, place))
        at = place + 1
    if len(cells) > 2 and cells[0] is None and not text[start:end].strip()[:1].isalnum():
        cells = cells[1:-1] if text[start:end].strip()[-1] in _BARS else cells
    return cells if len(cells) > 1 else []


def _cell(text: str, start: int, end: int) -> TableCell | None:
    written = text[start:end]
    content = written.strip()
    if not content:
        return None
    at = start + len(written) - len(written.lstrip())
    return TableCell((at, at + len(content)), content)


def _below_dashes(text: str, lines: Sequence[Span], number: int, language: Language) -> _ReadTable | None:
    """Read columns as wide as the dashes below their headings."""
    start, end = lines[number + 1]
    runs = [match.span() for match in _DASHES.finditer(text[start:end])]
    if len(runs) > _MOST_COLUMNS:
        return None
    starts = [0, *(low for low, _ in runs[1:])]
    spans = [(low, high) for low, high in zip(starts, [*starts[1:], None], strict=True)]
    head = _cells_of(text, lines[number], spans)
    names = [cell.content if cell else "" for cell in head or ()]
    if not all(names[1:]) or not _is_head(names, language):
        return None
    return _rows(text, lines, number + 2, _Columns(names, spans))


def _spaced(text: str, lines: Sequence[Span], number: int, language: Language) -> _ReadTable | None:
    """Read columns that blanks part in the headings and in all rows."""
    start, end = lines[number]
    line = text[start:end]
    fields = [match.span() for match in _FIELD.finditer(line)]
    capitals = line.upper() == line
    if not (len(fields) > 1 or (capitals and len(line.split()) > 2)) or len(fields) > _MOST_COLUMNS:
        return None
    said = [line[slice(*field)] for field in fields]
    if not capitals and any(name[-1] in ".!?:,;" or len(name.split()) > _FIELD_WORDS for name in said):
        return None
    rows, blank = _keeping(line, fields, (text[slice(*below)] for below in islice(lines, number + 1, None)))
    spans = _cut(line, rows, blank, capitals) if rows else None
    if spans and any(prose := [_said(row, spans) for row in rows]):
        rows, blank = _keeping(line, fields, rows[: prose.index(True)])
        spans = _cut(line, rows, blank, capitals) if rows else None
    names = [line[low:high].strip() for low, high in spans or ()]
    if spans is None or not _is_head(names, language) or not (capitals or _heads(names, rows, spans)):
        # Each of many lines is not to be looked at again below each of them.
        return [], [], number + len(rows) if len(rows) > _MOST_AGAIN else number
    if len(names) < len(line.split()) and len(fields) == 1 and not _stands_over(line, rows, spans[0]):
        # Each of many lines is not to be looked at again below each of them.
        return [], [], number + len(rows) if len(rows) > _MOST_AGAIN else number
    return _rows(text, lines, number + 1, _Columns(names, spans), len(rows))


def _stands_over(line: str, rows: Sequence[str], first: tuple[int, int | None]) -> bool:
    """Whether the first heading begins or ends where the cells below it do; a title stands anywhere above them."""
    cells = [row[slice(*first)] for row in (line, *rows)]
    starts = [len(cell) - len(cell.lstrip()) for cell in cells if cell.strip()]
    ends = [len(cell.rstrip()) for cell in cells if cell.strip()]
    return starts[0] == min(starts[1:], default=-1) or ends[0] == max(ends[1:], default=-1)


def _keeping(line: str, fields: Sequence[Span], below: Iterable[str]) -> tuple[list[str], bytearray]:
    """Return the rows that leave a blank wherever two are in the headings, and which places are blank in all of them.

    The first one that does not is behind the table.
    """
    rows: list[str] = []
    blank = bytearray(b"\1" * len(line))
    for row in below:
        if "\t" in row or len(row) > _LONGEST:
            break
        now = blank[:]
        tokens = [match.span() for match in _TOKEN.finditer(row)]
        for low, high in tokens:
            now[low:high] = bytes(max(0, min(high, len(line)) - low))
        if len(tokens) < 2 or any(now.find(1, a, b) < 0 for (_, a), (b, _) in pairwise(fields)):
            break
        rows.append(row)
        blank = now
    return rows, blank


def _heads(names: Sequence[str], rows: Sequence[str], spans: Sequence[tuple[int, int | None]]) -> bool:
    """Whether a line differs from those below it, in that one of its columns has digits in each of these alone.

    Two columns are more often keys beside their values.
    """
    return len(names) > 2 and any(
        not _has_digit(name) and all(_has_digit(row[low:high]) for row in rows)
        for name, (low, high) in zip(names, spans, strict=True)
    )


def _has_digit(written: str) -> bool:
    return any(char.isdigit() for char in written)


def _said(row: str, spans: Sequence[tuple[int, int | None]]) -> bool:
    """Whether a line may as well be words: blanks stand one by one, in all of it or within a cell before the last."""
    if "  " in row.strip():
        return False
    return len(spans) < 3 or any(" " in row[low:high].strip() for low, high in spans[:-1])


def _cut(line: str, rows: Sequence[str], blank: bytearray, capitals: bool) -> list[tuple[int, int | None]] | None:
    """Return where the columns are; None where one blank in the headings may part two of them or not."""
    tokens = [match.span() for match in _TOKEN.finditer(line)]
    starts = [0]
    for (_, end), (begin, _) in pairwise(tokens):
        gap = next((at for at in range(begin - 1, end - 1, -1) if blank[at]), None)
        if gap is None:
            if begin - end > 1:
                return None
            continue
        if begin - end == 1:
            left = any(row[starts[-1] : gap].strip() for row in rows)
            following = next((low for low, _ in tokens if low > begin), None)
            right = any(row[gap:following].strip() for row in rows)
            if not left or not right:
                continue  # two words of one heading
            if not capitals and len(rows) < 2:
                return None
        starts.append(gap + 1)
    return [(low, high) for low, high in zip(starts, [*starts[1:], None], strict=True)]


def _rows(
    text: str, lines: Sequence[Span], number: int, columns: _Columns, count: int | None = None
) -> _ReadTable | None:
    rows: list[list[TableCell | None]] = []
    last = number - 1
    for place in range(number, len(lines) if count is None else number + count):
        row = _cells_of(text, lines[place], columns.spans)
        if row is None:
            if count is None and _is_ruled(text, lines[place]):
                last = place
                continue
            break
        rows.append(row)
        last = place
    return (columns.head, rows, last) if rows else None


def _cells_of(text: str, line: Span, spans: Sequence[tuple[int, int | None]]) -> list[TableCell | None] | None:
    """Return the cells of a line, or None if one of them goes on into the next column, or there is but one."""
    start, end = line
    if end - start > _LONGEST or _is_ruled(text, line):
        return None
    cells: list[TableCell | None] = []
    for low, high in spans:
        stop = end if high is None else min(end, start + high)
        if low and start + low < end and text[start + low - 1] != " ":
            return None
        cells.append(_cell(text, min(start + low, end), stop))
    return cells if sum(cell is not None for cell in cells) > 1 else None


read = WordedRule(_aligned, order=35, default=True)
"""The rule `aligned`."""
