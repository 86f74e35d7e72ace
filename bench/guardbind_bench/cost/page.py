"""Writes the tables of costs, and puts them between two marks of a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from guardbind.errors import ConfigError
from guardbind_bench.cost.cell import BASE, CostCell
from guardbind_bench.cost.record import CellCost, CellCostRecord, CostRatio

__all__ = ["BEGIN", "END", "cost_tables", "moved_table", "readme_table", "set_between"]

BEGIN, END = "<!-- cost: written by `guardbind bench cost --page` -->", "<!-- cost: end -->"
"""Between these marks of a page stands what was measured."""
_OTHERS = ("attention", "dtype", "policy", "null", "most", "asks", "told")


def cost_tables(record: CellCostRecord) -> str:
    """Return all tables as Markdown; the same record gives the same text."""
    cells = [cost for cost in record.cells if cost.refused is None]
    made = next((cost.provenance for cost in cells if cost.provenance is not None), None)
    head = (
        []
        if made is None
        else [
            f"`{record.command}`: {made.model}, guardbind {made.guardbind}, transformers {made.transformers}, torch "
            f"{made.torch}, {record.device}, {record.threads} threads. Medians of paired ratios, with the lowest and "
            "the highest; forwards and tokens are exact, unguarded → guarded."
        ]
    )
    parts = [*head, _answers(cells), _parts(cells), _attach(cells)]
    refused = [f"- {cost.cell.label()}: {cost.refused}" for cost in record.cells if cost.refused is not None]
    if refused:
        parts.append("Not measured:\n\n" + "\n".join(refused))
    if record.peers:
        parts.append(_peers(record))
    return "\n\n".join(parts) + "\n"


def _answers(cells: Sequence[CellCost]) -> str:
    head = [
        *("answer", "context", "bindings", "rows", "other", "slots, repaired", "forwards", "tokens read"),
        *("time", "with its prompt", "longer by, decode steps", "memory"),
    ]
    rows = []
    for cost in cells:
        cell = cost.cell
        rows.append(
            (
                f"{cell.answer}, {cost.answer_tokens} tokens",
                str(cell.context),
                str(cell.bindings),
                str(cell.batch),
                _other(cell) + ("" if cost.as_asked else " (none found)"),
                f"{cost.slots}, {cost.repaired}",
                f"{cost.forwards[0]} → {cost.forwards[1]}",
                f"{cost.tokens[0]} → {cost.tokens[1]}",
                spread(cost.ratio, 3 if cell.answer == "idle" else 2),
                spread(cost.whole, 3),
                spread(cost.extra_steps, 1),
                "" if cost.memory is None else f"{cost.memory:.2f}",
            )
        )
    return _table("Whole answers", head, rows)


def _parts(cells: Sequence[CellCost]) -> str:
    names = list(dict.fromkeys(part.part for cost in cells for part in cost.parts))
    rows = []
    for cost in cells:
        held = {part.part: part for part in cost.parts}
        rows.append(
            (
                cost.cell.label(),
                *(
                    ""
                    if name not in held
                    else f"{held[name].steps.median:.2f}"
                    + (f" ({held[name].forwards} × {held[name].tokens})" if held[name].forwards else "")
                    for name in names
                ),
            )
        )
    title = "Where the time of the guarded answer goes, in decode steps (forwards × tokens of all of them)"
    return _table(title, ("cell", *names), rows)


def _attach(cells: Sequence[CellCost]) -> str:
    rows = [(cost.cell.label(), spread(cost.attach, 1)) for cost in cells if cost.cell.answer == BASE.answer]
    return _table("A new guard that tries its null, in decode steps", ("cell", "attach"), rows)


def _peers(record: CellCostRecord) -> str:
    rows = [
        (
            peer.peer,
            "yes" if peer.repairs else "no",
            "" if peer.peer.startswith("stages") else f"{peer.right} of {peer.prompts}",
            spread(peer.ratio, 2),
            f"{peer.forwards:.3g}",
            f"{peer.tokens:.0f}",
        )
        for peer in record.peers
    ]
    head = ("way", "may repair", "right", "time", "forwards per prompt", "tokens per prompt")
    return _table("Beside the others, prompts read anew by each", head, rows)


def readme_table(record: CellCostRecord) -> str:
    """Return what the README shows: one row for each answer at the base cell."""
    rows = [
        (
            cost.cell.answer,
            str(cost.answer_tokens),
            f"{cost.forwards[0]} → {cost.forwards[1]}",
            spread(cost.ratio, 3 if cost.cell.answer == "idle" else 2),
            spread(cost.whole, 3),
        )
        for cost in record.cells
        if cost.refused is None and cost.cell == CostCell(answer=cost.cell.answer)
    ]
    return _table("", ("answer", "tokens", "forwards", "time", "with its prompt"), rows)


def moved_table(record: CellCostRecord, older: CellCostRecord) -> str:
    """Return what is other than in an earlier record: forwards, tokens, and parts by their decode steps."""
    before = {cost.cell: cost for cost in older.cells if cost.refused is None}
    rows = []
    for cost in record.cells:
        old = before.get(cost.cell)
        if old is None or cost.refused is not None:
            continue
        held = {part.part: part for part in old.parts}
        for part in cost.parts:
            was = held.get(part.part)
            now = (part.calls, part.forwards, part.tokens)
            then = None if was is None else (was.calls, was.forwards, was.tokens)
            apart = was is None or part.steps.low > was.steps.high or part.steps.high < was.steps.low
            if now != then or apart:
                steps = "" if was is None else spread(was.steps, 2)
                rows.append((cost.cell.label(), part.part, str(then), str(now), steps, spread(part.steps, 2)))
    head = ("cell", "part", "calls, forwards, tokens before", "now", "steps before", "now")
    return _table("What moved", head, rows) if rows else "Nothing moved beyond the ranges.\n"


def set_between(page: str, text: str) -> str:
    """Return a page with a text between its marks.

    Raises:
        ConfigError: The page has no such marks.
    """
    before, begun, rest = page.partition(BEGIN)
    _, ended, behind = rest.partition(END)
    if not begun or not ended:
        raise ConfigError(f"the page has no lines {BEGIN!r} and {END!r} between which the tables could stand.")
    return f"{before}{BEGIN}\n\n{text}\n{END}{behind}"


def spread(ratio: CostRatio | None, digits: int) -> str:
    """Return a median with its range.

    >>> spread(CostRatio(median=1.5, low=1.25, high=2.0, pairs=3), 2)
    '1.50 [1.25, 2.00]'
    """
    return "" if ratio is None else f"{ratio.median:.{digits}f} [{ratio.low:.{digits}f}, {ratio.high:.{digits}f}]"


def _other(cell: CostCell) -> str:
    return " ".join(str(getattr(cell, axis)) for axis in _OTHERS if getattr(cell, axis) != getattr(BASE, axis))


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"**{title}**", ""] if title else []
    lines += [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)
