"""Gathers requests that wait for the same model into batches, for callers that are coroutines."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import anyio
from anyio import to_thread

__all__ = ["Batches"]

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


@dataclass(eq=False)
class _Waiting(Generic[Asked, Answered]):
    request: Asked
    key: Hashable
    outcome: list[Answered | Exception]


class Batches(Generic[Asked, Answered]):
    """Answers requests in batches, one batch at a time, in a thread of its own.

    Whoever waits longest leads: it takes those along that came meanwhile and may share its batch. While a batch is
    answered the next one gathers, so a busy model is never waited for, and an idle one waits `linger` only.

    Args:
        run: Answers the requests of one batch; an answer that is an exception is raised to the one who asked.
        linger: Seconds that a batch which is not full waits for more, as long as more come.
    """

    def __init__(self, run: Callable[[Sequence[Asked]], Sequence[Answered | Exception]], *, linger: float = 0.05):
        self._run = run
        self._linger = linger
        self._turn = anyio.Lock()
        self._queue: list[_Waiting[Asked, Answered]] = []

    async def answer(self, request: Asked, *, key: Hashable, size: int) -> Answered:
        """Return the answer to a request.

        Args:
            request: What is asked.
            key: Requests with an equal key may share a batch.
            size: Requests in a batch, at most.
        """
        mine: _Waiting[Asked, Answered] = _Waiting(request, key, [])
        self._queue.append(mine)
        try:
            async with self._turn:
                if not mine.outcome:
                    await self._lead(mine, size)
        finally:
            if mine in self._queue:  # cancelled before its turn
                self._queue.remove(mine)
        answer = mine.outcome[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _lead(self, mine: _Waiting[Asked, Answered], size: int) -> None:
        gathered = 0
        while gathered < min(size, now := sum(waiting.key == mine.key for waiting in self._queue)):
            gathered = now
            await anyio.sleep(self._linger)
        others = [waiting for waiting in self._queue if waiting.key == mine.key and waiting is not mine]
        batch = [mine, *others[: size - 1]]
        self._queue = [waiting for waiting in self._queue if waiting not in batch]
        answers = await to_thread.run_sync(self._run, [waiting.request for waiting in batch])
        for waiting, answer in zip(batch, answers, strict=True):
            waiting.outcome.append(answer)
