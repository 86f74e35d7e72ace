"""Lets the rows that come to a slot at one step try their remedies together, so that restatements share a forward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from guardbind.model.branch import Branch
from guardbind.model.branches import BranchRequest, read_branches
from guardbind.model.tail import Tail

__all__ = ["SharedReading"]

_MOST = 32  # rows that wait for each other; each of them stands on the stack


class SharedReading:
    """Reads the branches of one step.

    What tries at a row asks for a branch in the middle of its work. Before that is read, the rows behind it are begun,
    until they ask too or are done; the last one that asks has all of them read in one forward. So nothing is read that
    nobody asks for, and each row gets what it would have got alone.

    Args:
        tail: The interrupted generation.
    """

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._due: Iterator[Callable[[], None]] = iter(())
        self._waiting: list[BranchRequest] = []

    def run(self, rows: Iterable[Callable[[], None]]) -> None:
        """Let each row try, in order; where one waits for a branch, those behind it go first.

        Args:
            rows: What tries at each row. None of them may raise: an error is told at the row's turn.
        """
        self._due = iter(rows)
        for row in self._due:
            row()

    def read(self, request: BranchRequest) -> Branch:
        """Return a branch that is wanted.

        Raises:
            NullUnavailableError: The model does not run on it.
        """
        self._waiting.append(request)
        while request.found is None and len(self._waiting) < _MOST:
            following = next(self._due, None)
            if following is None:
                break
            following()
        if request.found is None:
            waiting, self._waiting = self._waiting, []
            read_branches(self._tail, waiting)
        if isinstance(request.found, Branch):
            return request.found
        assert request.found is not None
        raise request.found
