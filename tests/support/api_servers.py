"""Starts servers of real weights for tests, and has addresses known where the package was not installed anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from guardbind.registry import BACKENDS

if TYPE_CHECKING:
    from fake_server import FakeServer

    from guardbind_adapters.openai_api import OpenAIBackend

__all__ = ["Connects", "Starts", "register_backends", "served"]


class Connects(Protocol):
    """Connect with a fake server."""

    def __call__(self, server: FakeServer, model: str | None = "toy", **settings: Any) -> OpenAIBackend: ...


class Starts(Protocol):
    """Start a fake server; keywords are those of its `Kind`."""

    def __call__(self, **kind: Any) -> FakeServer: ...


def register_backends() -> None:
    """Know the addresses of OpenAI-compatible servers, as an installed package does by its entry points."""
    for kind in ("http", "https", "openai"):
        if kind not in BACKENDS:
            BACKENDS.register(kind, "guardbind_adapters.openai_api:connect")


@contextmanager
def served(model: Any, tokenizer: Any, *, name: str = "smollm2-135m", hosted: bool = False) -> Iterator[str]:
    """Serve a model without a guard and yield the address; `hosted`: with what a hosted service returns only."""
    from model_server import ModelServer

    register_backends()
    server = ModelServer(model, tokenizer, name, hosted=hosted)
    thread = server.in_thread()
    try:
        yield server.url
    finally:
        server.should_exit = True
        thread.join(timeout=30)
