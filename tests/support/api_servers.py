"""Starts servers of real weights for tests, and has addresses known where the package was not installed anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from guardbind.registry import BACKENDS

__all__ = ["register_backends", "served"]


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
