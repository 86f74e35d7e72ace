"""What servers do wrong is said, tried again where that helps, and loses nothing that was answered."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api_servers import Connects, Starts
from fake_server import TOKENS, FakeServer

from guardbind.backends import NextToken, PromptRequest
from guardbind.errors import BackendError, UnansweredPromptError
from guardbind_adapters.openai_api import OpenAIBackend

TEXTS: dict[str, Any] = {"chat": False, "extras": False}
CHATS: dict[str, Any] = {"completions": False, "extras": False}
ASKED = [PromptRequest(({"role": "user", "content": f"number {place}?"},)) for place in range(4)]
PLAIN = [PromptRequest(text=f"number {place}:") for place in range(4)]

# Fault of one answer, what is said of it, and what to do that is said.
LASTING = [
    ("400", "refused the request with 400", "no good"),
    ("401", r"refused a request without a key \(401\)", "key_variable"),
    ("404", "404", "name of the model"),
    ("quota", "429", ""),
    ("empty_choices", "has no choices", "speaks OpenAI's interface"),
    ("null_choice", r"choices\.0", "speaks OpenAI's interface"),
    ("no_logprobs", "returned no log-probabilities, which it did when", "Connect again"),
    ("nan", "log-probability is nan", "server's log"),
    ("positive", r"log-probability is 3\.0; numbers up to 0", "server's log"),
    ("list", "is no (chat )?completion", "speaks OpenAI's interface"),
]
PASSING = [
    ("429", "failed with 429", "requests_per_minute"),
    ("500", "failed with 500", "server's log"),
    ("busy", "failed with 503", "server's log"),
    ("html", "the answer is no JSON; it begins with '<html>", "a proxy's"),
    ("cut", "cut off", "Check that it runs"),
    ("reset", "cut off", "Check that it runs"),
]


def read(backend: OpenAIBackend, *asked: PromptRequest, **how: Any) -> list[NextToken]:
    return asyncio.run(backend.next_tokens(asked, **how))


def fails(backend: OpenAIBackend, *asked: PromptRequest) -> BackendError:
    with pytest.raises(BackendError) as raised:
        read(backend, *asked)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    return raised.value


def prompts_seen(server: FakeServer) -> list[Any]:
    return [body["messages"] if "messages" in body else body["prompt"] for _, _, body in server.seen]


@pytest.mark.parametrize(("kind", "asked"), [(TEXTS, PLAIN), (CHATS, ASKED)], ids=["completions", "chats"])
def test_each_fault_is_said_and_loses_no_answer(
    kind: dict[str, Any], asked: list[PromptRequest], start: Starts, connect: Connects, tmp_path: Path
) -> None:
    server = start(**kind)
    backend = connect(server, attempts=2, cache=tmp_path)
    for fault, seen, hint in [*LASTING, *PASSING]:
        again = fault in {each for each, _, _ in PASSING}
        mine = [replace(each, begun=f" {fault}") for each in asked]
        server.seen.clear()
        server.harm = ("number 2", fault)
        message = str(fails(backend, *mine))
        assert re.search(seen, message), (fault, message)
        assert hint in message, (fault, message)
        assert ("2 tries" in message) == again
        assert len(server.seen) == 4 + again
        # The others were answered; only the one that failed is asked again.
        server.seen.clear()
        server.harm = None
        found = read(backend, *mine)
        assert [each.spent.cached for each in found] == [1, 1, 0, 1]
        assert len(server.seen) == 1


@pytest.mark.parametrize(("fault", "prompt"), [("400", True), ("401", False), ("quota", False), ("500", False)])
def test_a_refusal_of_one_prompt_is_told_from_a_server_that_fails(
    fault: str, prompt: bool, start: Starts, connect: Connects
) -> None:
    server = start(**TEXTS)
    backend = connect(server, attempts=1)
    server.harm = ("number 2", fault)
    assert isinstance(fails(backend, *PLAIN), UnansweredPromptError) is prompt


@pytest.mark.parametrize("fault", [fault for fault, _, _ in PASSING])
def test_what_passes_is_tried_again_and_counted(fault: str, start: Starts, connect: Connects) -> None:
    server = start(**TEXTS)
    backend = connect(server)
    server.faults = [fault, fault]
    assert read(backend, PLAIN[0])[0].spent.requests == 3
    assert prompts_seen(server)[-3:] == [PLAIN[0].text] * 3


def test_a_server_that_does_not_answer_is_given_up(start: Starts, connect: Connects) -> None:
    server = start(**TEXTS)
    backend = connect(server, timeout=1.0, attempts=2)
    server.harm = ("number 2", "hang")
    message = str(fails(backend, PLAIN[2]))
    assert "no answer within 1 s" in message
    assert "Raise timeout" in message
    assert "2 tries" in message


def test_another_process_finds_the_answers_in_the_folder(start: Starts, connect: Connects, tmp_path: Path) -> None:
    server = start(**TEXTS)
    first = read(connect(server, cache=tmp_path), *PLAIN)
    other = connect(server, cache=tmp_path)
    server.seen.clear()
    assert [each.distribution for each in read(other, *PLAIN)] == [each.distribution for each in first]
    assert server.seen == []
    assert "number 0:" not in "".join(path.read_text() for path in tmp_path.rglob("*.json"))


def test_a_server_that_asks_to_wait_gets_no_request_meanwhile(start: Starts, connect: Connects) -> None:
    server = start(**TEXTS)
    backend = connect(server)
    server.wait, server.faults = "0.2", ["429"]
    began = time.monotonic()
    read(backend, *PLAIN)
    assert time.monotonic() - began >= 0.2
    server.wait, server.faults = "3600", ["429"]
    assert "asks to wait 3600 s; longest_wait is 60 s" in str(fails(backend, PromptRequest(text="late")))


def test_a_request_that_is_cancelled_leaves_the_backend_as_it_was(start: Starts, connect: Connects) -> None:
    server = start(**TEXTS)
    backend = connect(server, concurrency=1)
    server.always = "hang"

    async def cancelled() -> None:
        asking = asyncio.create_task(backend.next_tokens(PLAIN))
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(cancelled())
    server.always = None
    server.seen.clear()
    assert len(read(backend, *PLAIN)) == 4
    assert prompts_seen(server) == [asked.text for asked in PLAIN]


def test_a_server_that_was_exchanged_is_found_out(start: Starts, connect: Connects) -> None:
    server = start()
    backend = connect(server)
    server.kind.off = 1
    assert "tokens for the server" in str(fails(backend, PLAIN[0]))
    server.kind.off, server.kind.extras = 0, False
    assert fails(backend, PLAIN[1])
    other = start(**CHATS)
    backend = connect(other)
    other.kind.most = 3
    assert "at most 3" in str(fails(backend, ASKED[0]))


def test_a_begun_answer_that_is_begun_again_is_found_out_when_connecting(start: Starts, connect: Connects) -> None:
    server = start(**{**CHATS, "begun": None})
    assert not connect(server).abilities.begun
    # A server that repeats what was begun in front of what it writes.
    repeating = start(**{**CHATS, "begun": "last_turn"})
    write = repeating.write
    repeating.write = lambda text, body, most: (  # type: ignore[method-assign]
        text.rpartition("<assistant>")[2] + write(text, body, most)[0], write(text, body, most)[1]
    )  # fmt: skip
    assert not connect(repeating).abilities.begun


def test_a_text_that_swallowed_another_of_the_same_spelling_is_no_ranking(start: Starts, connect: Connects) -> None:
    server = start(**TEXTS)
    backend = connect(server)
    logits = server.logits

    def twins(text: str) -> list[float]:
        row = list(logits(text))
        for place, token in enumerate(row):
            row[place] = token - 20.0
        first, second = (place for place, text in enumerate(TOKENS) if text == "§")
        row[first], row[second] = 9.0, 5.0
        return row

    server.logits = twins
    seen = read(backend, PLAIN[0], top=10)[0].distribution
    assert not seen.ranked
    assert not seen.unique
    assert seen.best({"§"}).high > -0.1
    assert seen.mass({"§"}).high > 0.99


def test_a_closed_backend_says_so(start: Starts, connect: Connects) -> None:
    backend = connect(start(**TEXTS))
    asyncio.run(backend.aclose())
    asyncio.run(backend.aclose())
    assert "closed" in str(fails(backend, PLAIN[0]))
