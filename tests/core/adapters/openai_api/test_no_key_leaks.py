"""A key that was planted is sent to the server, and is found nowhere else."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_servers import Connects, Starts

from guardbind.backends import PromptRequest
from guardbind.errors import ConfigError, GuardbindError

SECRET = "planted5f0c77aa91"
VARIABLE = "GUARDBIND_TEST_KEY"
TEXTS: dict[str, Any] = {"chat": False, "extras": False}


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("GUARDBIND_API_KEY", raising=False)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def texts_of(error: BaseException) -> str:
    parts = ["".join(traceback.format_exception(error))]
    for each in chain(error):
        parts += [str(each), repr(each), repr(each.args), repr(vars(each)), repr(getattr(each, "__notes__", ""))]
        # Reports of errors show the local variables of each frame.
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if "guardbind" in frame.f_code.co_filename:
                parts += [f"{name}={value!r}" for name, value in frame.f_locals.items()]
    return "\n".join(parts)


def reachable(*roots: object) -> Iterator[object]:
    """Everything that an object holds, as far as it is plain or ours."""
    seen: set[int] = set()
    left: list[object] = list(roots)
    while left:
        each = left.pop()
        if id(each) in seen or isinstance(each, type) or type(each).__name__ in ("module", "function", "frame"):
            continue
        seen.add(id(each))
        yield each
        left.extend(gc.get_referents(each))


FAULTS = ["400", "401", "404", "429", "500", "html", "cut", "reset", "hang", "empty_choices", "nan", "quota"]


def test_the_key_is_sent_and_is_nowhere_else(
    start: Starts,
    connect: Connects,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "guardbind", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    server = start(**TEXTS)
    backend = connect(server, key_variable=VARIABLE, cache=tmp_path, attempts=2, timeout=1.0, concurrency=1)
    assert {headers["Authorization"] for _, headers, _ in server.seen} == {f"Bearer {SECRET}"}
    said = []
    for fault in FAULTS:
        server.faults = [fault, fault]
        with pytest.raises(GuardbindError) as raised:
            asyncio.run(backend.next_tokens([PromptRequest(text=f"a prompt for {fault}")]))
        said.append(texts_of(raised.value))
        said.append(repr(pickle.dumps(raised.value)))
    server.faults = []
    answers = asyncio.run(backend.next_tokens([PromptRequest(text="a prompt")]))
    said += [repr(answers), repr(backend), repr(backend.settings), repr(backend.traits), repr(backend.abilities)]
    said += [backend.settings.model_dump_json(), repr(pickle.dumps(backend.settings)), repr(pickle.dumps(answers))]
    said += [record.getMessage() + repr(vars(record)) for record in caplog.records]
    said += [path.read_text() + path.name for path in tmp_path.rglob("*") if path.is_file()]
    said += [*capfd.readouterr()]
    said += [json.dumps(body) + path for path, _, body in server.seen]
    assert [text for text in said if SECRET in text] == []
    assert caplog.records


def test_a_connected_backend_holds_no_key(start: Starts, connect: Connects) -> None:
    backend = connect(start(**TEXTS), key_variable=VARIABLE)
    held = [each for each in reachable(backend) if isinstance(each, (str, bytes))]
    assert "no-key" in held  # the search gets to where the client holds a key that it is given
    assert [each for each in held if (SECRET in each if isinstance(each, str) else SECRET.encode() in each)] == []
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(ConfigError, match=r"guardbind\.connect"):
            attempt(backend)


def test_the_cache_knows_no_key(
    start: Starts, connect: Connects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = start(**TEXTS)
    asked = PromptRequest(text="a prompt")
    asyncio.run(connect(server, key_variable=VARIABLE, cache=tmp_path).next_tokens([asked]))
    monkeypatch.setenv(VARIABLE, "another")
    backend = connect(server, key_variable=VARIABLE, cache=tmp_path)
    (found,) = asyncio.run(backend.next_tokens([asked]))
    assert found.spent.cached == 1
    asyncio.run(backend.next_tokens([PromptRequest(text="a further prompt")]))
    assert server.seen[-1][1]["Authorization"] == "Bearer another"


def test_no_key_is_sent_to_who_was_not_named(start: Starts, connect: Connects, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, SECRET)
    server = start(**TEXTS)
    backend = connect(server)
    assert all(SECRET not in json.dumps(headers) for _, headers, _ in server.seen)
    assert not any("Authorization" in headers for _, headers, _ in server.seen)
    held = [each for each in reachable(backend) if isinstance(each, str)]
    assert SECRET not in held
    monkeypatch.setenv("GUARDBIND_API_KEY", "meant for any server")
    connect(server)
    assert server.seen[-1][1]["Authorization"] == "Bearer meant for any server"


def test_a_missing_key_is_said_before_anything_is_sent(
    start: Starts, connect: Connects, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(**TEXTS)
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ConfigError, match=VARIABLE):
        connect(server, key_variable=VARIABLE)
    assert server.seen == []
