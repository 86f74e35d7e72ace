"""Tries a request again where a second try may help, after an uneven wait or as long as the server asks for."""

from __future__ import annotations

import asyncio
import email.utils
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from guardbind.errors import BackendError

__all__ = ["Retries", "TryAgain", "asked_wait"]

_R = TypeVar("_R")


class TryAgain(Exception):
    """A try failed in a way that may pass; raised by what is tried, and never seen by a caller.

    Args:
        error: What is raised where no further try is made.
        wait: Seconds that the server asks to wait, or None.
    """

    def __init__(self, error: BackendError, wait: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.wait = error, wait


@dataclass(frozen=True, slots=True)
class Retries:
    """How often, and after which waits.

    Attributes:
        attempts: Tries, the first included.
        backoff: Seconds before the second try, about; each further wait may be twice as long.
        longest_wait: Seconds of one wait, at most.
        sleep: Waits for seconds.
        chance: Numbers in [0, 1), which make waits uneven, so that clients that failed together do not return together.
    """

    attempts: int = 5
    backoff: float = 0.5
    longest_wait: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    async def run(self, work: Callable[[], Awaitable[_R]]) -> tuple[_R, int]:
        """Return what the work gives, and how many tries that took.

        Raises:
            BackendError: The last try failed, or the server asks for a longer wait than is accepted.
        """
        done = 0
        while True:
            failed: TryAgain | None = None
            try:
                return await work(), done + 1
            except TryAgain as error:
                failed = error
            # Raised out here, so that what the client raised, with its request and the key in it, does not hang on it.
            done += 1
            if done >= self.attempts:
                raise _after(failed.error, done)
            if failed.wait is not None and failed.wait > self.longest_wait:
                raise BackendError(
                    f"{failed.error} The server asks to wait {failed.wait:.0f} s; "
                    f"longest_wait is {self.longest_wait:.0f} s."
                )
            await self.sleep(self._wait(done, failed.wait))

    def _wait(self, done: int, asked: float | None) -> float:
        most = min(self.backoff * 2.0 ** (done - 1), self.longest_wait)
        uneven = most * (0.5 + 0.5 * self.chance())
        return uneven if asked is None else asked + 0.1 * uneven


def _after(error: BackendError, tries: int) -> BackendError:
    if tries == 1:
        return error
    return BackendError(f"{str(error).rstrip()} So it was at the last of {tries} tries.")


def asked_wait(headers: Mapping[str, str], *, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that a server asks to wait (`retry-after-ms`, `Retry-After` as seconds or date), or None.

    Example:
        >>> asked_wait({"retry-after": "3"}), asked_wait({"retry-after": "soon"})
        (3.0, None)
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        given = headers.get(name)
        if given is None:
            continue
        try:
            seconds = float(given) / unit
        except ValueError:
            try:
                seconds = email.utils.parsedate_to_datetime(given).timestamp() - now()
            except (TypeError, ValueError):
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None
