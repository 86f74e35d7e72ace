"""Progress of a run on standard error: bars on a terminal, elsewhere a line for each cell that is finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from guardbind_bench.prompts.cell import Cell, Request
from guardbind_bench.registry import TEXT_TASKS

__all__ = ["Progress", "label"]

_ALL = "all"


def label(cell: Cell) -> str:
    """Return a cell in a few words."""
    if cell.task in TEXT_TASKS:
        return f"{cell.measure} {cell.task} k={cell.k}"
    form = cell.form
    words = [cell.measure, cell.task, cell.filler, f"k={cell.k}", f"{form.style}/{form.layout}"]
    words += [word for word in (form.template, form.asked, form.arm) if word not in ("plain", "random", "baseline")]
    return " ".join(words)


class Progress:
    """Shows trials done, time left and tokens per second, for each experiment and for all of them.

    Args:
        console: Where to; standard error without it.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("trials"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[doing]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._rows: dict[str, TaskID] = {}
        # Row to cell to the trials that are asked for.
        self._asked: dict[str, dict[str, set[int]]] = {}
        self._done: dict[str, set[int]] = {}

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, plan: Mapping[str, Sequence[Request]], done: Mapping[str, Iterable[int]]) -> None:
        """Say what is to come.

        Args:
            plan: Name of an experiment to what it asks for.
            done: Id of a cell to the trials that have records.
        """
        self._done = {cell_id: set(indices) for cell_id, indices in done.items()}
        rows = {**plan, _ALL: [request for requests in plan.values() for request in requests]}
        for name, requests in (rows if len(plan) > 1 else plan).items():
            asked = self._asked.setdefault(name, {})
            for request in requests:
                indices = range(request.first, request.first + request.trials)
                asked.setdefault(request.cell.id, set()).update(indices)
            completed, total = self._count(name)
            self._rows[name] = self._bars.add_task(name, completed=completed, total=total, doing="")

    def advance(self, cell: Cell, indices: Iterable[int], tokens: int, seconds: float) -> None:
        """Count trials that were measured; `tokens` went through the model, or the models, in `seconds`."""
        self._done.setdefault(cell.id, set()).update(indices)
        self._show(cell, f"{tokens / seconds:,.0f} tokens/s" if seconds > 0 else "")

    def finished(self, cell: Cell, refusal: str | None) -> None:
        """Count a cell as finished: trials of it that have no record are not needed, or it was refused."""
        # A short cell may come and go between two ticks of the display.
        self._bars.refresh()
        done = self._done.get(cell.id, set())
        for asked in self._asked.values():
            asked.get(cell.id, set()).intersection_update(done)
        self._show(cell, "")
        if refusal is not None:
            self._console.print(f"{label(cell)}: refused: {refusal}", soft_wrap=True)
        elif not self._console.is_terminal:
            self._console.print(f"{label(cell)}: {len(done)} trials", soft_wrap=True)

    def working(self, experiment: str, what: str) -> None:
        """Say what an experiment is summing up."""
        self._bars.update(self._rows[experiment], doing=what)

    def _show(self, cell: Cell, doing: str) -> None:
        for name, asked in self._asked.items():
            if cell.id in asked:
                completed, total = self._count(name)
                self._bars.update(self._rows[name], completed=completed, total=total, doing=doing)

    def _count(self, name: str) -> tuple[int, int]:
        asked = self._asked[name]
        done = sum(len(indices & self._done.get(cell_id, set())) for cell_id, indices in asked.items())
        return done, sum(map(len, asked.values()))
