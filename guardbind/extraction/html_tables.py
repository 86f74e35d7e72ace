"""Reads tables of HTML: headings over several lines, cells over several rows, keys beside values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guardbind.extraction.html_tree import HtmlNode, flat_text
from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Found, Path
from guardbind.extraction.tables import TableCell, heads_again
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.values import classify

__all__ = ["KeyAndValue", "html_caption", "read_html_table", "read_pairs"]

_WIDEST = 100  # columns
_TALLEST = 5000  # rows
_HEADING_WORDS = 5
_BLANK = " \t\u00a0-\u2013\u2014"
KeyAndValue = tuple[TableCell, TableCell]


@dataclass(slots=True)
class _HtmlCell:
    """A cell of HTML, which may stand in several places of the grid."""

    said: TableCell | None
    head: bool
    row: int
    column: int
    wide: int = 1

    def at(self, row: int, column: int) -> bool:
        """Whether a place is the first that the cell stands in."""
        return (row, column) == (self.row, self.column)


_HtmlGrid = list[list[_HtmlCell]]


def html_caption(table: HtmlNode) -> TableCell | None:
    """Return the caption in a table."""
    caption = next(table.below("caption"), None)
    return None if caption is None else flat_text(caption).cell()


def read_html_table(text: str, table: HtmlNode, language: Language, caption: TableCell | None) -> Iterator[Found]:
    """Yield a binding for each cell with a value; the columns before that name the row, as far as cells span rows.

    Rows of headings are those of `th` or in a `thead`; without one, the first row, if it differs in kind from those
    below. Of a table without headings each row of two cells is a key and a value. A cell as wide as the table names the
    rows below it.
    """
    grid, heads = _grid(table)
    if not grid:
        return
    width = len(grid[0])
    outer = () if caption is None else (caption,)
    if heads == 0:
        pairs = _pairs(grid)
        if pairs is not None:
            yield from read_pairs(text, pairs, tuple(cell.content for cell in outer), tuple(c.span for c in outer))
            return
        if all(row[0].head for row in grid) and width > 2:
            yield from _turned(text, grid, outer)
            return
        if not _first_row_heads(grid):
            return
        heads = 1
    headings = [_heading(grid[:heads], column) for column in range(width)]
    if width < 2 or len({tuple(cell.content for cell in heading) for heading in headings}) < width:
        return
    group: TableCell | None = None
    names = [heading[-1].content if heading else "" for heading in headings]
    sections: list[tuple[TableCell | None, list[list[TableCell]], list[int]]] = [(None, headings, [])]
    for number in range(heads, len(grid)):
        first = grid[number][0]
        if first.wide >= width:
            group = first.said
            sections.append((group, headings, []))
        elif heads_again([cell.said for cell in grid[number]], names) or all(cell.head for cell in grid[number]):
            headings = [_heading(grid[number : number + 1], column) for column in range(width)]
            sections.append((group, headings, []))
        else:
            sections[-1][2].append(number)
    for group, headings, numbers in sections:
        above = (*outer, *(() if group is None else (group,)))
        yield from _rows(text, grid, numbers, headings, above, language)


def _rows(
    text: str,
    grid: _HtmlGrid,
    numbers: Sequence[int],
    headings: Sequence[Sequence[TableCell]],
    outer: Sequence[TableCell],
    language: Language,
) -> Iterator[Found]:
    width = len(headings)
    naming = 1
    while naming < width - 1 and any(not grid[n][naming - 1].at(n, naming - 1) for n in numbers):
        naming += 1
    names = [tuple(cell.said.content if cell.said else "" for cell in grid[n][:naming]) for n in numbers]
    named = all(all(name) for name in names) and len(set(names)) == len(names)
    values = {"", *language.statements.value_headings}
    alone = named and width == 2 and " ".join(cell.content for cell in headings[1]).lower() in values
    for place, number in enumerate(numbers):
        row = grid[number]
        for column, cell in enumerate(row):
            if cell.said is None or not cell.at(number, column) or (alone and column == 0):
                continue
            if not alone and not headings[column]:
                continue  # below an empty corner stand names, and no values
            above = names[place][: min(naming, column + 1)] if named else ()
            spans = [part.said.span for part in row[: len(above)] if part.said]
            heading = () if alone else headings[column]
            path: Path = (
                *(part.content for part in outer),
                *(above if named else (place,)),
                *((part.content for part in heading) if heading or alone else (column,)),
            )
            places: tuple[Span | None, ...] = (
                *(part.span for part in outer),
                *(spans if named else (None,)),
                *(part.span for part in heading),
            )
            if not heading and not alone:
                places += (None,)
            row_form = len(path) == (1 if alone else 2)
            if (found := _found(text, path, cell.said, places)) is not None:
                yield Found(
                    path,
                    found.value,
                    found.statement,
                    found.decoded,
                    None,
                    "row" if row_form else "data",
                    places[:1] if row_form else places,
                )


def _found(text: str, path: Path, cell: TableCell, places: tuple[Span | None, ...]) -> Found | None:
    written = text[slice(*cell.span)]
    if not cell.content.strip(_BLANK) or len(written) > LONGEST_VALUE:
        return None
    return Found(path, cell.span, cell.span, cell.content if cell.content != written else None, places=places)


def read_pairs(text: str, pairs: Sequence[KeyAndValue], path: Path, places: tuple[Span | None, ...]) -> Iterator[Found]:
    """Yield a binding for each key with its value; where the first key comes again, another record begins."""
    keys = Counter(key.content for key, _ in pairs)
    several = bool(pairs) and keys[pairs[0][0].content] > 1
    number = -1
    for key, value in pairs:
        number += several and key.content == pairs[0][0].content
        within: Path = (*path, number) if several else path
        at = (*places, None) if several else places
        found = _found(text, (*within, key.content), value, (*at, key.span))
        if found is not None:
            start, end = min(key.span[0], value.span[0]), max(key.span[1], value.span[1])
            yield Found(found.path, found.value, (start, end), found.decoded, places=found.places)


def _turned(text: str, grid: _HtmlGrid, outer: Sequence[TableCell]) -> Iterator[Found]:
    """Read a table whose headings stand in the first column, so that each other column is a record."""
    for row, cells in enumerate(grid):
        heading = cells[0].said
        for column, cell in enumerate(cells[1:], 1):
            if heading is not None and cell.said is not None and cell.at(row, column):
                path: Path = (*(part.content for part in outer), column - 1, heading.content)
                found = _found(text, path, cell.said, (*(part.span for part in outer), None, heading.span))
                if found is not None:
                    yield found


def _pairs(grid: _HtmlGrid) -> list[KeyAndValue] | None:
    """Return the keys and values of a table that has no headings above, only beside."""
    rows = [row for row in grid if row[0].said is not None]
    if not rows or any(len(row) != 2 for row in rows):
        return None
    first = rows[0][1].said
    if not all(row[0].head and not row[1].head for row in rows):
        if first is None or classify(first.content).type == "text" or any(row[1].head for row in rows):
            return None
        if any(row[0].said and classify(row[0].said.content).type != "text" for row in rows):
            return None
    return [(row[0].said, row[1].said) for row in rows if row[0].said is not None and row[1].said is not None]


def _first_row_heads(grid: _HtmlGrid) -> bool:
    names = [cell.said.content if cell.said else "" for cell in grid[0]]
    # Of two columns each row may be a key with its value.
    if len(grid) < 2 or len(names) < 3 or not all(names) or len(set(names)) < len(names):
        return False
    if any(classify(name).type != "text" or len(name.split()) > _HEADING_WORDS for name in names):
        return False
    below = [[row[column].said for row in grid[1:]] for column in range(len(names))]
    return any(all(cell and classify(cell.content).type != "text" for cell in cells) for cells in below)


def _heading(rows: Sequence[Sequence[_HtmlCell]], column: int) -> list[TableCell]:
    """Return the headings above a column from the outside in, each once."""
    found: list[TableCell] = []
    for row in rows:
        said = row[column].said
        if said is not None and row[column].wide < len(row) and (not found or found[-1] != said):
            found.append(said)
    return found


def _grid(table: HtmlNode) -> tuple[_HtmlGrid, int]:
    """Return the cells in their places, and how many rows of headings there are; none of what has no even rows."""
    rows: _HtmlGrid = []
    carried: dict[int, tuple[int, _HtmlCell]] = {}  # by column: rows that a cell still stands in
    heads = 0
    in_head = {id(row) for part in table.below("thead") for row in part.below("tr")}
    for number, node in enumerate(table.below("tr")):
        if number == _TALLEST:
            return [], 0
        row: list[_HtmlCell] = []
        for cell in (*node.below("td", "th"), None):
            while len(row) in carried:
                left, above = carried.pop(len(row))
                if left > 1:
                    carried[len(row)] = (left - 1, above)
                row.append(above)
            if cell is None:
                break
            made = _HtmlCell(flat_text(cell).cell(), cell.name == "th", len(rows), len(row))
            made.wide, tall = _span(cell, "colspan"), _span(cell, "rowspan")
            for _ in range(made.wide):
                if tall > 1:
                    carried[len(row)] = (tall - 1, made)
                row.append(made)
            if len(row) > _WIDEST:
                return [], 0
        if not row:
            continue
        if heads == len(rows) and (id(node) in in_head or all(cell.head for cell in row)):
            heads += 1
        rows.append(row)
    width = max(map(len, rows), default=0)
    even = all(len(row) == width for row in rows)
    return (rows, heads) if even and heads < len(rows) else ([], 0)


def _span(cell: HtmlNode, name: str) -> int:
    written = cell.attributes.get(name, "")
    return min(max(int(written), 1), _WIDEST) if written.isascii() and written.isdecimal() and len(written) < 6 else 1
