"""Requests go through cache, limits and retries, and are counted whatever becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from guardbind.backends import Spent
from guardbind.backends.retries import TryAgain
from guardbind.backends.sending import Sender, metered
from guardbind.backends.settings import ClientConfig
from guardbind.errors import BackendError

USAGE = {"prompt_tokens": 7, "completion_tokens": 2}


class Server:
    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def __call__(self, path: str, body: Mapping[str, Any]) -> Any:
        self.asked.append((path, body))
        outcome = self.outcomes.pop(0) if self.outcomes else {"text": "x", "usage": USAGE}
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def sender(server: Server, **settings: Any) -> Sender:
    return Sender("http://one", ClientConfig(**{"backoff": 0.0, **settings}), server)


def text(answer: Any) -> str:
    if "text" not in answer:
        raise BackendError("no text.")
    return str(answer["text"])


def counted(spent: Spent) -> tuple[int, int | None, int | None, int]:
    return spent.requests, spent.prompt_tokens, spent.new_tokens, spent.cached


def again() -> TryAgain:
    return TryAgain(BackendError("it failed."))


def test_what_was_asked_before_is_not_sent_again() -> None:
    server = Server()
    one = sender(server)
    first = asyncio.run(one.send("/a", {"p": 1}, text))
    second = asyncio.run(one.send("/a", {"p": 1}, text))
    asyncio.run(one.send("/a", {"p": 2}, text))
    asyncio.run(one.send("/a", {"p": 1}, text, cached=False))
    assert len(server.asked) == 3
    assert (first.value, second.value) == ("x", "x")
    assert [counted(each.spent) for each in (first, second)] == [(1, 7, 2, 0), (0, 0, 0, 1)]
    assert counted(one.spent) == (3, 21, 6, 1)


def test_an_answer_that_cannot_be_read_is_counted_and_not_kept(tmp_path: Path) -> None:
    server = Server({"usage": USAGE})
    one = sender(server, cache=tmp_path)
    with pytest.raises(BackendError, match="no text"):
        asyncio.run(one.send("/a", {"p": 1}, text))
    assert not list(tmp_path.rglob("*.json"))
    assert asyncio.run(one.send("/a", {"p": 1}, text)).value == "x"
    assert counted(one.spent) == (2, 14, 4, 0)


def test_tries_are_counted_and_lost_tokens_are_unknown() -> None:
    one = sender(Server(again(), again()))
    assert counted(asyncio.run(one.send("/a", {"p": 1}, text)).spent) == (3, 7, 2, 0)
    lost = sender(Server(again(), again()), attempts=2)
    with pytest.raises(BackendError):
        asyncio.run(lost.send("/a", {"p": 1}, text))
    assert counted(lost.spent) == (2, None, None, 0)
    refused = sender(Server(BackendError("refused.")))
    with pytest.raises(BackendError):
        asyncio.run(refused.send("/a", {"p": 1}, text))
    assert counted(refused.spent) == (1, 0, 0, 0)


@pytest.mark.parametrize("usage", [None, [], {"prompt_tokens": "7"}, {"prompt_tokens": -1, "completion_tokens": True}])
def test_a_count_that_is_none_is_unknown(usage: Any) -> None:
    spent = asyncio.run(sender(Server({"text": "x", "usage": usage})).send("/a", {}, text)).spent
    assert counted(spent) == (1, None, None, 0)


def test_a_meter_adds_up_what_is_spent_inside_by_tasks_too() -> None:
    one = sender(Server())

    async def run() -> Spent:
        await one.send("/a", {"p": 0}, text)
        with metered() as meter:
            await asyncio.gather(*(one.send("/a", {"p": place % 3}, text) for place in range(1, 4)))
        await one.send("/a", {"p": 9}, text)
        return meter.spent

    assert counted(asyncio.run(run())) == (2, 14, 4, 1)


def test_a_request_that_is_cancelled_is_counted_and_leaves_its_place() -> None:
    class Slow(Server):
        async def __call__(self, path: str, body: Mapping[str, Any]) -> Any:
            if body["p"] == 0:
                await asyncio.sleep(100)
            return await super().__call__(path, body)

    one = sender(Slow(), concurrency=1)

    async def run() -> str:
        slow = asyncio.create_task(one.send("/a", {"p": 0}, text))
        await asyncio.sleep(0.01)
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
        return (await one.send("/a", {"p": 1}, text)).value

    assert asyncio.run(run()) == "x"
    assert counted(one.spent) == (2, None, None, 0)
