"""Writes records as list items with fields, as cards and as paragraphs of labels."""

from __future__ import annotations

from guardbind_bench.prompts.harm.records import RecordBatch

__all__ = ["CARDS", "write_cards"]

CARDS = ("nested_list", "item_line", "dashed", "numbered", "labels", "stars", "bold_labels", "commas")
"""The forms of a card."""


def write_cards(table: RecordBatch, form: str) -> str:
    """Write the records in one of `CARDS`."""
    parted = "" if form in ("nested_list", "item_line", "numbered", "stars", "commas") else "\n"
    return f"\n{parted}".join(_card(table, row, form) for row in range(len(table.rows)))


def _card(table: RecordBatch, row: int, form: str) -> str:
    name, title = table.names[row], table.domain.id.title
    pairs = [(cell.field.title, cell.text) for cell in table.rows[row]]
    match form:
        case "nested_list":
            return "\n".join([f"- {name}", *(f"  - {key}: {value}" for key, value in pairs)])
        case "item_line":
            return f"- {name}: " + "; ".join(f"{key.lower()} {value}" for key, value in pairs)
        case "dashed":
            return "\n".join([f"{title}: {name}", *(f"- {key}: {value}" for key, value in pairs)])
        case "numbered":
            return "\n".join([f"{row + 1}. {title}: {name}", *(f"   {key}: {value}" for key, value in pairs)])
        case "labels":
            return "\n".join([f"{title}: {name}", *(f"{key}: {value}" for key, value in pairs)])
        case "stars":
            return "\n".join([f"* **{name}**", *(f"    * {key} = {value}" for key, value in pairs)])
        case "bold_labels":
            return "\n".join([f"**{title}:** {name}", *(f"**{key}:** {value}" for key, value in pairs)])
    return ", ".join([f"{title}: {name}", *(f"{key}: {value}" for key, value in pairs)])
