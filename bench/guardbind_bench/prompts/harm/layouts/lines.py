"""Writes records as lines of logs and searches, passages, mails, bills and labels with full-width signs."""

from __future__ import annotations

import re
from collections.abc import Callable

from guardbind_bench.prompts.harm.records import RecordBatch

__all__ = ["LINES", "write_lines"]


def _stamp(batch: RecordBatch, row: int) -> str:
    return f"2031-04-0{1 + row % 9} {8 + row % 12:02d}:{(7 * row) % 60:02d}:11"


def _log_pairs(batch: RecordBatch, row: int) -> str:
    own = " ".join(f"{cell.field.key}={_shell(batch, cell.text)}" for cell in batch.rows[row])
    return f"{_stamp(batch, row)} INFO {batch.domain.id.key}={_shell(batch, batch.names[row])} {own}"


def _log_host(batch: RecordBatch, row: int) -> str:
    return "\n".join(f"{batch.names[row]}: {cell.field.key} = {cell.text}" for cell in batch.rows[row])


def _log_brackets(batch: RecordBatch, row: int) -> str:
    own = ", ".join(f"{cell.field.name} {cell.text}" for cell in batch.rows[row])
    return f"[{_stamp(batch, row)}] {batch.called(row)}: {own}"


def _grep(batch: RecordBatch, row: int) -> str:
    file = re.sub(r"\W+", "_", batch.names[row]).lower()
    lines = enumerate(batch.rows[row], start=3)
    return "\n".join(f"data/{file}.yml:{number}:{cell.field.key}: {cell.text}" for number, cell in lines)


def _passage(batch: RecordBatch, row: int) -> str:
    template = batch.words.phrases["plain"][row % len(batch.words.phrases["plain"])]
    said = (batch.says(template, row, cell.field, cell.text) for cell in batch.rows[row])
    return f"[{row + 1}] " + (" " if batch.words.spaced else "").join(said)


def _mail(batch: RecordBatch, row: int) -> str:
    first = batch.names[(row + 1) % len(batch.names)].split()[0].lower()
    head = [f"From: team{row + 1}@mail.example", f"Subject: {batch.heading(row)}", ""]
    body = [f"{cell.field.title}: {cell.text}" for cell in batch.rows[row]]
    # A signature has lines of its own that look like fields.
    return "\n".join([*head, *body, "", "-- ", f"Desk {row + 1}", f"Ref: {len(first)}/{row + 1}"])


def _bill(batch: RecordBatch, row: int) -> str:
    dots = batch.shape.choice((" . . . . ", "......", "     ", " : "))
    head = f"{batch.domain.noun.upper()} {batch.names[row]}" if batch.words.spaced else batch.called(row)
    lines = [f"{cell.field.title.upper()}{dots}{cell.text}" for cell in batch.rows[row]]
    return "\n".join([head, "-" * 24, *lines, ""])


def _full_width(batch: RecordBatch, row: int) -> str:
    own = [f"{cell.field.name}\uff1a{cell.text}" for cell in batch.rows[row]]
    return "\n".join([f"{batch.domain.id.name}\uff1a{batch.names[row]}", *own, ""])


def _full_width_line(batch: RecordBatch, row: int) -> str:
    return f"{batch.names[row]}\uff1a" + "\uff0c".join(f"{cell.field.name}{cell.text}" for cell in batch.rows[row])


def _shell(batch: RecordBatch, text: str) -> str:
    return f'"{text}"' if " " in batch.item.shown(text) else text


_FORMS: dict[str, Callable[[RecordBatch, int], str]] = {
    "log_pairs": _log_pairs,
    "log_host": _log_host,
    "log_brackets": _log_brackets,
    "grep": _grep,
    "passages": _passage,
    "mails": _mail,
    "bills": _bill,
    "full_width": _full_width,
    "full_width_line": _full_width_line,
}
LINES = tuple(_FORMS)
"""The forms of lines; those of full width are written in Chinese only."""


def write_lines(batch: RecordBatch, form: str) -> str:
    """Write the records in one of `LINES`."""
    parted = "\n\n" if form == "mails" else "\n"
    return parted.join(_FORMS[form](batch, row) for row in range(len(batch.rows))).rstrip()
