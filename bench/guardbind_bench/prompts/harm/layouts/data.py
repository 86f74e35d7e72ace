"""Writes records as JSON and as calls."""

from __future__ import annotations

import json

from guardbind_bench.prompts.harm.records import Cell, RecordBatch

__all__ = ["call", "json_lines", "json_list", "json_map", "json_nested", "json_object", "literal", "quoted"]


def quoted(text: str) -> str:
    """Return a text as a string of JSON."""
    return json.dumps(text, ensure_ascii=False)


def literal(cell: Cell) -> str:
    """Return the value of a cell as JSON has it."""
    return cell.text if cell.bare else f'"{cell.text}"'


def json_object(table: RecordBatch, row: int, *, named: bool = True) -> str:
    """Return a record as an object on one line, with its name or without."""
    own = [f"{quoted(table.domain.id.key)}: {quoted(table.names[row])}"] if named else []
    own += [f"{quoted(cell.field.key)}: {literal(cell)}" for cell in table.rows[row]]
    return "{" + ", ".join(own) + "}"


def json_list(table: RecordBatch, *, indent: int = 0) -> str:
    """Return the records as a list, one on each line or indented."""
    objects = [json_object(table, row) for row in range(len(table.rows))]
    if not indent:
        return "[\n" + ",\n".join(f"  {text}" for text in objects) + "\n]"
    pad, deep = " " * indent, " " * 2 * indent
    blocks = []
    for row in range(len(table.rows)):
        own = [f"{quoted(table.domain.id.key)}: {quoted(table.names[row])}"]
        own += [f"{quoted(cell.field.key)}: {literal(cell)}" for cell in table.rows[row]]
        blocks.append(f"{pad}{{\n" + ",\n".join(f"{deep}{line}" for line in own) + f"\n{pad}}}")
    return "[\n" + ",\n".join(blocks) + "\n]"


def json_lines(table: RecordBatch) -> str:
    """Return one object on each line."""
    return "\n".join(json_object(table, row) for row in range(len(table.rows)))


def json_map(table: RecordBatch) -> str:
    """Return an object whose keys are the names of the records."""
    lines = [f"  {quoted(name)}: {json_object(table, row, named=False)}" for row, name in enumerate(table.names)]
    return "{\n" + ",\n".join(lines) + "\n}"


def json_nested(table: RecordBatch) -> str:
    """Return the records with their fields in an inner object, in a list under a key."""
    inner = [
        f'    {{{quoted(table.domain.id.key)}: {quoted(name)}, "data": {json_object(table, row, named=False)}}}'
        for row, name in enumerate(table.names)
    ]
    return f"{{\n  {quoted(table.domain.plural)}: [\n" + ",\n".join(inner) + "\n  ]\n}"


def call(table: RecordBatch, row: int) -> str:
    """Return a record as a call of Python."""
    key = table.domain.id.key if table.domain.id.key.isascii() else "id"
    own = [f'{key}="{table.names[row]}"', *(f"{cell.field.key}={literal(cell)}" for cell in table.rows[row])]
    return f"add_record({', '.join(own)})"
