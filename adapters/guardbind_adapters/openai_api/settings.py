"""Holds the settings of a client of an OpenAI-compatible server."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from guardbind.backends.settings import ClientConfig

__all__ = ["OpenAIConfig"]


class OpenAIConfig(ClientConfig):
    """How an OpenAI-compatible server is asked.

    Where no `key_variable` is named, OpenAI's own server gets the key of `OPENAI_API_KEY`, and every other server that
    of `GUARDBIND_API_KEY`, if there is one: a key is not sent to whoever is asked.

    Raises:
        ConfigError: A setting is unknown, of the wrong type or outside its range.
    """

    endpoint: Literal["auto", "completions", "chat"] = "auto"
    """Which of the two interfaces is used; `auto`: completions where the server has them and a chat can be rendered."""

    tokenizer: Any = Field(default=None, repr=False)
    """The model's tokenizer, or its folder or name: one that `guardbind.load` knows, or a Hugging Face id. With it
    chats are rendered here, and tokens are known by their ids, where the server cannot do so itself."""

    top: int = Field(default=20, ge=1)
    """Tokens of the ranking that are asked for, at most; the server may have a lower limit."""

    rounding: float = Field(default=1e-4, ge=0, lt=1)
    """How far log-probabilities are taken to be off, in nats, at least; more where repeated requests differ by more."""
