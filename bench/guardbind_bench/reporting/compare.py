"""Sets the numbers of a run beside the published ones of the same name, and says why the two may differ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from guardbind.frozen import Frozen
from guardbind_bench.experiments.table import Column, Estimate, RowKey, TableRow
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.reporting.numbers import said
from guardbind_bench.reporting.published import Published, PublishedRow, PublishedTable, read_published
from guardbind_bench.running.summary import Summary

__all__ = ["ComparedNumber", "ComparedRow", "compare"]

_WIDE = 0.2
_FEW = 50
# Without an equal one in ours a published line is about something else.
_NEEDED = ("task", "filler", "k", "layer", "component", "head")
# Numbered within one model.
_PARTS = ("layer", "head")
# A published task that nobody else can run, to those that are set beside it.
_STAND_INS = {"synthetic_binding": ("competing_vars",), "QuALITY": ("quality", "documents")}
# A published number to ours of another name that comes nearest to it.
_NEAREST = {"probe_acc_block_35": "probe_acc_last"}
_WHY = {
    "synthetic_binding": "the published task is a synthetic binding audit whose prompt is not published",
    "QuALITY": "the published choice of questions, prompts and retriever are not released; the texts of `documents` "
    "are generated and not those of QuALITY",
    "probe_acc_block_35": "block 35 is the last of the paper's 36; ours is the last layer that was read, in a model of "
    "another depth unless it has as many",
}


class ComparedNumber(Frozen):
    """One number of ours beside the published one of the same name."""

    title: str
    """Heading of our column."""
    unit: str
    """Unit of both numbers."""
    ours: Estimate
    """Our number."""
    published: float
    """The published number."""
    published_low: float | None
    """Lower end of Wilson's 95 % interval of a published share, made from its n; None of other numbers."""
    published_high: float | None
    """Upper end."""
    published_n: int | None
    """Trials or errors that the published number is over, where known."""
    difference: float
    """Ours minus published."""
    overlap: bool | None
    """Whether the two intervals meet; None where one of them is missing."""
    within_tolerance: bool | None
    """Of a share of trials: whether the difference is at most 0.10, or 0.02 where the published share is outside
    [0.05, 0.95]; about what the paper's own repetitions of one cell differ by. None of other numbers."""
    reasons: tuple[str, ...]
    """Why this number may differ."""


class ComparedRow(Frozen):
    """A row of ours beside one published row, or beside none."""

    table: str
    """Id of our table."""
    keys: dict[str, RowKey]
    """What our row is about."""
    published_table: str
    """Id of the published table."""
    reference: str
    """Where it stands in the paper."""
    published_keys: dict[str, RowKey] | None
    """What the published row is about; None where there is none to compare with, for the first of the reasons."""
    same_model: bool
    """Whether both are of the same model."""
    values: dict[str, ComparedNumber]
    """The numbers that mean the same in both."""
    reasons: tuple[str, ...]
    """Why the rows may differ as a whole, or why there is no published row."""


def compare(summary: Summary, published: Published | None = None) -> list[ComparedRow]:
    """Compare each row of a table that names a published one.

    A published row is set beside ours if task, filler, k and other keys that both have are equal; of the same model
    where that is published, else of every other model.

    Args:
        summary: What was found.
        published: The published numbers; None for those that come with the package.

    Raises:
        UnknownNameError: A table names a published one that does not exist.
    """
    published = read_published() if published is None else published
    tables = {table.id: table for table in summary.tables if table.published is not None}
    comparisons = []
    for row in summary.rows:
        if row.table in tables:
            table = tables[row.table]
            theirs = published.table(str(table.published))
            comparisons += _row(row, table.columns, theirs, _forms(row, summary))
    return comparisons


def _row(row: TableRow, columns: dict[str, Column], table: PublishedTable, forms: set[PromptForm]) -> list[ComparedRow]:
    partners, missing = _partners(row, table)
    names = [_same_meaning(row, columns, table, partner) for partner in partners]
    if not missing and not any(names):
        refused = row.notes if not row.values else ()
        missing = refused or ("no number of this row is published with the same meaning",)
    if missing:
        return [_comparison(row, table, None, {}, missing)]
    return [
        _comparison(
            row,
            table,
            partner,
            {
                name: _compared(name, columns[ours].title, row.values[ours], partner, table, ours)
                for name, ours in shared.items()
            },
            (*_row_reasons(row, partner, table), *_form_reasons(forms, table)),
        )
        for partner, shared in zip(partners, names, strict=True)
    ]


def _comparison(
    row: TableRow,
    table: PublishedTable,
    other: PublishedRow | None,
    values: dict[str, ComparedNumber],
    reasons: tuple[str, ...],
) -> ComparedRow:
    return ComparedRow(
        table=row.table,
        keys=row.keys,
        published_table=table.id,
        reference=table.reference,
        published_keys=None if other is None else other.keys,
        same_model=other is not None and _same_model(row, other),
        values=values,
        reasons=reasons,
    )


def _partners(row: TableRow, table: PublishedTable) -> tuple[list[PublishedRow], tuple[str, ...]]:
    """Return the published rows with equal keys; where there are none, why."""
    rows = list(table.rows)
    for key, value in row.keys.items():
        told = _told(rows, key)
        if key == "model" or not told:
            continue
        rows = [other for other in rows if other.keys.get(key) is None or value in _accepted(other.keys[key])]
        if not rows:
            return [], (f"{key} {said(value)} is not published, only {', '.join(told)}",)
    for key in _NEEDED:
        if key not in row.keys and _told(rows, key):
            return [], (f"the published rows are each for one {key}",)
    own = [other for other in rows if _same_model(row, other)]
    part = next((key for key in _PARTS if key in row.keys and any(key in other.keys for other in rows)), None)
    if part is not None and not own:
        return [], (f"the model is not published, and a {part} of another model is another {part}",)
    return own or rows, ()


def _accepted(theirs: RowKey) -> tuple[RowKey, ...]:
    return (theirs, *_STAND_INS.get(str(theirs), ()))


def _told(rows: Sequence[PublishedRow], key: str) -> list[str]:
    return list(dict.fromkeys(said(value) for row in rows if (value := row.keys.get(key)) is not None))


def _same_model(row: TableRow, other: PublishedRow) -> bool:
    return _short(row.keys.get("model")) == _short(other.keys.get("model")) is not None


def _short(model: RowKey) -> str | None:
    return None if model is None else str(model).rsplit("/", 1)[-1].lower()


def _same_meaning(
    row: TableRow, columns: dict[str, Column], table: PublishedTable, other: PublishedRow
) -> dict[str, str]:
    """Return the names of the published numbers that ours can be set beside, with the names of ours."""
    names = {name: name if name in columns else _NEAREST.get(name, name) for name in table.columns}
    return {
        name: ours
        for name, ours in names.items()
        if ours in columns
        and columns[ours].unit == table.columns[name].unit
        and other.values.get(name) is not None
        and ours in row.values
        and row.values[ours].value is not None
    }


def _compared(
    name: str, title: str, ours: Estimate, other: PublishedRow, table: PublishedTable, our_name: str
) -> ComparedNumber:
    value, theirs = ours.value, other.values[name]
    assert value is not None and theirs is not None
    interval, base = table.interval(other, name), table.base(other, name)
    overlap = None
    if interval is not None and ours.low is not None and ours.high is not None:
        overlap = ours.low <= interval.high and interval.low <= ours.high
    column = table.columns[name]
    reasons = [] if column.caveat is None else [f"definition: {column.caveat}"]
    if our_name != name:
        reasons.append(_WHY[name])
    if other.source != "arXiv v1" and name not in other.in_v1:
        reasons.append("seen only in the January 2026 draft")
    wide = _WIDE * {"share": 1.0, "percent": 100.0}.get(column.unit, math.inf)
    if ours.low is not None and ours.high is not None and ours.high - ours.low > wide:
        reasons.append(f"our n of {ours.n} is small: the interval is {ours.high - ours.low:.2f} wide")
    if base is not None and base < _FEW:
        reasons.append(f"the published number is over so few: {base} {column.over}")
    return ComparedNumber(
        title=title,
        unit=column.unit,
        ours=ours,
        published=theirs,
        published_low=None if interval is None else interval.low,
        published_high=None if interval is None else interval.high,
        published_n=base,
        difference=value - theirs,
        overlap=overlap,
        within_tolerance=(
            abs(value - theirs) <= (0.1 if 0.05 <= theirs <= 0.95 else 0.02) + 1e-9
            if column.unit == "share" and column.over == "trials"
            else None
        ),
        reasons=tuple(reasons),
    )


def _row_reasons(row: TableRow, other: PublishedRow, table: PublishedTable) -> Iterable[str]:
    if not _same_model(row, other):
        named = other.keys.get("model")
        yield f"another model: {named}" if named else "the paper does not name the model"
    if row.keys.get("task") != (published := other.keys.get("task")) and published in _WHY:
        yield _WHY[str(published)]
    for key, value in other.keys.items():
        if key == "filler" and value is None:
            yield "the paper does not say which filler"
        elif key != "model" and key not in row.keys:
            yield f"the published row is for {key} {value}, which ours does not tell"
    if other.filler_basis == "inferred":
        yield f"the filler of the published row is inferred: {other.keys['filler']}"
    if other.defect is not None:
        yield f"the published row: {other.defect}"
    if table.caveat is not None:
        yield f"the published table: {table.caveat}"


def _forms(row: TableRow, summary: Summary) -> set[PromptForm]:
    """Return how the prompts of a row may have been written."""
    cells = [condition.request.cell for condition in summary.conditions]
    matching = [
        cell
        for cell in cells
        if all(row.keys.get(key, getattr(cell, key)) == getattr(cell, key) for key in ("task", "filler", "k"))
    ]
    forms = [
        cell.form
        for cell in matching
        if all(row.keys.get(key, getattr(cell.form, key)) == getattr(cell.form, key) for key in PromptForm.model_fields)
    ]
    # A row may name an arm that is no cell of its own.
    return set(forms or (cell.form for cell in matching))


def _form_reasons(forms: set[PromptForm], table: PublishedTable) -> Iterable[str]:
    if table.form is None:
        if forms:
            yield "the paper does not give the prompts"
        return
    asked = {form.asked for form in forms}
    if asked - {table.form.asked}:
        yield "the asked key is drawn at random here; the paper always asks for the first"
    for key in ("template", "layout", "style"):
        ours, theirs = sorted({getattr(form, key) for form in forms}), getattr(table.form, key)
        if set(ours) - {theirs}:
            yield f"{key} {' and '.join(ours)} here, {theirs} in the released script"
