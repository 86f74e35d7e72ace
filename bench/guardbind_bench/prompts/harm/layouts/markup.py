"""Writes records as HTML and XML."""

from __future__ import annotations

from guardbind_bench.prompts.harm.records import RecordBatch

__all__ = ["MARKUP", "write_markup"]

MARKUP = ("html_table", "html_spans", "html_down", "html_list", "html_dl", "xml_elements", "xml_attributes")
"""The forms of markup."""


def write_markup(batch: RecordBatch, form: str) -> str:
    """Write the records in one of `MARKUP`."""
    match form:
        case "html_table":
            return _table(batch)
        case "html_spans":
            return _spans(batch)
        case "html_down":
            return _down(batch)
        case "html_list":
            return _list(batch)
        case "html_dl":
            return _definitions(batch)
    return _elements(batch) if form == "xml_elements" else _attributes(batch)


def _row(cells: list[str], tag: str = "td") -> str:
    return "  <tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _texts(batch: RecordBatch, row: int) -> list[str]:
    return ["" if cell is None else cell.text for cell in (batch.cell(row, what) for what in batch.fields)]


def _table(batch: RecordBatch) -> str:
    head = _row([batch.domain.id.title, *(what.title for what in batch.fields)], "th")
    rows = [_row([name, *_texts(batch, i)]) for i, name in enumerate(batch.names)]
    return "\n".join(["<table>", head, *rows, "</table>"])


def _spans(batch: RecordBatch) -> str:
    """One cell over all rows of a record, and one over the two columns of the others."""
    rows = [f'  <tr><th>{batch.domain.id.title}</th><th colspan="2">{batch.domain.noun}</th></tr>']
    for i, name in enumerate(batch.names):
        cells = batch.rows[i]
        for at, cell in enumerate(cells):
            first = f'<td rowspan="{len(cells)}">{name}</td>' if at == 0 else ""
            rows.append(f"  <tr>{first}<td>{cell.field.title}</td><td>{cell.text}</td></tr>")
    return "\n".join(["<table>", *rows, "</table>"])


def _down(batch: RecordBatch) -> str:
    """The records are columns."""
    rows = [_row(["", *batch.names], "th")]
    for what in batch.fields:
        cells = [batch.cell(i, what) for i in range(len(batch.names))]
        rows.append(_row([what.title, *("" if cell is None else cell.text for cell in cells)]))
    return "\n".join(["<table>", *rows, "</table>"])


def _list(batch: RecordBatch) -> str:
    items = []
    for i, name in enumerate(batch.names):
        inner = "".join(f"<li>{cell.field.title}: {cell.text}</li>" for cell in batch.rows[i])
        items.append(f"  <li><b>{name}</b><ul>{inner}</ul></li>")
    return "\n".join(["<ul>", *items, "</ul>"])


def _definitions(batch: RecordBatch) -> str:
    blocks = []
    for i in range(len(batch.names)):
        inner = "".join(f"<dt>{cell.field.title}</dt><dd>{cell.text}</dd>" for cell in batch.rows[i])
        blocks.append(f"<h3>{batch.heading(i)}</h3>\n<dl>{inner}</dl>")
    return "\n".join(blocks)


def _elements(batch: RecordBatch) -> str:
    blocks = []
    for i, name in enumerate(batch.names):
        own = [f"    <{batch.domain.id.key}>{name}</{batch.domain.id.key}>"]
        own += [f"    <{cell.field.key}>{cell.text}</{cell.field.key}>" for cell in batch.rows[i]]
        blocks.append("\n".join([f"  <{_tag(batch)}>", *own, f"  </{_tag(batch)}>"]))
    return "\n".join(["<data>", *blocks, "</data>"])


def _attributes(batch: RecordBatch) -> str:
    lines = []
    for i, name in enumerate(batch.names):
        own = " ".join(f'{cell.field.key}="{cell.text}"' for cell in batch.rows[i])
        lines.append(f'  <{_tag(batch)} id="{name}" {own}/>')
    return "\n".join(["<data>", *lines, "</data>"])


def _tag(batch: RecordBatch) -> str:
    return batch.domain.noun.lower()
