"""Connects with fake servers; every backend is closed at the end of its test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from api_servers import Connects, Starts, register_backends
from fake_server import FakeServer, Kind

import guardbind
from guardbind_adapters.openai_api import OpenAIBackend


@pytest.fixture
def start() -> Iterator[Starts]:
    servers: list[FakeServer] = []

    def started(**kind: Any) -> FakeServer:
        servers.append(FakeServer(Kind(**kind)).__enter__())
        return servers[-1]

    yield started
    for server in servers:
        server.__exit__()


@pytest.fixture
def connect() -> Iterator[Connects]:
    register_backends()
    backends: list[OpenAIBackend] = []

    def connected(server: FakeServer, model: str | None = "toy", **settings: Any) -> OpenAIBackend:
        backend = guardbind.connect(server.url, model, **{"backoff": 0.001, **settings})
        assert isinstance(backend, OpenAIBackend)
        backends.append(backend)
        return backend

    yield connected
    for backend in backends:
        asyncio.run(backend.aclose())
