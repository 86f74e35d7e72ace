"""Texts, scores of given continuations, and one of a few values, in the ways that servers have."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from api_servers import Connects, Starts
from fake_server import FakeServer, exact, tokens_of

from guardbind.backends import Completion, PromptRequest
from guardbind.errors import BackendError
from guardbind_adapters.openai_api import OpenAIBackend

TEXT = PromptRequest(text="one a")
CHAT = PromptRequest(({"role": "user", "content": "which badge?"},), begun="it is a")
PLAIN = PromptRequest(CHAT.messages)
TEXTS: dict[str, Any] = {"chat": False, "extras": False, "choice": None}
CHATS: dict[str, Any] = {"completions": False, "extras": False, "choice": None}
VALUES = [" 4417", " 8213"]


def write(backend: OpenAIBackend, asked: PromptRequest, most: int = 4, **how: Any) -> Completion:
    return asyncio.run(backend.write(asked, max_new_tokens=most, **how))


def sent(server: FakeServer) -> list[Any]:
    return [body for path, _, body in server.seen if "completions" in path]


@pytest.mark.parametrize(("kind", "asked"), [({}, TEXT), ({}, CHAT), (TEXTS, TEXT), (CHATS, CHAT)], ids=str)
def test_a_text_goes_on_behind_what_was_begun(
    kind: dict[str, Any], asked: PromptRequest, start: Starts, connect: Connects
) -> None:
    backend = connect(start(**kind))
    plain = write(backend, asked)
    assert plain.text == "bcde"
    assert plain.tokens == ()
    assert not plain.constrained
    assert write(backend, asked, stop=["d"]).text == "bc"
    told = write(backend, asked, top=3)
    best = [max(step.texts, key=lambda token: step.distribution.logprobs[token]) for step in told.tokens]
    assert [step.texts[token] for step, token in zip(told.tokens, best, strict=True)] == list("bcde")
    assert all(len(step.distribution.logprobs) == 3 for step in told.tokens)
    assert plain.spent.requests >= 1


@pytest.mark.parametrize("echo", [0, 1])
@pytest.mark.parametrize("kind", [{}, TEXTS], ids=["ids", "texts"])
def test_a_continuation_is_scored_token_by_token(
    kind: dict[str, Any], echo: int, start: Starts, connect: Connects
) -> None:
    server = start(**{**kind, "echo": echo})
    backend = connect(server)
    for text in (" 4417", " 44", "bc", "q"):
        (score,) = asyncio.run(backend.score(TEXT, [text]))
        ids, before = tokens_of(TEXT.text + text), len(tokens_of(TEXT.text))
        from fake_server import spelled

        rows = [exact(server.logits(spelled(ids[:place]))) for place in range(before, len(ids))]
        exactly = sum(row[token] for row, token in zip(rows, ids[before:], strict=True))
        assert score.logprob.low - 1e-9 <= exactly <= score.logprob.high + 1e-9
        assert score.logprob.high - score.logprob.low < 1e-3
        assert score.tokens == len(ids) - before


def test_a_continuation_that_joins_with_the_prompt_is_scored_with_what_it_joins(
    start: Starts, connect: Connects
) -> None:
    for kind in ({}, TEXTS):
        backend = connect(start(**kind))
        (score,) = asyncio.run(backend.score(PromptRequest(text="it is 4"), ["4"]))
        assert score.tokens == 1
        with pytest.raises(BackendError, match="no token of its own"):
            asyncio.run(backend.score(TEXT, [""]))


@pytest.mark.parametrize(
    ("kind", "asked", "says"),
    [
        ({**TEXTS, "echo": None}, TEXT, "scores no given text"),
        (CHATS, PLAIN, "scores no given text"),
        (TEXTS, CHAT, "texts and no chats"),
        ({"extras": False, "choice": None}, CHAT, "scores texts and no chats"),
    ],
    ids=str,
)
def test_where_nothing_is_scored_that_is_said(
    kind: dict[str, Any], asked: PromptRequest, says: str, start: Starts, connect: Connects
) -> None:
    backend = connect(start(**kind))
    with pytest.raises(BackendError, match=says):
        asyncio.run(backend.score(asked, ["x"]))


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ({}, CHAT),
        ({}, TEXT),
        ({"extras": True, "completions": False}, CHAT),
        ({"choice": None}, TEXT),
        ({"choice": None}, CHAT),
        ({**CHATS, "begun": None, "choice": "json_schema"}, PLAIN),
    ],
    ids=str,
)
def test_one_of_some_values_is_written_and_no_log_probability_is_asked_for(
    kind: dict[str, Any], asked: PromptRequest, start: Starts, connect: Connects
) -> None:
    server = start(**kind)
    backend = connect(server)
    server.seen.clear()
    written = write(backend, asked, among=VALUES, top=5)
    assert written.text in VALUES
    assert written.constrained
    assert written.tokens == ()
    assert sent(server)
    assert not any("logprobs" in body or "top_logprobs" in body for body in sent(server))


def test_raised_tokens_are_written_one_after_another(start: Starts, connect: Connects) -> None:
    server = start(choice=None)
    backend = connect(server)
    # " 44" and "44" are tokens, so these part at different places.
    assert write(backend, TEXT, among=[" 44x", " 44y", "q"]).text in {" 44x", " 44y", "q"}
    with pytest.raises(BackendError, match="begins with another"):
        write(backend, TEXT, among=["x", "xy"])
    with pytest.raises(BackendError, match="joins with the prompt"):
        write(backend, PromptRequest(text="it is 4"), among=["4", "y"])


@pytest.mark.parametrize(
    ("kind", "asked", "says"),
    [
        ({**CHATS}, CHAT, "cannot be held"),
        (TEXTS, TEXT, "cannot be held"),
        ({"choice": None, "bias": False}, TEXT, "cannot be held"),
    ],
    ids=str,
)
def test_where_no_value_can_be_held_to_that_is_said(
    kind: dict[str, Any], asked: PromptRequest, says: str, start: Starts, connect: Connects
) -> None:
    backend = connect(start(**kind))
    with pytest.raises(BackendError, match=says):
        write(backend, asked, among=VALUES)


def test_a_server_that_writes_none_of_the_values_is_found_out(start: Starts, connect: Connects) -> None:
    server = start()
    backend = connect(server)
    server.kind.choice = None
    with pytest.raises(BackendError, match="none of the values"):
        write(backend, TEXT, among=VALUES)
