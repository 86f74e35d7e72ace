"""Draws where the time of guarded answers goes, in decode steps."""

from __future__ import annotations

from pathlib import Path

from guardbind_bench.cost.parts import GENERATE
from guardbind_bench.cost.record import CellCostRecord
from guardbind_bench.reporting.panels import COLOURS, INK, STYLE, figure_of
from guardbind_bench.running.files import write_atomic

__all__ = ["draw_cost"]

_INK = "#555555"  # readable on light and on dark pages


def draw_cost(record: CellCostRecord, path: Path) -> None:
    """Write an SVG with one bar for each cell, of what the guard adds, part by part.

    Args:
        record: What was measured.
        path: The file.
    """
    import io

    from matplotlib import rc_context

    cells = [cost for cost in record.cells if cost.refused is None]
    names = [name for name in dict.fromkeys(p.part for cost in cells for p in cost.parts) if name != GENERATE]
    shown = [name for name in names if any(p.part == name and p.steps.median >= 0.05 for c in cells for p in c.parts)]
    with rc_context(STYLE):
        figure, (axes,) = figure_of([0.3 * len(cells) + 1.2])
        left = [0.0] * len(cells)
        for place, name in enumerate(shown):
            widths = [sum(p.steps.median for p in cost.parts if p.part == name) for cost in cells]
            colour, hatch = COLOURS[place % len(COLOURS)], "//" if place >= len(COLOURS) else None
            axes.barh(range(len(cells)), widths, left=left, label=name, color=colour, hatch=hatch)
            left = [a + b for a, b in zip(left, widths, strict=True)]
        axes.set_yticks(range(len(cells)), [cost.cell.label() for cost in cells])
        axes.invert_yaxis()
        axes.set_xlabel("decode steps on top of the unguarded answer")
        axes.legend(loc="lower right", ncols=2)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    write_atomic(path, buffer.getvalue().replace(INK, _INK).encode())
