"""Answers as a backend with an OpenAI-compatible server, in the ways that probing has found."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from guardbind.backends.keys import EnvironmentKey, check_address
from guardbind.backends.own_loop import OwnLoop
from guardbind.backends.protocol import (
    Abilities,
    Completion,
    ContinuationScore,
    NextToken,
    PromptRequest,
    PromptTokens,
    Spent,
)
from guardbind.backends.sending import Sender
from guardbind.errors import BackendError, ConfigError, MissingDependencyError

try:
    import openai as _openai  # noqa: F401
except ImportError as missing:
    raise MissingDependencyError(
        "a server is asked with the package openai.", hint="Run: python -m pip install 'guardbind[api]'"
    ) from missing

from guardbind_adapters.openai_api.asking import ServerReader
from guardbind_adapters.openai_api.probing import Prober
from guardbind_adapters.openai_api.settings import OpenAIConfig
from guardbind_adapters.openai_api.traits import ServerTraits
from guardbind_adapters.openai_api.transport import OpenAITransport
from guardbind_adapters.openai_api.words import LocalWords, ModelWords, ServerWords

__all__ = ["OpenAIBackend", "connect"]

_OPENAI = "api.openai.com"
_R = TypeVar("_R")


def connect(address: str, model: str | None = None, **settings: Any) -> OpenAIBackend:
    """Connect with a server and find out what it returns.

    Args:
        address: Address of its interface, as `http://localhost:8000/v1`.
        model: Name of the model; where None, the only one that the server has.
        **settings: `OpenAIConfig`.

    Raises:
        ConfigError: The address or a setting cannot be used.
        BackendError: The server does not answer.
    """
    return OpenAIBackend(address, model, OpenAIConfig(**settings))


class OpenAIBackend:
    """A model behind an OpenAI-compatible server.

    Its requests run in an event loop of its own, so that the limits hold for all callers together, of whatever thread
    or loop. It holds no key; it can be used by many at the same time, and not be pickled.

    Args:
        address: Address of the server's interface.
        model: Name of the model; where None, the only one that the server has.
        settings: How it is asked.

    Raises:
        ConfigError: The address or a setting cannot be used.
        BackendError: The server does not answer.
    """

    name = "openai"

    def __init__(self, address: str, model: str | None = None, settings: OpenAIConfig | None = None) -> None:
        self.settings = settings or OpenAIConfig()
        self.address = check_address(address)
        self._key = EnvironmentKey(self.settings.key_variable or _usual_variable(self.address))
        self._loop = OwnLoop()
        self._transport = OpenAITransport(self.address, self._key, self.settings.timeout, self.settings.concurrency)
        self._sender = Sender(self.address, self.settings, self._transport)
        self.model = ""
        self.traits = ServerTraits()
        try:
            self.model, self.traits, words = self._loop.wait(lambda: self._probe(model))
        except BaseException:
            self._loop.wait(self._transport.aclose)
            self._loop.stop()
            raise
        self.abilities: Abilities = self.traits.abilities
        self._asking = ServerReader(self._sender, self.model, self.traits, words)

    def __repr__(self) -> str:
        return f"OpenAIBackend({self.address!r}, {self.model!r})"

    def __reduce__(self) -> NoReturn:
        raise ConfigError("a connected backend cannot be pickled.", hint="Call guardbind.connect where it is needed.")

    @property
    def spent(self) -> Spent:
        """What all requests cost so far, those of connecting and those that failed included."""
        return self._sender.spent

    async def next_tokens(
        self, asked: Sequence[PromptRequest], *, top: int | None = None, values: Sequence[str] = ()
    ) -> list[NextToken]:
        """Return the distribution of the next token behind each prompt.

        The prompts are asked at the same time. Where one fails, the others are answered and kept in the cache first.

        Raises:
            BackendError: The server did not answer, or returns no log-probabilities for what is asked.
            ContextLengthError: A prompt is longer than the model's context.
        """
        if top is not None and top < 1:
            raise ConfigError(f"top is {top}; numbers from 1 are accepted.")
        return await self._loop.run(
            lambda: _all(lambda each=each: self._asking.next_token(each, top, values) for each in asked)
        )

    async def score(self, asked: PromptRequest, continuations: Sequence[str]) -> list[ContinuationScore]:
        """Return the log-probability of each continuation, by having the server score a prompt that ends with it.

        Raises:
            BackendError: As `next_tokens`; also where the server scores no given text.
            ContextLengthError: As `next_tokens`.
        """
        return await self._loop.run(
            lambda: _all(lambda each=each: self._asking.score(asked, each) for each in continuations)
        )

    async def score_prompts(self, asked: Sequence[PromptRequest]) -> list[PromptTokens]:
        """Return the tokens of each prompt and their log-probabilities, by having the server echo it.

        Raises:
            BackendError: As `score`.
            ContextLengthError: As `next_tokens`.
        """
        return await self._loop.run(lambda: _all(lambda each=each: self._asking.prompt_tokens(each) for each in asked))

    async def write(
        self,
        asked: PromptRequest,
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        among: Sequence[str] = (),
        top: int = 0,
    ) -> Completion:
        """Write on greedily; one of some values where `among` names them.

        Raises:
            BackendError: As `next_tokens`; also where the server cannot be held to values, or wrote none of them.
            ContextLengthError: As `next_tokens`.
        """
        if among:
            return await self._loop.run(lambda: self._asking.choose(asked, among))
        return await self._loop.run(lambda: self._asking.write(asked, max_new_tokens, stop, top))

    async def aclose(self) -> None:
        """Close the connections and end the loop; doing so twice is fine."""
        if not self._loop.stopped:
            await self._loop.run(self._transport.aclose)
            self._loop.stop()

    async def _probe(self, model: str | None) -> tuple[str, ServerTraits, ModelWords | None]:
        if model is None:
            model = await self._only_model()
        words: ModelWords | None = None
        if self.settings.endpoint != "chat":
            if self.settings.tokenizer is not None:
                words = LocalWords(self.settings.tokenizer)
            else:
                words = await _server_words(self._sender, self.address, model)
        return model, await Prober(self._sender, model, self.settings, words).traits(), words

    async def _only_model(self) -> str:
        names = (await self._sender.send("/models", {}, _model_names, cached=False, reads=False)).value
        if len(names) != 1:
            shown = ", ".join(names[:10]) or "none"
            raise ConfigError(f"the server has {len(names)} models ({shown}).", hint="Name one: model=.")
        return names[0]


def _usual_variable(address: str) -> str | None:
    if urlsplit(address).hostname == _OPENAI:
        return "OPENAI_API_KEY"
    return "GUARDBIND_API_KEY" if os.environ.get("GUARDBIND_API_KEY") else None


async def _server_words(sender: Sender, address: str, model: str) -> ModelWords | None:
    words, text = ServerWords(sender, address, model), "badge 44: Zoë's"
    try:
        ids = await words.ids(text, special=False)
        return words if await words.text(ids) == text else None
    except BackendError:
        return None


def _model_names(answer: Any) -> list[str]:
    data = answer.get("data") if isinstance(answer, dict) else None
    names = [each.get("id") for each in data if isinstance(each, dict)] if isinstance(data, list) else []
    if not all(isinstance(name, str) for name in names):
        raise BackendError("the server's list of models cannot be read.", hint="Name the model: model=.")
    return [str(name) for name in names]


async def _all(works: Any) -> list[Any]:
    """Await all, also where one fails: what was answered is kept in the cache."""
    done = await asyncio.gather(*(work() for work in works), return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return list(done)
