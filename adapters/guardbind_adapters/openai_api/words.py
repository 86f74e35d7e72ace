"""Turns texts and chats into the tokens of the server's model and back, by the server itself or by a tokenizer here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from guardbind.backends.cache import request_key
from guardbind.backends.protocol import PromptRequest
from guardbind.backends.sending import Sender
from guardbind.errors import BackendError, ConfigError
from guardbind.model.loading import resolve
from guardbind.registry import MODELS
from guardbind.text.decode import decode

__all__ = ["LocalWords", "ModelWords", "Rendered", "ServerWords", "first_token", "rendered", "token_text"]

Rendered = tuple[list[int], str]
"""Tokens of a prompt with its begun answer, and its text."""

_ANCHOR = "\n"
"""A text that tokens of what follows do not join with."""


class ModelWords(Protocol):
    """Knows the tokens of the server's model."""

    async def ids(self, text: str, *, special: bool) -> list[int]:
        """Return the tokens of a text.

        Args:
            text: The text.
            special: Whether the tokenizer puts its own marks in front, as it does with a prompt that is no chat.
        """
        ...

    async def text(self, ids: Sequence[int]) -> str:
        """Return the text of tokens."""
        ...

    async def chat(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return the text of a chat, up to where the answer begins."""
        ...


class LocalWords:
    """Asks a tokenizer of this process.

    Args:
        tokenizer: A tokenizer, or the folder or name of one; names that `guardbind.load` knows, as `smollm2-135m`, need
            no network.

    Raises:
        ConfigError: It cannot be loaded, or is none.
        WeightsError: The files of a model that is known by name are missing or damaged.
        MissingDependencyError: A package that reads them is not installed.
    """

    def __init__(self, tokenizer: Any) -> None:
        if isinstance(tokenizer, str):
            from transformers import AutoTokenizer

            try:
                # Other names than those that are known here may be anything that transformers knows.
                source = resolve(tokenizer) if tokenizer in MODELS else str(Path(tokenizer).expanduser())
                tokenizer = AutoTokenizer.from_pretrained(source if Path(source).is_dir() else tokenizer)
            except (OSError, ValueError) as error:
                raise ConfigError(
                    f"the tokenizer {tokenizer!r} cannot be loaded; a folder, a Hugging Face id and the names "
                    f"{', '.join(MODELS.names())} are accepted.",
                    hint="Give its folder where the hub cannot be reached.",
                ) from error
        if not callable(tokenizer) or not hasattr(tokenizer, "decode"):
            raise ConfigError(
                f"tokenizer is a {type(tokenizer).__name__}; a tokenizer, its name or folder is accepted."
            )
        self._tokenizer: Any = tokenizer

    async def ids(self, text: str, *, special: bool) -> list[int]:
        """Return the tokens of a text."""
        return list(self._tokenizer(text, add_special_tokens=special)["input_ids"])

    async def text(self, ids: Sequence[int]) -> str:
        """Return the text of tokens."""
        return decode(self._tokenizer, list(ids))

    async def chat(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return the text of a chat.

        Raises:
            BackendError: The tokenizer has no template, or the template refuses the turns.
        """
        if not self._tokenizer.chat_template:
            raise BackendError("the tokenizer has no chat template.", hint="Ask a text instead of messages.")
        fault = ""
        try:
            turns = [dict(message) for message in messages]
            return str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
        except Exception as error:  # templates raise what they like
            fault = type(error).__name__
        raise BackendError(f"the messages do not fit the model's chat template ({fault}).")


class ServerWords:
    """Asks the server, which has `/tokenize` and `/detokenize` beside its interface, as vLLM does.

    What is being asked already is not asked once more: readings of one slot share most of their tokens.

    Args:
        sender: Sends requests, through the cache.
        address: Address of the server's interface.
        model: Name of the model.
    """

    def __init__(self, sender: Sender, address: str, model: str) -> None:
        root = address.removesuffix("/v1")
        self._sender, self._model = sender, model
        self._tokenize, self._detokenize = f"{root}/tokenize", f"{root}/detokenize"
        self._under_way: dict[str, asyncio.Task[Any]] = {}

    async def ids(self, text: str, *, special: bool) -> list[int]:
        """Return the tokens of a text."""
        body = {"model": self._model, "prompt": text, "add_special_tokens": special}
        return list(await self._shared(self._tokenize, body, _ids))

    async def text(self, ids: Sequence[int]) -> str:
        """Return the text of tokens."""
        body = {"model": self._model, "tokens": list(ids)}
        return str(await self._shared(self._detokenize, body, _text))

    async def chat(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return the text of a chat.

        Raises:
            BackendError: Its tokens do not become the same tokens again.
        """
        turns = [dict(message) for message in messages]
        body = {"model": self._model, "messages": turns, "add_generation_prompt": True}
        ids = list(await self._shared(self._tokenize, body, _ids))
        text = await self.text(ids)
        if await self.ids(text, special=False) != ids:
            raise BackendError(
                "the server writes the tokens of a chat as a text that has other tokens.",
                hint="Give the model's tokenizer as tokenizer=, or set endpoint='chat'.",
            )
        return text

    async def _shared(self, path: str, body: Mapping[str, Any], read: Callable[[Any], Any]) -> Any:
        key = request_key("", path, body)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._sent(path, body, read))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        # Who gives up must not take it away from the others.
        return await asyncio.shield(task)

    async def _sent(self, path: str, body: Mapping[str, Any], read: Callable[[Any], Any]) -> Any:
        return (await self._sender.send(path, body, read, reads=False)).value

    def _forget(self, key: str, task: asyncio.Task[Any]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # nobody may be left to take note of it


async def rendered(words: ModelWords, asked: PromptRequest) -> Rendered:
    """Return the tokens and the text of a prompt with its begun answer; nothing of it is trimmed.

    Raises:
        BackendError: The prompt is empty, or its chat cannot be rendered.
    """
    head = await words.chat(asked.messages) if asked.messages else asked.text
    text = head + asked.begun
    ids = await words.ids(text, special=not asked.messages)
    if not ids:
        raise BackendError("the prompt is empty; at least one token is accepted.")
    return ids, text


async def first_token(words: ModelWords, value: str) -> int | None:
    """Return the first token of a value in the middle of a text, or None where it has none of its own."""
    before, whole = await asyncio.gather(words.ids(_ANCHOR, special=False), words.ids(_ANCHOR + value, special=False))
    if len(whole) <= len(before) or whole[: len(before)] != before:
        return None
    return whole[len(before)]


async def token_text(words: ModelWords, token: int) -> str:
    """Return what a token writes behind others; at the start of a text some decoders drop its space."""
    anchor = (await words.ids("a", special=False))[-1:]
    alone, both = await asyncio.gather(words.text(anchor), words.text([*anchor, token]))
    return both[len(alone) :]


def _ids(answer: Any) -> list[int]:
    ids = answer.get("tokens") if isinstance(answer, dict) else None
    if not isinstance(ids, list) or not all(type(token) is int for token in ids):
        raise BackendError("the server's answer holds no tokens.", hint="Give the tokenizer as tokenizer=.")
    return ids


def _text(answer: Any) -> str:
    text = answer.get("prompt") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise BackendError("the server's answer holds no text.", hint="Give the tokenizer as tokenizer=.")
    return text
