"""Watches a batch whose rows are told by their place, and change places while it runs (vLLM's first runner)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from torch import Tensor

from guardbind_adapters.vllm.monitor import EngineMonitor
from guardbind_adapters.vllm.rows import BatchRows
from guardbind_adapters.vllm.watch import Arrival, RequestWatch, tops_of

__all__ = ["WatchedBatch"]

_MOST_AWAY = 64
"""Requests that are remembered after they have left, in case they were only put off."""


@dataclass(frozen=True, slots=True)
class _Watched:
    watch: RequestWatch
    written: Sequence[int]
    """The engine's own list, which grows."""


class WatchedBatch:
    """The watched requests of a batch.

    Args:
        monitor: Begins, leads and ends their watches.
    """

    def __init__(self, monitor: EngineMonitor) -> None:
        self._monitor = monitor
        self._rows = BatchRows[_Watched]()
        # An engine that is short of memory puts requests off: they leave, and come back with the same list of tokens.
        self._away: OrderedDict[int, _Watched] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def update(
        self,
        removed: Iterable[int],
        added: Iterable[tuple[int, Arrival, Sequence[int] | None, Sequence[int]]],
        moved: Iterable[tuple[int, int, bool]],
    ) -> None:
        """Take note of one change of the batch; see `BatchRows.update`.

        Args:
            removed: Rows whose requests have left.
            added: Row, request, tokens of the prompt, and the list of tokens of the answer, which grows.
            moved: From a row to a row, and whether the two change places.
        """
        here = {id(watched.written): watched for _, watched in self._rows}
        coming = [
            (row, self._coming(arrival, prompt, written, here.get(id(written))))
            for row, arrival, prompt, written in added
        ]
        back = {id(watched) for _, watched in coming if watched is not None}
        for gone in self._rows.update(removed=removed, added=coming, moved=moved):
            if id(gone) in back:
                continue  # it was put off and taken up again at once
            self._monitor.leave(gone.watch, gone.written)
            if not gone.watch.over:
                self._away[id(gone.written)] = gone
                if len(self._away) > _MOST_AWAY:
                    self._away.popitem(last=False)

    def apply(self, logits: Tensor) -> None:
        """Look at the logits of a step, and change those of rows where a veto is due.

        Args:
            logits: Logits `[rows, vocabulary]`, changed in place.
        """
        here = [(row, watched) for row, watched in self._rows if row < len(logits)]
        if not here:
            return
        tops = tops_of(logits, [row for row, _ in here])
        for (row, watched), top in zip(here, tops, strict=True):
            self._monitor.look(watched.watch, watched.written, logits[row], top)

    def _coming(
        self, arrival: Arrival, prompt: Sequence[int] | None, written: Sequence[int], here: _Watched | None
    ) -> _Watched | None:
        known = here or self._away.pop(id(written), None)
        if known is not None:
            return known
        watch = self._monitor.begin(arrival, prompt)
        return None if watch is None else _Watched(watch, written)
