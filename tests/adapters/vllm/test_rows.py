"""Compares the rows of a running batch with a model that remembers of each request where it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from guardbind_adapters.vllm.rows import BatchRows

Change = tuple[list[int], list[tuple[int, bool]], list[tuple[int, int, bool]]]
SIZE = 5
ROWS = st.integers(0, SIZE - 1)
CHANGES = st.tuples(
    st.lists(ROWS, unique=True, max_size=3),
    st.lists(st.tuples(ROWS, st.booleans()), max_size=3),
    st.lists(st.tuples(ROWS, ROWS, st.booleans()).filter(lambda move: move[0] != move[1]), max_size=4),
)


@given(st.lists(CHANGES, max_size=12))
def test_any_changes_leave_each_request_where_it_stands(changes: list[Change]) -> None:
    rows = BatchRows[int]()
    stands: dict[int, int] = {}  # request to row
    kept: set[int] = set()
    count = 0

    def leave(row: int) -> set[int]:
        gone = {request for request, at in stands.items() if at == row}
        for request in gone:
            del stands[request]
        return gone & kept

    for removed, added, moved in changes:
        left: set[int] = set()
        for row in removed:
            left |= leave(row)
        came = []
        for row, watched in added:
            left |= leave(row)
            count += 1
            stands[count] = row
            if watched:
                kept.add(count)
            came.append((row, count if watched else None))
        for source, goal, swap in moved:
            here = {request for request, at in stands.items() if at == source}
            there = {request for request, at in stands.items() if at == goal}
            if not swap:
                left |= leave(goal)
            elif there:
                stands.update(dict.fromkeys(there, source))
            stands.update(dict.fromkeys(here, goal))
        assert set(rows.update(removed=removed, added=came, moved=moved)) == left
        assert dict(rows) == {at: request for request, at in stands.items() if request in kept}
        assert len(rows) == len(dict(rows))
