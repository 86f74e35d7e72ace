"""Turns what the openai client raises into errors that say what was seen, what is accepted and what to do."""

from __future__ import annotations

import re
from typing import Any

import openai

from guardbind.backends.keys import EnvironmentKey
from guardbind.backends.retries import TryAgain, asked_wait
from guardbind.errors import BackendError, ContextLengthError, UnansweredPromptError

__all__ = ["RefusedPromptError", "RefusedRequestError", "timed_out", "translated"]

_MAY_PASS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_OF_A_PROMPT = frozenset({400, 413, 422})
_TOO_LONG = re.compile(r"context.{0,12}length|maximum.{0,20}context|too many tokens|longer than the maximum", re.I)
_LONGEST_QUOTE = 300


class RefusedRequestError(BackendError):
    """A server refused a request as such; another one of the same form will be refused as well.

    Args:
        status: HTTP status.
        message: What was seen and what is accepted.
        hint: What to do next.
    """

    def __init__(self, status: int, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class RefusedPromptError(RefusedRequestError, UnansweredPromptError):
    """A server refused what a request holds, as a text that its filter does not let pass; see `RefusedRequestError`."""


def translated(error: openai.OpenAIError, where: str, key: EnvironmentKey, timeout: float) -> Exception:
    """Return what is to be raised instead; nothing of the client's own error hangs on it.

    Args:
        error: What the client raised.
        where: What was asked, as `POST /chat/completions`.
        key: The key, which is taken out of all texts.
        timeout: Seconds that a try had.
    """
    if isinstance(error, openai.APITimeoutError):
        return timed_out(where, timeout)
    if isinstance(error, openai.APIConnectionError):
        kind = type(error.__cause__).__name__ if error.__cause__ is not None else "connection error"
        return TryAgain(
            BackendError(
                f"{where}: the server was not reached, or the connection was cut off ({kind}).",
                hint="Check that it runs, and its address.",
            )
        )
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, where, key)
    return BackendError(f"{where}: the client failed ({type(error).__name__}).")


def timed_out(where: str, timeout: float) -> TryAgain:
    """Return the error of a try that took too long."""
    return TryAgain(
        BackendError(f"{where}: no answer within {timeout:g} s.", hint="Raise timeout, or lower concurrency.")
    )


def _of_status(error: openai.APIStatusError, where: str, key: EnvironmentKey) -> Exception:
    status = error.status_code
    said = _said(error.body, key)
    if status in (401, 403):
        # What the server says here often repeats a part of the key.
        sent = f"the key in {key.variable}" if key.variable else "a request without a key"
        return RefusedRequestError(
            status,
            f"{where}: the server refused {sent} ({status}).",
            hint="Name the variable that holds the right key: key_variable.",
        )
    if 300 <= status < 400:
        return RefusedRequestError(
            status, f"{where}: the server redirects ({status}), which is not followed.", hint="Give the final address."
        )
    if status in _MAY_PASS and not (status == 429 and error.code == "insufficient_quota"):
        hint = "Lower requests_per_minute or concurrency." if status == 429 else "Look into the server's log."
        failed = BackendError(f"{where}: the server failed with {status}{said}.", hint=hint)
        return TryAgain(failed, asked_wait(error.response.headers))
    if error.code == "context_length_exceeded" or (status == 400 and _TOO_LONG.search(said)):
        return ContextLengthError(f"{where}: the prompt is too long for the server's model{said}.", hint="Cut it.")
    kind = RefusedPromptError if status in _OF_A_PROMPT else RefusedRequestError
    return kind(
        status,
        f"{where}: the server refused the request with {status}{said}.",
        hint="Check the name of the model and the address, which usually ends with /v1." if status == 404 else None,
    )


def _said(body: Any, key: EnvironmentKey) -> str:
    if isinstance(body, dict):
        inner = body.get("error", body)
        body = inner.get("message") or inner.get("detail") or "" if isinstance(inner, dict) else inner
    text = key.scrubbed(" ".join(str(body or "").split())).rstrip(".")
    if not text:
        return ""
    return f": {text[:_LONGEST_QUOTE]!r}" + (" …" if len(text) > _LONGEST_QUOTE else "")
