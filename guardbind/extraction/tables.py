"""Reads what the rows and the headings of a table bind: row × column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Found, Path
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["TableCell", "read_table"]

_BLANK = " \t\u00a0-\u2013\u2014"  # also a dash says that there is nothing


class TableCell(NamedTuple):
    """A cell: where its text stands, and what it says."""

    span: Span
    content: str


def read_table(
    text: str, head: Sequence[str], rows: Sequence[Sequence[TableCell]], language: Language
) -> Iterator[Found]:
    """Yield a binding for each cell that is not blank, nor a dash.

    The first column names the rows, if its cells are all there and all different; else a row is known by its number. Of
    a table of two columns whose second is headed `value`, or not at all, the row alone is the key.

    Args:
        text: The text that the spans index.
        head: The headings, one for each column.
        rows: The cells of each row, as many as there are headings.
        language: What the headings are written in.
    """
    names = [row[0].content for row in rows]
    named = all(names) and len(set(names)) == len(names)
    values = {"", *language.statements.value_headings}
    alone = named and len(head) == 2 and head[1].lower() in values
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            written = text[slice(*cell.span)]
            if (named and column == 0) or not written.strip(_BLANK) or len(written) > LONGEST_VALUE:
                continue
            row_name: str | int = names[number] if named else number
            path: Path = (row_name,) if alone else (row_name, head[column] or column)
            decoded = cell.content if cell.content != written else None
            places = (row[0].span if named else None,)
            yield Found(path, cell.span, cell.span, decoded, form="row", places=places)
