"""What is tried again, how often, and after which waits."""

from __future__ import annotations

import asyncio

import pytest

from guardbind.backends.retries import Retries, TryAgain, asked_wait
from guardbind.errors import BackendError


class Failing:
    """Fails some times, then answers; keeps the waits between."""

    def __init__(self, times: int, *, wait: float | None = None, error: Exception | None = None) -> None:
        self.left, self.wait, self.error = times, wait, error
        self.tries = 0
        self.waits: list[float] = []

    async def __call__(self) -> str:
        self.tries += 1
        if self.left:
            self.left -= 1
            raise self.error or TryAgain(BackendError("it failed."), self.wait)
        return "answer"

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


def run(failing: Failing, **settings: float) -> tuple[str, int]:
    return asyncio.run(Retries(**{"attempts": 4, "backoff": 1.0, **settings}, sleep=failing.sleep).run(failing))  # type: ignore[arg-type]


def test_an_answer_after_failures_says_how_many_tries_it_took() -> None:
    failing = Failing(2)
    assert run(failing) == ("answer", 3)
    assert 0.5 <= failing.waits[0] <= 1.0
    assert 1.0 <= failing.waits[1] <= 2.0


def test_waits_are_uneven_and_bounded() -> None:
    first = {tuple(each.waits) for each in (Failing(3) for _ in range(5)) if run(each)}
    assert len(first) == 5
    failing = Failing(3)
    run(failing, longest_wait=1.5)
    assert max(failing.waits) <= 1.5


def test_the_last_failure_is_raised_and_says_how_often_it_was_tried() -> None:
    failing = Failing(9)
    with pytest.raises(BackendError, match=r"it failed\. .*4 tries") as raised:
        run(failing)
    assert failing.tries == 4
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None


def test_what_a_server_asks_for_is_waited_for() -> None:
    failing = Failing(1, wait=3.0)
    run(failing)
    assert 3.0 <= failing.waits[0] <= 3.1


def test_a_longer_wait_than_is_accepted_is_said_at_once() -> None:
    failing = Failing(1, wait=3600.0)
    with pytest.raises(BackendError, match=r"wait 3600 s; longest_wait is 60 s"):
        run(failing)
    assert failing.tries == 1


@pytest.mark.parametrize("error", [BackendError("refused."), ValueError("other")])
def test_other_errors_are_not_tried_again(error: Exception) -> None:
    failing = Failing(1, error=error)
    with pytest.raises(type(error)):
        run(failing)
    assert failing.tries == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_how_long_a_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers, now=lambda: 10.0) == seconds
