"""Sends one request once with the openai client, and returns the answer as plain JSON values."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import openai

from guardbind.backends.keys import EnvironmentKey
from guardbind.backends.retries import TryAgain
from guardbind.errors import BackendError
from guardbind_adapters.openai_api.errors import timed_out, translated

__all__ = ["OpenAITransport"]

_NO_KEY = "no-key"


class OpenAITransport:
    """An openai client without retries of its own; it belongs to the event loop of its first request.

    The key is read from the environment while a request is sent, and is kept nowhere.

    Args:
        address: Address of the server's interface.
        key: Where the key is.
        timeout: Seconds of one try, to the last byte.
        connections: Connections at once.
    """

    def __init__(self, address: str, key: EnvironmentKey, timeout: float, connections: int) -> None:
        self.address = address
        self._key, self._timeout, self._connections = key, timeout, connections
        self._client: openai.AsyncOpenAI | None = None

    async def __call__(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the answer; an empty body is asked with GET.

        Raises:
            TryAgain: It failed in a way that may pass.
            RefusedRequestError: The server refuses it.
            BackendError: It failed.
            ConfigError: The variable of the key holds none.
        """
        where = f"{'POST' if body else 'GET'} {urlsplit(path).path}"
        self._key.read()  # a missing key is said before anything is sent
        failed: Exception
        try:
            text = await asyncio.wait_for(self._send(path, body), self._timeout)
        except openai.OpenAIError as error:
            failed = translated(error, where, self._key, self._timeout)
        except TimeoutError:
            failed = timed_out(where, self._timeout)
        else:
            try:
                return json.loads(text)
            except ValueError:
                begin = self._key.scrubbed(" ".join(text.split()))[:80]
                failed = TryAgain(
                    BackendError(
                        f"{where}: the answer is no JSON; it begins with {begin!r}.",
                        hint="Check that the address is the server's own, and not a page's or a proxy's.",
                    )
                )
        # Out here no error of the client hangs on this one: its request holds the key.
        raise failed

    async def aclose(self) -> None:
        """Close the connections; a further request opens others."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _send(self, path: str, body: Mapping[str, Any]) -> str:
        if self._client is None:
            self._client = self._made()
        if not body:
            return await self._client.get(path, cast_to=str)
        return await self._client.post(path, body=dict(body), cast_to=str)

    def _made(self) -> openai.AsyncOpenAI:
        http = openai.DefaultAsyncHttpxClient(
            timeout=self._timeout, follow_redirects=False, event_hooks={"request": [self._with_key]}
        )
        # Each of these is read from a variable of its own where it is left out.
        nothing: dict[str, Any] = {"organization": "", "project": "", "webhook_secret": "", "admin_api_key": ""}
        return openai.AsyncOpenAI(
            base_url=self.address, api_key=_NO_KEY, http_client=http, max_retries=0, timeout=self._timeout, **nothing
        )

    async def _with_key(self, request: Any) -> None:
        for name in ("Authorization", "OpenAI-Organization", "OpenAI-Project"):
            request.headers.pop(name, None)
        if (key := self._key.read()) is not None:
            request.headers["Authorization"] = f"Bearer {key}"
