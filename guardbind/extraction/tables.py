"""Reads what the rows and the headings of a table bind: row × column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Found, KeyForm, Path
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.values import classify

__all__ = ["TableCell", "heads_again", "read_table"]

_BLANK = " \t\u00a0-\u2013\u2014"  # also a dash says that there is nothing


_MARKS = "*_` "
_BOLD = ("**", "__")
_FEWEST = 2  # rows of numbers below a row of units


class TableCell(NamedTuple):
    """A cell: where its text stands, and what it says."""

    span: Span
    content: str


def read_table(
    text: str,
    head: Sequence[str],
    rows: Sequence[Sequence[TableCell | None]],
    language: Language,
    caption: TableCell | None = None,
) -> Iterator[Found]:
    """Yield a binding for each cell that is not blank, nor a dash.

    The first column names the rows, if its cells are all there and all different; else a row is known by its number. Of
    a table of two columns whose second is headed `value`, or not at all, the row alone is the key; else the first
    column is bound as the others are. The caption is the outermost part of each key. Headings that come again head the
    rows below them, in their own order; a row of units is none; and a name in bold alone in its row is that of a group.

    Args:
        text: The text that the spans index.
        head: The headings, one for each column.
        rows: The cells of each row, as many as there are headings; None where there is nothing.
        language: What the headings are written in.
        caption: What the table is called.
    """
    parts = list(_parts(text, head, rows))
    names = [(part.group, part.row[0].content if part.row[0] else "") for part in parts]
    named = all(name for _, name in names) and len(set(names)) == len(names)
    values = {"", *language.statements.value_headings}
    alone = named and len(head) == 2 and head[1].lower() in values
    for number, part in enumerate(parts):
        row, first, head = part.row, part.row[0], part.head
        around = [cell for cell in (caption, part.group) if cell is not None]
        outer: Path = tuple(cell.content for cell in around)
        above = tuple(cell.span for cell in around)
        form: KeyForm = "data" if around else "row"
        for column, cell in enumerate(row):
            if cell is None or (column == 0 and (alone or (named and not head[0]))):
                continue
            written = text[slice(*cell.span)]
            if not written.strip(_BLANK) or len(written) > LONGEST_VALUE:
                continue
            row_name: str | int = names[number][1] if named else number
            path: Path = (*outer, row_name) if alone else (*outer, row_name, head[column] or column)
            decoded = cell.content if cell.content != written else None
            places = (*above, first.span if named and first else None)
            # The parts that are nowhere written have no place either.
            places += (None,) * (len(path) - len(places) if form == "data" else 0)
            yield Found(path, cell.span, cell.span, decoded, form=form, places=places)


class _RowPart(NamedTuple):
    """A row with the headings above it, and the name of the group that it stands in."""

    row: Sequence[TableCell | None]
    head: Sequence[str]
    group: TableCell | None


def heads_again(row: Sequence[TableCell | None], head: Sequence[str]) -> bool:
    """Whether a row has the headings again, in any order, or other words beside two of them."""
    said = [cell.content.strip(_MARKS).casefold() if cell else "" for cell in row]
    known = {name.strip(_MARKS).casefold() for name in head if name}
    same = [name for name in said if name in known]
    if len(said) < 2 or len(set(same)) < len(same):
        return False
    return set(said) - {""} == known or (
        len(same) > 1 and all(not name or classify(name).type == "text" for name in said)
    )


def _parts(text: str, head: Sequence[str], rows: Sequence[Sequence[TableCell | None]]) -> Iterator[_RowPart]:
    """Yield the rows that are neither headings, nor units, nor names of groups."""
    grouped = _are_groups(text, rows)
    group: TableCell | None = None
    units = bool(rows) and _has_units(rows[0], rows[1:])
    for place, row in enumerate(rows[units:], units + 1):
        if place < len(rows) and heads_again(row, head):
            head = [cell.content.strip(_MARKS) if cell else "" for cell in row]
        elif grouped and _is_alone(row) and _is_bold(text, row):
            group = row[0]
        else:
            yield _RowPart(row, head, group)


def _is_alone(row: Sequence[TableCell | None]) -> bool:
    """Whether only the first cell of a row says something."""
    return (
        len(row) > 1
        and bool(row[0] and row[0].content.strip())
        and not any(cell is not None and cell.content.strip(_BLANK) for cell in row[1:])
    )


def _is_bold(text: str, row: Sequence[TableCell | None]) -> bool:
    first = row[0]
    return first is not None and text[max(0, first.span[0] - 2) : first.span[0]] in _BOLD


def _are_groups(text: str, rows: Sequence[Sequence[TableCell | None]]) -> bool:
    """Whether names in bold alone in their rows are those of groups: other rows have something, and it is not bold."""
    filled = [row for row in rows if not _is_alone(row)]
    return bool(filled) and not any(_is_bold(text, row) for row in filled)


def _has_units(row: Sequence[TableCell | None], below: Sequence[Sequence[TableCell | None]]) -> bool:
    """Whether a row without a name has words alone over columns of numbers: it says in what these are."""
    columns = [at for at, cell in enumerate(row) if at and cell is not None and cell.content.strip(_BLANK)]
    if not columns or (row[0] and row[0].content.strip(_BLANK)) or len(below) < _FEWEST or len(columns) < len(row) - 1:
        return False
    return all(
        classify(cell.content).type == "text" and not any(map(str.isdecimal, cell.content))
        for at in columns
        if (cell := row[at]) is not None
    ) and all(
        (cell := each[at]) is not None and classify(cell.content).type != "text" for each in below for at in columns
    )
