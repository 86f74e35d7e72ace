"""One event loop for callers of every thread and loop."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable

import pytest

from guardbind.backends.own_loop import OwnLoop
from guardbind.errors import BackendError


async def where() -> int:
    return threading.get_ident()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")


def test_all_callers_share_one_thread() -> None:
    loop = OwnLoop()
    found = {loop.wait(where), asyncio.run(loop.run(where)), asyncio.run(loop.run(where))}
    assert len(found) == 1
    assert threading.get_ident() not in found
    loop.stop()


def test_errors_come_through() -> None:
    async def fails() -> None:
        raise ValueError("inside")

    loop = OwnLoop()
    with pytest.raises(ValueError, match="inside"):
        loop.wait(fails)
    with pytest.raises(ValueError, match="inside"):
        asyncio.run(loop.run(fails))
    loop.stop()


def test_cancelling_reaches_the_work() -> None:
    seen: list[str] = []

    async def long() -> None:
        seen.append("began")
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async def run() -> None:
        task = asyncio.create_task(loop.run(long))
        while not seen:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    loop = OwnLoop()
    asyncio.run(run())
    until(lambda: seen == ["began", "cancelled"])
    loop.stop()


def test_a_stopped_loop_says_so_and_ends_its_thread() -> None:
    loop = OwnLoop()
    thread = loop.wait(where)
    loop.stop()
    loop.stop()
    until(lambda: thread not in {each.ident for each in threading.enumerate()})
    with pytest.raises(BackendError, match="closed"):
        loop.wait(where)
    with pytest.raises(BackendError, match="closed"):
        asyncio.run(loop.run(where))


def test_a_loop_that_nobody_holds_ends() -> None:
    loop = OwnLoop()
    thread = loop.wait(where)
    del loop
    gc.collect()
    until(lambda: thread not in {each.ident for each in threading.enumerate()})
