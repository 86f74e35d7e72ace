"""Shows the progress of a run on standard error: bars on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from guardbind_bench.prompts.cell import BenchCell, CellRequest
from guardbind_bench.registry import AUDIT_TASKS, TEXT_TASKS

__all__ = ["Progress", "duration", "label"]

_ALL = "all"
_EVERY = 20.0
# On a terminal, where nothing scrolls.
_EVERY_PASS = 1.0


def label(cell: BenchCell) -> str:
    """Return a cell in a few words."""
    if cell.task in TEXT_TASKS or cell.task in AUDIT_TASKS:
        return f"{cell.measure} {cell.task} k={cell.k}"
    form = cell.form
    words = [cell.measure, cell.task, cell.filler, f"k={cell.k}", f"{form.style}/{form.layout}"]
    words += [word for word in (form.template, form.asked, form.arm) if word not in ("plain", "random", "baseline")]
    return " ".join(words)


def duration(seconds: float) -> str:
    """Return a time as somebody waiting for it wants to know it.

    >>> duration(8.3), duration(754), duration(12_100)
    ('8 s', '13 min', '3 h 22 min')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class Progress:
    """Shows trials done, time left and tokens per second, for each experiment and for all of them.

    Where it is no terminal, a line is written when the run begins, when a cell is finished, and in between, within a
    batch as well, whenever nothing was written for a while. Nothing goes to standard output.

    Args:
        console: Where to; standard error without it.
        clock: Tells the time in seconds.
        every: Seconds after which a line is due where there are no bars.
    """

    def __init__(
        self,
        console: Console | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        every: float = _EVERY,
    ) -> None:
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
        self._clock = clock
        self._every = every
        self._whole = _ALL
        self._began = self._written = self._passed = clock()
        self._done_before = 0

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, plan: Mapping[str, Sequence[CellRequest]], done: Mapping[str, Iterable[int]]) -> None:
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
        self._whole = _ALL if len(plan) > 1 else next(iter(plan), _ALL)
        self._began = self._clock()
        self._done_before, total = self._count(self._whole)
        there = f", {self._done_before:,} of them are there" if self._done_before else ""
        self._write(f"{', '.join(plan)}: {total:,} trials at most{there}")

    def started(self, cell: BenchCell) -> None:
        """Say which cell comes next."""
        self._write_if_due(f"{label(cell)}: begins")

    def advance(self, cell: BenchCell, indices: Iterable[int], tokens: int, seconds: float) -> None:
        """Count trials that were measured; `tokens` went through the model, or the models, in `seconds`."""
        self._done.setdefault(cell.id, set()).update(indices)
        speed = f"{tokens / seconds:,.0f} tokens/s" if seconds > 0 else ""
        self._show(cell, speed)
        done = len(self._done[cell.id])
        self._write_if_due(f"{label(cell)}: {done} trials so far{f', {speed}' if speed else ''}")

    def passes(self, cell: BenchCell, trials: int) -> Callable[[], None]:
        """Return what to call at each forward pass of a batch of some trials, so that a long batch is not silent."""
        count = 0

        def tick() -> None:
            nonlocal count
            count += 1
            done = len(self._done.get(cell.id, ()))
            passes = f"{count} forward pass{'es' * (count > 1)}"
            self._write_if_due(f"{label(cell)}: {done} trials so far, {passes} into the next {trials}")
            if self._clock() - self._passed >= _EVERY_PASS:
                self._passed = self._clock()
                self._show(cell, passes)

        return tick

    def finished(self, cell: BenchCell, refusal: str | None) -> None:
        """Count a cell as finished: trials of it that have no record are not needed, or it was refused."""
        # A short cell may come and go between two ticks of the display.
        self._bars.refresh()
        done = self._done.get(cell.id, set())
        for asked in self._asked.values():
            asked.get(cell.id, set()).intersection_update(done)
        self._show(cell, "")
        if refusal is not None:
            self._console.print(f"{label(cell)}: refused: {refusal}", soft_wrap=True)
            self._written = self._clock()
        else:
            self._write(f"{label(cell)}: {len(done)} trials")

    def working(self, experiment: str, what: str) -> None:
        """Say what an experiment is summing up."""
        self._bars.update(self._rows[experiment], doing=what)
        self._write_if_due(f"{experiment}: summing up {what}")

    def _write_if_due(self, text: str) -> None:
        if self._clock() - self._written >= self._every:
            self._write(text)

    def _write(self, text: str) -> None:
        """Write a line with how far the run is, where there are no bars."""
        self._written = self._clock()
        if not self._console.is_terminal:
            done, total = self._count(self._whole)
            self._console.print(f"{text} [{done:,} of {total:,}{self._left(done, total)}]", soft_wrap=True)

    def _left(self, done: int, total: int) -> str:
        new, seconds = done - self._done_before, self._clock() - self._began
        if done >= total or new <= 0 or seconds <= 0:
            return ""
        return f", about {duration((total - done) * seconds / new)} left"

    def _show(self, cell: BenchCell, doing: str) -> None:
        for name, asked in self._asked.items():
            if cell.id in asked:
                completed, total = self._count(name)
                self._bars.update(self._rows[name], completed=completed, total=total, doing=doing)

    def _count(self, name: str) -> tuple[int, int]:
        asked = self._asked.get(name, {})
        done = sum(len(indices & self._done.get(cell_id, set())) for cell_id, indices in asked.items())
        return done, sum(map(len, asked.values()))
