"""In which order rows try their remedies, and which branches are read together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from plain_slots import plain_tail

from guardbind.errors import NullUnavailableError
from guardbind.model.branch import Branch
from guardbind.model.branches import BranchRequest
from guardbind.session import sharing
from guardbind.session.sharing import SharedReading


class Rows:
    """Rows that ask for so many branches each, in turn."""

    def __init__(self, asks: Sequence[int], monkeypatch: pytest.MonkeyPatch, *, fails: bool = False) -> None:
        self.read: list[list[int]] = []
        self.done: list[int] = []
        self.refused: list[int] = []
        self.fails = fails
        monkeypatch.setattr(sharing, "read_branches", self.read_branches)
        self.shared = SharedReading(plain_tail())
        self.shared.run([partial(self.row, row, asked) for row, asked in enumerate(asks)])

    def read_branches(self, _tail: Any, wanted: Sequence[BranchRequest]) -> None:
        self.read.append([request.row for request in wanted])
        for request in wanted:
            request.found = NullUnavailableError("no.") if self.fails else Branch.__new__(Branch)

    def row(self, row: int, asked: int) -> None:
        for _ in range(asked):
            try:
                self.shared.read(BranchRequest(row, 0, [1, 2], 0, [3]))
            except NullUnavailableError:
                self.refused.append(row)
        self.done.append(row)


@pytest.mark.parametrize(
    ("asks", "read"),
    [
        ([], []),
        ([0, 0], []),
        ([1], [[0]]),
        ([1, 1, 1], [[0, 1, 2]]),
        ([0, 1, 0, 1, 0], [[1, 3]]),
        ([2, 1], [[0, 1], [0]]),
        ([1, 2], [[0, 1], [1]]),
    ],
)
def test_who_asks_at_one_step_is_read_at_once(
    asks: list[int], read: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(asks, monkeypatch)
    assert rows.read == read
    assert sorted(rows.done) == list(range(len(asks)))


def test_many_rows_do_not_wait_for_each_other_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows([1] * 100, monkeypatch)
    assert sum(map(len, rows.read)) == 100 and len(rows.read) == 4
    assert max(map(len, rows.read)) <= 32


def test_each_row_is_told_that_there_is_no_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows([1, 1, 0], monkeypatch, fails=True)
    assert sorted(rows.refused) == [0, 1] and sorted(rows.done) == [0, 1, 2]


def test_a_reading_without_rows_reads_what_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows([], monkeypatch)
    for _ in range(2):
        assert isinstance(rows.shared.read(BranchRequest(0, 0, [1], 0, [2])), Branch)
    assert rows.read == [[0], [0]]
