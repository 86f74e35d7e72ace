"""Reads what the rows and the headings of a table bind: row × column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Found, KeyForm, Path
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["TableCell", "read_table"]

_BLANK = " \t\u00a0-\u2013\u2014"  # also a dash says that there is nothing


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
    column is bound as the others are. The caption is the outermost part of each key.

    Args:
        text: The text that the spans index.
        head: The headings, one for each column.
        rows: The cells of each row, as many as there are headings; None where there is nothing.
        language: What the headings are written in.
        caption: What the table is called.
    """
    firsts = [row[0] for row in rows]
    names = [cell.content if cell else "" for cell in firsts]
    named = all(names) and len(set(names)) == len(names)
    values = {"", *language.statements.value_headings}
    alone = named and len(head) == 2 and head[1].lower() in values
    outer: Path = () if caption is None else (caption.content,)
    above = () if caption is None else (caption.span,)
    form: KeyForm = "row" if caption is None else "data"
    for number, (row, first) in enumerate(zip(rows, firsts, strict=True)):
        for column, cell in enumerate(row):
            if cell is None or (column == 0 and (alone or (named and not head[0]))):
                continue
            written = text[slice(*cell.span)]
            if not written.strip(_BLANK) or len(written) > LONGEST_VALUE:
                continue
            row_name: str | int = names[number] if named else number
            path: Path = (*outer, row_name) if alone else (*outer, row_name, head[column] or column)
            decoded = cell.content if cell.content != written else None
            places = (*above, first.span if named and first else None)
            # The parts that are nowhere written have no place either.
            places += (None,) * (len(path) - len(places) if form == "data" else 0)
            yield Found(path, cell.span, cell.span, decoded, form=form, places=places)
