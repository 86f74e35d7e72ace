"""Holds a streamer back: a token that tells no candidates apart yet leaves with the verdict of its slot."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

from torch import Tensor
from transformers.generation.streamers import BaseStreamer

from guardbind.session.row import Row

__all__ = ["HoldBack", "held_back"]


class HoldBack(BaseStreamer):
    """Stands between `generate` and the caller's streamer.

    A token is handed on as soon as it is chosen, unless a value is being written of which nothing was judged yet: then
    it waits for the verdict, or until it shows that there was no slot. Nothing is reordered, merged or left out. Since
    a verdict is due where candidates part, fewer tokens wait than the longest candidate has.

    Args:
        streamer: The caller's.

    Attributes:
        rows: What tells which tokens are judged; one per row of the batch.
        aside: Inside it the caller's streamer is given tokens; it may run the model for its own ends.
        longest: Most tokens of a row that waited at one time.
    """

    def __init__(self, streamer: Any) -> None:
        self._streamer = streamer
        self._held: deque[Tensor] = deque()
        self._chosen = 0
        self._ended = False
        self.rows: Sequence[Row] = ()
        self.aside: Callable[[], AbstractContextManager[None]] = nullcontext
        self.longest = 0

    def put(self, value: Tensor) -> None:
        """Take the prompt `[rows, columns]`, or the next token of each row `[rows]`."""
        if value.ndim > 1:
            with self.aside():
                self._streamer.put(value)
            return
        self._held.append(value)
        self._chosen += 1
        settled = min(row.settled(self._chosen, token) for row, token in zip(self.rows, value.tolist(), strict=True))
        with self.aside():
            while self._held and self._chosen - len(self._held) < settled:
                self._streamer.put(self._held.popleft())
        self.longest = max(self.longest, len(self._held))

    def end(self) -> None:
        """Hand on what still waits, since no verdict will follow, and end the stream."""
        while self._held:
            self._streamer.put(self._held.popleft())
        self._ended = True
        self._streamer.end()

    def abandon(self) -> None:
        """End the stream without what still waits."""
        self._held.clear()
        if not self._ended:
            self._ended = True
            self._streamer.end()


@contextmanager
def held_back(arguments: dict[str, Any]) -> Iterator[None]:
    """Put a `HoldBack` around the streamer of a call, and end the stream if the block raises.

    Stock `generate` ends the stream only when it returns; who reads from an iterator streamer in another thread would
    wait for ever.

    Args:
        arguments: Keyword arguments of `generate`; `streamer` is replaced. One that is held back already is left.
    """
    streamer = arguments.get("streamer")
    if streamer is None or isinstance(streamer, HoldBack):
        yield
        return
    hold = HoldBack(streamer)
    arguments["streamer"] = hold
    try:
        yield
    except BaseException:
        # What went wrong is told by the first exception, which a broken streamer must not replace.
        with suppress(Exception):
            hold.abandon()
        raise
