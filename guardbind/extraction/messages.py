"""Reads the texts in the messages of a chat, and the arguments of its tool calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guardbind.errors import ConfigError
from guardbind.extraction.rule import Path

__all__ = ["MessagePart", "parts_of"]


@dataclass(frozen=True, slots=True)
class MessagePart:
    """A piece of the messages.

    Attributes:
        where: Its place, as `[2].content` or `[1].tool_calls[0].function.arguments`.
        text: What it says, as it is written; None for arguments that are given as an object.
        data: The arguments that are given as an object.
        prefix: What the keys in it begin with: the name of the tool that was called or that answered.
        json_only: The text is the JSON of a call's arguments.
    """

    where: str
    text: str | None = None
    data: Mapping[str, Any] | None = None
    prefix: Path = ()
    json_only: bool = False


def parts_of(messages: Sequence[Any]) -> Iterator[MessagePart]:
    """Read messages as chat templates take them, with `tool_calls`, or with typed content (`tool_use`, `tool_result`).

    Raises:
        ConfigError: A message is no mapping with a role.
    """
    tools: dict[str, str] = {}  # id of a call to the name of its tool
    for number, message in enumerate(messages):
        if not isinstance(message, Mapping) or "role" not in message:
            raise ConfigError(
                f"message {number} is {type(message).__name__} {_short(message)}; a mapping with a role is needed.",
                hint='Give messages as [{"role": "user", "content": "..."}, ...].',
            )
        where = f"[{number}]"
        prefix = _tool(message, tools) if message["role"] in ("tool", "function") else ()
        yield from _content(message.get("content"), f"{where}.content", prefix, tools)
        for place, call in enumerate(_list(message.get("tool_calls"))):
            call = call if isinstance(call, Mapping) else {}
            function = call.get("function", call)
            name = function.get("name") if isinstance(function, Mapping) else None
            if isinstance(name, str) and name:
                tools[str(call.get("id"))] = name
                inside = "function." if function is not call else ""
                yield from _arguments(
                    function.get("arguments"), f"{where}.tool_calls[{place}].{inside}arguments", (name,)
                )


def _content(content: Any, where: str, prefix: Path, tools: dict[str, str]) -> Iterator[MessagePart]:
    if isinstance(content, str):
        yield MessagePart(where, text=content, prefix=prefix)
    elif isinstance(content, Sequence):
        for place, block in enumerate(content):
            if isinstance(block, Mapping):
                yield from _typed(block, f"{where}[{place}]", prefix, tools)


def _typed(block: Mapping[str, Any], where: str, prefix: Path, tools: dict[str, str]) -> Iterator[MessagePart]:
    kind = block.get("type")
    if kind in ("text", "input_text", "output_text") and isinstance(block.get("text"), str):
        yield MessagePart(f"{where}.text", text=block["text"], prefix=prefix)
    elif kind == "tool_use" and isinstance(block.get("name"), str):
        tools[str(block.get("id"))] = block["name"]
        yield from _arguments(block.get("input"), f"{where}.input", (block["name"],))
    elif kind == "tool_result":
        yield from _content(block.get("content"), f"{where}.content", _tool(block, tools), tools)


def _tool(answer: Mapping[str, Any], tools: Mapping[str, str]) -> Path:
    """Return the name of the tool that answers, where the messages tell it."""
    name = answer.get("name")
    if not isinstance(name, str) or not name:
        name = tools.get(str(answer.get("tool_call_id", answer.get("tool_use_id"))))
    return (name,) if name else ()


def _arguments(arguments: Any, where: str, prefix: Path) -> Iterator[MessagePart]:
    if isinstance(arguments, str):
        yield MessagePart(where, text=arguments, prefix=prefix, json_only=True)
    elif isinstance(arguments, Mapping):
        yield MessagePart(where, data=arguments, prefix=prefix)


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _short(value: object) -> str:
    written = json.dumps(value, default=str)
    return written if len(written) <= 60 else f"{written[:57]}..."
