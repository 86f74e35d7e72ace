"""Follows which request stands in which row of a batch that is filled again while it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

__all__ = ["BatchRows"]

ItemT = TypeVar("ItemT")


class BatchRows(Generic[ItemT]):
    """What is kept for some rows of a batch.

    Example:
        >>> rows = BatchRows[str]()
        >>> rows.update(added=[(0, "a"), (1, None), (2, "c")])
        []
        >>> rows.update(removed=[0], moved=[(2, 0, False)])
        ['a']
        >>> list(rows)
        [(0, 'c')]
    """

    def __init__(self) -> None:
        self._items: dict[int, ItemT] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[tuple[int, ItemT]]:
        return iter(list(self._items.items()))

    def update(
        self,
        *,
        removed: Iterable[int] = (),
        added: Iterable[tuple[int, ItemT | None]] = (),
        moved: Iterable[tuple[int, int, bool]] = (),
    ) -> list[ItemT]:
        """Take note of one change of the batch.

        Args:
            removed: Rows whose requests have left.
            added: Row and what is kept of the request that came there, None where nothing is. It may take the place of
                another, which has left then and is not among `removed`.
            moved: From a row to a row; with True the two change places, else what stood in the second has left.

        Returns:
            What was kept of the requests that have left.
        """
        left = [self._items.pop(row, None) for row in removed]
        for row, item in added:
            left.append(self._items.pop(row, None))
            if item is not None:
                self._items[row] = item
        for source, goal, swap in moved:
            here, there = self._items.pop(source, None), self._items.pop(goal, None)
            if here is not None:
                self._items[goal] = here
            if swap and there is not None:
                self._items[source] = there
            elif not swap:
                left.append(there)
        return [item for item in left if item is not None]
