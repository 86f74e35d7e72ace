"""Keeps an event loop in a thread of its own, so that callers of any thread and any loop share one client's limits."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from guardbind.errors import BackendError

__all__ = ["OwnLoop"]

_R = TypeVar("_R")


class OwnLoop:
    """An event loop that starts at its first use, and ends with this object or when it is stopped.

    A program that calls `asyncio.run` for each request would otherwise open connections anew each time, and two threads
    with a loop each would send twice as many requests as they may.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = os.getpid()
        self._stopped = False

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A forked process has the loop's memory and its sockets, and not its thread.
            if self._process != os.getpid():
                raise BackendError("the backend was connected in another process.", hint="Connect in this one.")
            if self._stopped:
                raise BackendError("the backend is closed.", hint="Connect again.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_run, args=(self._loop,), name="guardbind-client", daemon=True).start()
                weakref.finalize(self, _stop, self._loop)
            return self._loop

    async def run(self, work: Callable[[], Coroutine[Any, Any, _R]]) -> _R:
        """Await a coroutine that runs in the loop; cancelling this cancels that one.

        Raises:
            BackendError: The loop was stopped, or this is another process.
        """
        loop = self._started()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), loop))

    def wait(self, work: Callable[[], Coroutine[Any, Any, _R]]) -> _R:
        """Return what a coroutine gives that runs in the loop; an interrupt cancels it.

        Raises:
            BackendError: As `run`.
        """
        loop = self._started()
        future = asyncio.run_coroutine_threadsafe(work(), loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self) -> None:
        """End the loop, for good; doing so twice is fine."""
        with self._lock:
            self._stopped = True
            if self._loop is not None and self._process == os.getpid():
                _stop(self._loop)

    @property
    def stopped(self) -> bool:
        """Whether it has ended, or belongs to another process."""
        return self._stopped or self._process != os.getpid()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
