"""Writes records as tables: separated by signs, aligned in columns, as a database prints them."""

from __future__ import annotations

from guardbind_bench.prompts.harm.records import RecordBatch

__all__ = ["TABLES", "write_table"]

TABLES = (
    "markdown",
    "markdown_down",
    "csv",
    "semicolons",
    "tsv",
    "aligned",
    "psql",
    "boxed",
    "sql_tuples",
    "sql_insert",
)
"""The forms of a table."""


def write_table(batch: RecordBatch, form: str) -> str:
    """Write the records in one of `TABLES`; a field that is left out is an empty cell."""
    titles = [batch.domain.id.title, *(what.title for what in batch.fields)]
    keys = [batch.domain.id.key, *(what.key for what in batch.fields)]
    rows = [[name, *_texts(batch, i)] for i, name in enumerate(batch.names)]
    match form:
        case "markdown":
            return _markdown([titles, *rows])
        case "markdown_down":
            return _markdown([list(cells) for cells in zip(titles, *rows, strict=True)])
        case "csv":
            return "\n".join(",".join(_escaped(batch, cell) for cell in cells) for cells in (keys, *rows))
        case "semicolons":
            return "\n".join(";".join(cells) for cells in (titles, *rows))
        case "tsv":
            return "\n".join("\t".join(cells) for cells in (titles, *rows))
        case "aligned":
            return _aligned(batch, [[title.upper() for title in titles], *rows])
        case "psql":
            return _psql(batch, [keys, *rows])
        case "boxed":
            rule = "+" + "+".join("-" * 14 for _ in keys) + "+"
            lines = ["| " + " | ".join(cells) + " |" for cells in (keys, *rows)]
            return "\n".join([rule, lines[0], rule, *lines[1:], rule])
    table = batch.domain.plural.lower().replace(" ", "_")
    shown = [[_sql(cell) for cell in cells] for cells in rows]
    if form == "sql_tuples":
        lines = [f"({', '.join(cells)})" for cells in shown]
        return f"SELECT {', '.join(keys)} FROM {table};\n" + "\n".join(lines)
    values = ",\n".join(f"  ({', '.join(cells)})" for cells in shown)
    return f"INSERT INTO {table} ({', '.join(keys)}) VALUES\n{values};"


def _texts(batch: RecordBatch, row: int) -> list[str]:
    cells = (batch.cell(row, what) for what in batch.fields)
    return ["" if cell is None else cell.text for cell in cells]


def _markdown(lines: list[list[str]]) -> str:
    head, *rows = lines
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def _escaped(batch: RecordBatch, cell: str) -> str:
    return f'"{cell}"' if "," in batch.item.shown(cell) else cell


def _sql(cell: str) -> str:
    return f"'{cell}'" if cell else "NULL"


def _width(batch: RecordBatch, cell: str) -> int:
    return batch.width(cell)


def _aligned(batch: RecordBatch, lines: list[list[str]]) -> str:
    """Columns parted by spaces alone; what is left out shows as `-`."""
    lines = [[cell or "-" for cell in cells] for cells in lines]
    widths = [max(_width(batch, cells[i]) for cells in lines) + 3 for i in range(len(lines[0]))]
    return "\n".join(
        "".join(cell + " " * (widths[i] - _width(batch, cell)) for i, cell in enumerate(cells)).rstrip()
        for cells in lines
    )


def _psql(batch: RecordBatch, lines: list[list[str]]) -> str:
    widths = [max(_width(batch, cells[i]) for cells in lines) for i in range(len(lines[0]))]
    shown = [
        " " + " | ".join(cell + " " * (widths[i] - _width(batch, cell)) for i, cell in enumerate(cells)).rstrip()
        for cells in lines
    ]
    rule = "-" + "-+-".join("-" * width for width in widths) + "-"
    return "\n".join([shown[0], rule, *shown[1:], f"({len(lines) - 1} rows)"])
