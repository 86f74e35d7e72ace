"""Writes the rows of a recount as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence

from guardbind_bench.experiments.table import Table, TableRow
from guardbind_bench.pools.pool import PoolHead
from guardbind_bench.reporting.numbers import interval, number, said

__all__ = ["coverage_page"]


def coverage_page(head: PoolHead, command: str, tables: Sequence[Table], rows: Sequence[TableRow]) -> str:
    """Return a page: what the pool is, and a table for each kind of promise.

    Args:
        head: What the pool was made by.
        command: The command that counts.
        tables: What the rows mean.
        rows: The rows.
    """
    lines = [
        "# Are the promises of a calibration kept where interventions do harm?",
        "",
        f"`{command}` on a pool of {head.model}, made by `{head.command}` (guardbind {head.guardbind}, targets by "
        f"{head.resolver}):",
        "",
    ]
    lines += [
        f"- **{name}**: {source.about}; {source.trials} trials, {source.failed} failed, seed {source.seed}."
        for name, source in head.sources.items()
    ]
    for table in tables:
        mine = [row for row in rows if row.table == table.id]
        if mine:
            lines += ["", f"## {table.title}", "", *_table(table, mine), ""]
            lines += [f"- *{column.title}*: {column.meaning}" for column in table.columns.values()]
    return "\n".join(lines) + "\n"


def _table(table: Table, rows: Sequence[TableRow]) -> list[str]:
    keys = list(rows[0].keys)
    head = [*(key.replace("_", " ") for key in keys), *(column.title for column in table.columns.values())]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        cells = []
        for name, column in table.columns.items():
            estimate = row.values[name]
            value = "–" if estimate.value is None else number(estimate.value, column.unit)
            cells.append(f"{value} {interval(estimate, column.unit)}".strip())
        lines.append([*(said(row.keys[key]) for key in keys), *cells])
    return [f"| {' | '.join(line)} |" for line in lines]
