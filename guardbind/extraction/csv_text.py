"""Reads CSV with a line of headings, as the csv module does."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from guardbind.extraction.captions import caption_above
from guardbind.extraction.rule import Block, WordedRule
from guardbind.extraction.tables import TableCell, read_table
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.values import classify

__all__ = ["read"]

_LINE = re.compile(r"(?P<content>[^\r\n]*)(?:\r\n|\r|\n|\Z)")
_DELIMITERS = ",;\t"
_LONGEST_PLAIN = 100_000  # characters of a line of which the module cannot refuse a cell
_HEADING_WORDS = 4
_ABBREVIATED = 8  # characters of a heading that may end in a dot
_NO_HEADING = ("=", "<", ">", "{", "}", '"', "`", ": ")


def _csv(text: str, language: Language) -> Iterator[Block]:
    """Find lines that have the same number of cells below a line of headings.

    Headings are different, of at most four words, and none is a number or another typed value. Where a space stands
    behind the commas, as in prose, the table ends before the first row without a typed cell, and two rows are needed
    below two headings. A cell stands on one line.
    """
    lines = [match.span("content") for match in _LINE.finditer(text)]
    number = 0
    while number + 1 < len(lines):
        tables = (_table(text, lines, number, delimiter) for delimiter in _DELIMITERS)
        head, rows = next((table for table in tables if table[1]), ([], []))
        if rows:
            start = lines[number][0]
            caption = caption_above(text, start, language)
            if found := tuple(read_table(text, [cell.content for cell in head], rows, language, caption)):
                yield Block((caption.span[0] if caption else start, lines[number + len(rows)][1]), found)
        number += 1 + len(rows)


def _table(
    text: str, lines: Sequence[Span], number: int, delimiter: str
) -> tuple[list[TableCell], list[list[TableCell]]]:
    """Return the headings on a line and the rows below them."""
    head = _cells(text, lines[number], delimiter)
    rows: list[list[TableCell]] = []
    if head is None or not _is_head([cell.content for cell in head]):
        return [], rows
    spaced = delimiter != "\t" and f"{delimiter} " in text[slice(*lines[number])]
    for line in islice(lines, number + 1, None):
        row = _cells(text, line, delimiter)
        if row is None or len(row) != len(head):
            break
        if spaced and all(classify(cell.content).type == "text" for cell in row):
            break
        rows.append(row)
    # "Hello, Bob" and "Ann, 5" below it are no table.
    return (head, rows) if not spaced or len(rows) > 1 or len(head) > 2 else ([], [])


def _is_head(head: Sequence[str]) -> bool:
    return (
        len(head) > 1
        and len(set(head)) == len(head)
        and all(
            name and len(name.split()) <= _HEADING_WORDS and _names(name) and classify(name).type == "text"
            for name in head
        )
        # What a program or a sentence has between its commas is none.
        and not any(sign in name for name in head for sign in _NO_HEADING)
        and all(name.count("(") == name.count(")") and (name[0].isalnum() or name[0] in "#%_(") for name in head)
    )


def _names(heading: str) -> bool:
    """Whether a heading ends as no sentence does; an abbreviation may end in a dot: "Qty."."""
    short = " " not in heading and len(heading) <= _ABBREVIATED
    return heading[-1] not in "!?:" and (heading[-1] != "." or short)


def _cells(text: str, line: Span, delimiter: str) -> list[TableCell] | None:
    """Return the cells of a line and where they stand, or None if it is no line of CSV."""
    start, end = line
    written = text[start:end]
    if delimiter not in written or "\0" in written:
        return None
    if '"' not in written and len(written) < _LONGEST_PLAIN:
        contents = [cell.lstrip(" ") for cell in written.split(delimiter)]  # as the module reads what nothing quotes
    else:
        try:
            (contents,) = csv.reader([written], delimiter=delimiter, skipinitialspace=True, strict=True)
        except (csv.Error, ValueError):
            return None
    cells = []
    cursor = start
    for number, content in enumerate(contents):
        if number:
            cursor += 1  # the delimiter
        while cursor < end and text[cursor] == " ":
            cursor += 1
        quoted = f'"{content.replace(chr(34), chr(34) * 2)}"'
        if text.startswith(quoted, cursor):
            cells.append(TableCell((cursor + 1, cursor + len(quoted) - 1), content))
            cursor += len(quoted)
        elif text.startswith(content, cursor):
            bare = content.strip()
            at = text.index(bare, cursor)
            cells.append(TableCell((at, at + len(bare)), bare))
            cursor += len(content)
        else:
            return None
        if cursor < end and text[cursor] != delimiter:
            return None
    return cells if cursor == end else None


read = WordedRule(_csv, order=40, default=True)
"""The rule `csv`."""
