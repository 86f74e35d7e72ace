"""Writes records as files: INI, environments, TOML, YAML and code."""

from __future__ import annotations

import re

from guardbind_bench.prompts.harm.layouts.data import literal, quoted
from guardbind_bench.prompts.harm.records import Cell, RecordBatch
from guardbind_bench.prompts.harm.wordings import FieldName

__all__ = ["CODE", "FILES", "program_name", "write_file"]

FILES = ("ini", "toml", "toml_array", "yaml_map", "yaml_list", "yaml_deep")
"""Forms of files that take names of any script."""
CODE = ("env_comments", "env_prefixed", "code_dict", "code_names", "properties")
"""Forms whose names are those of a program."""


def write_file(batch: RecordBatch, form: str) -> str:
    """Write the records in one of `FILES` or `CODE`."""
    blocks = [_block(batch, row, form) for row in range(len(batch.rows))]
    match form:
        case "yaml_map" | "yaml_list" | "env_prefixed" | "properties":
            return "\n".join(blocks)
        case "yaml_deep":
            return f"{batch.domain.plural.lower()}:\n" + "\n".join(blocks)
        case "code_dict":
            return "```python\nDATA = {\n" + "\n".join(blocks) + "\n}\n```"
        case "code_names":
            return "```python\n" + "\n".join(blocks) + "\n```"
    return "\n\n".join(blocks)


def _block(batch: RecordBatch, row: int, form: str) -> str:
    name, cells = batch.names[row], batch.rows[row]
    match form:
        case "ini":
            return "\n".join([f"[{name}]", *(f"{cell.field.key} = {cell.text}" for cell in cells)])
        case "toml":
            return "\n".join([f"[{quoted(name)}]", *(f"{cell.field.key} = {literal(cell)}" for cell in cells)])
        case "toml_array":
            head = [f"[[{_word(batch.domain.plural)}]]", f"{batch.domain.id.key} = {quoted(name)}"]
            return "\n".join([*head, *(f"{cell.field.key} = {literal(cell)}" for cell in cells)])
        case "yaml_map":
            return "\n".join([f"{name}:", *(f"  {cell.field.key}: {cell.text}" for cell in cells)])
        case "yaml_list":
            return "\n".join([f"- {batch.domain.id.key}: {name}", *(f"  {c.field.key}: {c.text}" for c in cells)])
        case "yaml_deep":
            return "\n".join([f"  {name}:", *(f"    {cell.field.key}: {cell.text}" for cell in cells)])
        case "env_comments":
            return "\n".join([f"# {batch.heading(row)}", *(f"{_upper(cell)}={cell.text}" for cell in cells)])
        case "env_prefixed":
            return "\n".join(f"{program_name(name, cell.field)}={cell.text}" for cell in cells)
        case "properties":
            return "\n".join(f"{_word(name).lower()}.{cell.field.key}={cell.text}" for cell in cells)
        case "code_dict":
            own = ", ".join(f"{quoted(cell.field.key)}: {literal(cell)}" for cell in cells)
            return f"    {quoted(name)}: {{{own}}},"
    # What a comment says behind a value is no part of it.
    said = ["", "", "  # checked", "  # see wiki"]
    lines = [f"{program_name(name, cell.field)} = {literal(cell)}{batch.shape.choice(said)}" for cell in cells]
    return "\n".join(lines)


def program_name(name: str, what: FieldName) -> str:
    """Return what a constant of a program is called that holds a field of something."""
    return f"{_word(name).upper()}_{what.key.upper()}"


def _upper(cell: Cell) -> str:
    return cell.field.key.upper()


def _word(name: str) -> str:
    """Return a name as one word of a program."""
    word = re.sub(r"\W+", "_", name).strip("_")
    return f"N{word}" if word[:1].isdigit() else word
