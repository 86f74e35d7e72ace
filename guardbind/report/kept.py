"""Keeps the last reports of a guard that stands for long, and hands each caller its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from weakref import WeakKeyDictionary

from guardbind.errors import GuardbindError
from guardbind.report.report import Report

__all__ = ["KeptReports"]


class KeptReports:
    """The reports of one handle.

    Args:
        most: How many are kept; of more, the oldest are let go of.
    """

    def __init__(self, most: int) -> None:
        self._all: deque[Report] = deque(maxlen=most)

    def begin(self) -> None:
        """Forget the caller's last report, so that of a call which fails early none is taken for its own."""
        self._note(None)

    def add(self, report: Report) -> None:
        """Keep the report of the caller's call."""
        self._all.append(report)
        self._note(report)

    @property
    def mine(self) -> Report:
        """The report of the last call of this thread, or of this asyncio task.

        Raises:
            GuardbindError: It has made no call, or the last one was refused before anything ran.
        """
        mine = _LAST.get()
        report = mine.get(self)
        if report is not None:
            return report
        if self in mine:
            raise GuardbindError(
                "the last call of this thread ended before anything was generated, so that it has no report.",
                hint="See the error that it raised.",
            )
        raise GuardbindError(
            f"no guarded call has finished yet in this thread ({len(self._all)} reports of others are kept).",
            hint="Call model.generate(...) first, and read the report where the call was made.",
        )

    @property
    def every(self) -> tuple[Report, ...]:
        """The reports that are kept, whoever called, in the order in which the calls ended."""
        return tuple(self._all)

    def _note(self, report: Report | None) -> None:
        # A mapping is never changed: tasks and threads may have been given the same one.
        _LAST.set(WeakKeyDictionary({**_LAST.get(), self: report}))


_NONE: Mapping[KeptReports, Report | None] = {}
_LAST: ContextVar[Mapping[KeptReports, Report | None]] = ContextVar("guardbind_last_report", default=_NONE)
