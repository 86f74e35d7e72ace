"""What may be sent when: by a clock that the tests turn."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.backends.limits import RateLimit, RequestLimits


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.floats(1.0, 6000.0), st.lists(st.floats(0.1, 50.0), min_size=1, max_size=40))
def test_no_minute_has_more_than_the_limit_and_what_may_go_at_once(rate: float, amounts: list[float]) -> None:
    clock = Clock()
    limit = RateLimit(rate, clock=clock, sleep=clock.sleep)
    sent: list[tuple[float, float]] = []

    async def run() -> None:
        for amount in amounts:
            await limit.take(amount)
            sent.append((clock.now, amount))

    asyncio.run(run())
    for start, _ in sent:
        # The last one is let through whatever its size, when what went before is worked off.
        inside = [amount for moment, amount in sent if start <= moment < start + 60.0]
        assert sum(inside[:-1]) <= rate * (1.0 + 2.0 / 60.0) * (1 + 1e-9)


def test_a_pause_saves_up_a_second_and_no_more() -> None:
    clock = Clock()
    limit = RateLimit(60.0, clock=clock, sleep=clock.sleep)

    async def run() -> list[float]:
        clock.now += 1000.0
        moments = []
        for _ in range(4):
            await limit.take(1)
            moments.append(clock.now - 1100.0)
        return moments

    assert asyncio.run(run()) == pytest.approx([0.0, 0.0, 1.0, 2.0])


def test_a_wait_that_is_cancelled_takes_nothing() -> None:
    limit = RateLimit(60.0)

    async def run() -> float:
        await limit.take(2)
        waiting = asyncio.create_task(limit.take(600))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        before = limit._free
        await asyncio.wait_for(limit.take(1), 10)
        return limit._free - before

    assert asyncio.run(run()) == pytest.approx(1.0)


def test_what_was_guessed_too_high_is_given_back() -> None:
    clock = Clock()
    limits = RequestLimits(4, None, 600.0, clock=clock, sleep=clock.sleep)

    async def run() -> float:
        for _ in range(3):
            async with limits.place(100):
                limits.correct(-90)
        return clock.now

    assert asyncio.run(run()) <= 102.0


def test_places_are_as_many_as_said_and_come_back_after_errors() -> None:
    limits = RequestLimits(2)
    under_way: list[int] = []
    now = 0

    async def one(fails: bool) -> None:
        nonlocal now
        async with limits.place(1):
            now += 1
            under_way.append(now)
            await asyncio.sleep(0)
            now -= 1
            if fails:
                raise ValueError

    async def run() -> None:
        await asyncio.gather(*(one(place % 2 == 0) for place in range(9)), return_exceptions=True)

    asyncio.run(run())
    assert len(under_way) == 9
    assert max(under_way) == 2


def test_nothing_is_sent_while_the_server_asks_to_wait() -> None:
    clock = Clock()
    limits = RequestLimits(2, clock=clock, sleep=clock.sleep)

    async def run() -> float:
        limits.close_for(7.0)
        async with limits.place(1):
            return clock.now

    assert asyncio.run(run()) == pytest.approx(107.0)
