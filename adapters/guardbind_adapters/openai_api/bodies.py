"""Writes the bodies of requests to both interfaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

__all__ = [
    "CHAT",
    "COMPLETIONS",
    "BeginStyle",
    "ChoiceStyle",
    "LengthField",
    "chat_body",
    "choice_fields",
    "completion_body",
]

CHAT = "/chat/completions"
COMPLETIONS = "/completions"

BeginStyle = Literal["continue_final_message", "prefix", "last_turn"]
"""How a server is told to go on with a begun answer: vLLM's fields, a mark on the message, or the message alone."""

ChoiceStyle = Literal["structured_outputs", "json_schema"]
"""How a server is held to some values: vLLM's choice, or a schema with an enumeration."""

LengthField = Literal["max_tokens", "max_completion_tokens"]


def completion_body(
    model: str,
    prompt: str | Sequence[int],
    *,
    most: int = 1,
    top: int | None = None,
    stop: Sequence[str] = (),
    echo: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a greedy request for a completion.

    Args:
        model: Name of the model.
        prompt: Text or ids.
        most: Tokens, at most.
        top: Tokens of the ranking; None: no log-probabilities.
        stop: Texts that end it.
        echo: Return the prompt as well.
        extra: Fields of one server.
    """
    body: dict[str, Any] = {
        "model": model,
        "prompt": prompt if isinstance(prompt, str) else list(prompt),
        "max_tokens": most,
        "temperature": 0,
    }
    if top is not None:
        body["logprobs"] = top
    if stop:
        body["stop"] = list(stop)
    if echo:
        body["echo"] = True
    return {**body, **(extra or {})}


def chat_body(
    model: str,
    messages: Sequence[Mapping[str, str]],
    *,
    begun: str = "",
    style: BeginStyle | None = None,
    most: int = 1,
    length: LengthField = "max_tokens",
    top: int | None = None,
    stop: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a greedy request to a chat.

    Args:
        model: Name of the model.
        messages: Turns.
        begun: The begun answer.
        style: How the server is told to go on with it.
        most: Tokens, at most.
        length: The field that says so.
        top: Tokens of the ranking; None: no log-probabilities.
        stop: Texts that end it.
        extra: Fields of one server.
    """
    turns: list[dict[str, Any]] = [dict(message) for message in messages]
    body: dict[str, Any] = {"model": model, "messages": turns, length: most, "temperature": 0}
    if begun:
        turns.append({"role": "assistant", "content": begun})
        if style == "continue_final_message":
            body |= {"continue_final_message": True, "add_generation_prompt": False}
        elif style == "prefix":
            turns[-1]["prefix"] = True
    if top is not None:
        body |= {"logprobs": True, "top_logprobs": top}
    if stop:
        body["stop"] = list(stop)
    return {**body, **(extra or {})}


def choice_fields(values: Sequence[str], style: ChoiceStyle) -> dict[str, Any]:
    """Return the fields that hold an answer to one of some values."""
    if style == "structured_outputs":
        return {"structured_outputs": {"choice": list(values)}}
    schema = {
        "type": "object",
        "properties": {"value": {"type": "string", "enum": list(values)}},
        "required": ["value"],
        "additionalProperties": False,
    }
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "choice", "strict": True, "schema": schema},
        }
    }
