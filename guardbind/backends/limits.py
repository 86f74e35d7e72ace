"""Holds requests back until they may be sent: so many at once, so many a minute, so many tokens a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

__all__ = ["RateLimit", "RequestLimits"]

Sleep = Callable[[float], Awaitable[None]]


class RateLimit:
    """So much a minute, evenly: after a pause, as much as a second's worth may go at once.

    An amount is let through whenever what went before it has been worked off, however large it is itself, so a request
    with more tokens than a minute has is late and not lost.

    Args:
        per_minute: What may pass in a minute.
        clock: Seconds, as `time.monotonic`.
        sleep: Waits for seconds.
    """

    def __init__(
        self, per_minute: float, *, clock: Callable[[], float] = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._rate = per_minute / 60.0
        self._clock, self._sleep = clock, sleep
        self._free = clock()
        """When all that was let through is worked off."""

    async def take(self, amount: float) -> None:
        """Wait until the amount may pass; a wait that is cancelled takes nothing."""
        now = self._clock()
        start = max(self._free, now - 1.0)
        self._free = start + amount / self._rate
        if start > now:
            try:
                await self._sleep(start - now)
            except asyncio.CancelledError:
                self._free -= amount / self._rate
                raise

    def correct(self, amount: float) -> None:
        """Add what was taken too little, or give back what was taken too much (negative)."""
        self._free += amount / self._rate


class RequestLimits:
    """All limits of one client.

    Args:
        concurrency: Requests at once.
        requests: Limit of requests a minute.
        tokens: Limit of tokens a minute.
        clock: Seconds, as `time.monotonic`.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        concurrency: int,
        requests: float | None = None,
        tokens: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self._requests = None if requests is None else RateLimit(requests, clock=clock, sleep=sleep)
        self._tokens = None if tokens is None else RateLimit(tokens, clock=clock, sleep=sleep)
        self._clock, self._sleep = clock, sleep
        self._closed_until = clock()

    @asynccontextmanager
    async def place(self, tokens: int) -> AsyncIterator[None]:
        """Hold one of the places, from when a request of about so many tokens may be sent."""
        async with self._places:
            while (left := self._closed_until - self._clock()) > 0:
                await self._sleep(left)
            if self._requests is not None:
                await self._requests.take(1)
            if self._tokens is not None:
                await self._tokens.take(tokens)
            yield

    def close_for(self, seconds: float) -> None:
        """Send nothing for so many seconds: the server has asked for it."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    def correct(self, tokens: int) -> None:
        """Put right by so many tokens what a request was taken to have."""
        if self._tokens is not None:
            self._tokens.correct(tokens)
