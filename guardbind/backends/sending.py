"""Sends requests through the cache, the limits and the retries of a client, and counts what they cost."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from guardbind.backends.cache import AnswerCache, request_key
from guardbind.backends.limits import RequestLimits
from guardbind.backends.protocol import Spent
from guardbind.backends.retries import Retries, TryAgain
from guardbind.backends.settings import ClientConfig

__all__ = ["Answered", "Meter", "Sender", "Transport", "metered"]

_R = TypeVar("_R")

Transport = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""Sends a body to a path once and returns the answer as plain JSON values; raises `TryAgain` or `BackendError`."""

_BYTES_A_TOKEN = 3
"""Few enough that a limit of tokens is not passed before the first answer says how many there were."""


@dataclass(frozen=True, slots=True)
class Answered(Generic[_R]):
    """What was read in an answer, and what it cost."""

    value: _R
    spent: Spent


@dataclass(slots=True)
class Meter:
    """Adds up what requests cost that are sent while it is read.

    Attributes:
        spent: The sum; its seconds are those that went by.
    """

    spent: Spent = field(default_factory=Spent)


_METER: ContextVar[Meter | None] = ContextVar("guardbind_meter", default=None)


@contextmanager
def metered() -> Iterator[Meter]:
    """Measure what is spent inside, by tasks that begin there as well."""
    meter, began = Meter(), time.perf_counter()
    token = _METER.set(meter)
    try:
        yield meter
    finally:
        _METER.reset(token)
        meter.spent = replace(meter.spent, seconds=time.perf_counter() - began)


class Sender:
    """Sends the requests of one client; to be used in one event loop.

    Args:
        address: Where requests go, as part of the cache's keys.
        settings: Limits, retries and cache.
        transport: Sends one request once.
        cache: Where answers are kept; shared with nobody who sends elsewhere.
    """

    def __init__(
        self, address: str, settings: ClientConfig, transport: Transport, cache: AnswerCache | None = None
    ) -> None:
        self._address, self._transport = address, transport
        self._limits = RequestLimits(settings.concurrency, settings.requests_per_minute, settings.tokens_per_minute)
        self._retries = Retries(settings.attempts, settings.backoff, settings.longest_wait)
        self._cache = cache or AnswerCache(settings.cached, settings.cache)
        self.spent = Spent()
        """What all requests cost together, failed ones included."""

    async def send(
        self,
        path: str,
        body: Mapping[str, Any],
        read: Callable[[Any], _R],
        *,
        cached: bool = True,
        reads: bool = True,
        keeps: Callable[[_R], bool] | None = None,
        attempts: int | None = None,
    ) -> Answered[_R]:
        """Return what `read` makes of the answer.

        Args:
            path: Path below the address.
            body: What is asked, of plain JSON values.
            read: Reads an answer; an answer that it refuses is not kept.
            cached: Whether the answer may come from the cache.
            reads: Whether the model reads something to answer, so that there are tokens to count.
            keeps: Whether what was read may be answered with again; always where None.
            attempts: Tries; as many as the settings say where None.

        Raises:
            BackendError: No try was answered, or `read` refused the answer.
        """
        key = request_key(self._address, path, body)
        if cached and (kept := self._cache.get(key)) is not None:
            return Answered(read(kept), self._count(Spent(cached=1)))
        tries, lost, began = 0, False, time.perf_counter()
        guess = len(repr(body)) // _BYTES_A_TOKEN + int(body.get("max_tokens") or 0) if reads else 0

        async def once() -> Any:
            nonlocal tries, lost
            async with self._limits.place(guess):
                tries += 1
                try:
                    return await self._transport(path, body)
                except TryAgain as failed:
                    lost = True
                    if failed.wait is not None:
                        self._limits.close_for(min(failed.wait, self._retries.longest_wait))
                    raise

        try:
            retries = self._retries if attempts is None else replace(self._retries, attempts=attempts)
            answer, _ = await retries.run(once)
        except BaseException as error:
            # What was refused was not read; of what was cut off nobody knows.
            unknown = None if reads and (lost or (tries and not isinstance(error, Exception))) else 0
            self._count(Spent(tries, unknown, unknown, 0, time.perf_counter() - began, 0 if reads else tries))
            raise
        prompt, new = _usage(answer) if reads else (0, 0)
        if prompt is not None and new is not None:
            self._limits.correct(prompt + new - guess)
        spent = self._count(Spent(tries, prompt, new, 0, time.perf_counter() - began, 0 if reads else tries))
        value = read(answer)
        if cached and (keeps is None or keeps(value)):
            self._cache.put(key, answer)
        return Answered(value, spent)

    def _count(self, spent: Spent) -> Spent:
        self.spent += spent
        if (meter := _METER.get()) is not None:
            meter.spent += spent
        return spent


def _usage(answer: Any) -> tuple[int | None, int | None]:
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return None, None
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, new = (count if type(count) is int and count >= 0 else None for count in counts)
    return prompt, new
