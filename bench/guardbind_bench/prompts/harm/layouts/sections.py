"""Writes records as sections: a heading each, and the same keys below it."""

from __future__ import annotations

from collections.abc import Callable

from guardbind_bench.prompts.harm.records import RecordBatch

__all__ = ["SECTIONS", "write_sections"]

_HEADS: dict[str, Callable[[str], str]] = {
    "hashes": lambda called: f"### {called}",
    "hash_lists": lambda called: f"## {called}",
    "bold": lambda called: f"**{called}**",
    "underlined": lambda called: f"{called}\n{'-' * max(3, len(called))}",
    "capitals": lambda called: called.upper(),
    "colon": lambda called: f"{called}:",
    "ruled": lambda called: f"=== {called} ===",
    "numbered": lambda called: called,
}
SECTIONS = tuple(_HEADS)
"""The forms of a section."""


def write_sections(table: RecordBatch, form: str) -> str:
    """Write the records in one of `SECTIONS`."""
    blank = table.shape.random() < 0.6
    blocks = []
    for row in range(len(table.rows)):
        called = table.heading(row)
        head = f"{row + 1}. {called}" if form == "numbered" else _HEADS[form](called)
        lines = []
        for cell in table.rows[row]:
            line = f"{cell.field.title}: {cell.text}"
            lines.append(f"- {line}" if form in ("hash_lists", "ruled") else f"  {line}" if form == "colon" else line)
        blocks.append("\n".join([head, *lines]))
    return ("\n\n" if blank else "\n").join(blocks)
