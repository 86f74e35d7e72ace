"""Shows how far a long command is, on standard error: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

__all__ = ["StepProgress"]

_EVERY = 20.0


class StepProgress:
    """Shows the trials done of one step after the other, and the time that is left of it.

    Args:
        console: Where to; standard error without it.
        clock: Tells the time in seconds.
        every: Seconds after which a line is due where there is no bar.
    """

    def __init__(
        self,
        console: Console | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        every: float = _EVERY,
    ) -> None:
        self._console = console or Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._rows: dict[str, TaskID] = {}
        self._clock, self._every = clock, every
        self._began: dict[str, tuple[float, int]] = {}
        self._written = -every

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that so many trials of a step are done."""
        if step not in self._rows:
            self._rows[step] = self._bars.add_task(step, total=total)
            self._began[step] = (self._clock(), done)
        self._bars.update(self._rows[step], completed=done, total=total)
        if not self._console.is_terminal and (done >= total or self._clock() - self._written >= self._every):
            self._written = self._clock()
            self._console.print(f"{step}: {done:,} of {total:,}{self._left(step, done, total)}", soft_wrap=True)

    def _left(self, step: str, done: int, total: int) -> str:
        began, before = self._began[step]
        if done >= total or done <= before:
            return ""
        seconds = (total - done) * (self._clock() - began) / (done - before)
        return f", about {seconds / 60:.0f} min left" if seconds >= 100 else f", about {seconds:.0f} s left"
