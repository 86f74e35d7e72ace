"""Connects with a model that is asked from outside, by the kind of its address."""

from __future__ import annotations

import re
from typing import Any

from guardbind.backends.protocol import Backend
from guardbind.errors import ConfigError
from guardbind.registry import BACKENDS

__all__ = ["connect"]


def connect(address: str, model: str | None = None, **settings: Any) -> Backend:
    """Connect with a server and find out what it returns; nothing is taken for granted that was not seen.

    Args:
        address: A web address (`http://localhost:8000/v1`), or a kind of backend, a colon, and what that kind takes as
            its address (`openai:https://api.openai.com/v1`).
        model: Name of the model; where None, the only one that the server has.
        **settings: Settings of the backend; those of every server are in `ClientConfig`.

    Returns:
        A backend; what it can return stands in its `abilities`. It takes the place of one request after another while
        it connects, so inside a running event loop use `await asyncio.to_thread(connect, ...)`.

    Raises:
        ConfigError: The address or a setting cannot be used; the address or a setting holds a key.
        UnknownNameError: There is no such kind of backend.
        MissingDependencyError: The package that the kind needs is not installed.
        BackendError: The server does not answer, or returns nothing that can be used.
    """
    kind, colon, rest = address.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*", kind):
        # The address is not repeated: it may hold a password.
        raise ConfigError(
            "the address has no kind.", hint="Give a web address, as http://localhost:8000/v1, or KIND:ADDRESS."
        )
    kind = kind.lower()
    backend: Backend = BACKENDS.get(kind)(address if kind in ("http", "https") else rest, model, **settings)
    return backend
