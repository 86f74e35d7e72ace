"""Gives requests and answers the shape of OpenAI's chat completions."""

from __future__ import annotations

import time
import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.batching import Answer

__all__ = ["ApiError", "ChatRequest", "chunk", "completion", "usage"]


class ApiError(Exception):
    """An answer that is an error.

    Args:
        status: HTTP status.
        message: What is wrong, and what is accepted; no text of a prompt.
        code: A short name for programs.
        param: The field that is meant.
    """

    def __init__(self, status: int, message: str, code: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param

    @property
    def body(self) -> dict[str, Any]:
        """The error as OpenAI's clients read it."""
        kind = "invalid_request_error" if self.status < 500 and self.status != 429 else "server_error"
        kind = "rate_limit_error" if self.status == 429 else kind
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}


class _Shape(BaseModel):
    # What is not served is refused: a client whose `tools` or `stop` were dropped in silence would not know.
    model_config = ConfigDict(extra="forbid")


class Part(_Shape):
    """A piece of a message."""

    type: Literal["text"]
    text: str


class Message(_Shape):
    """One turn."""

    role: Literal["system", "user", "assistant"]
    content: str | list[Part]
    name: str | None = None

    @property
    def text(self) -> str:
        """What it says."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class StreamOptions(_Shape):
    """What a stream holds beside the text."""

    include_usage: bool = False


class ChatRequest(_Shape):
    """A request; the fields that are missing here are not served."""

    model: str
    messages: list[Message] = Field(min_length=1, max_length=256)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float = Field(default=0.0, ge=0, le=2, allow_inf_nan=False)
    top_p: float = Field(default=1.0, gt=0, le=1)
    n: Literal[1] = 1
    stream: bool = False
    stream_options: StreamOptions | None = None
    user: str | None = None

    @property
    def sampling(self) -> tuple[tuple[str, Any], ...]:
        """What `generate` is told; greedy unless a temperature is asked for."""
        if self.temperature == 0:
            return (("do_sample", False),)
        return (("do_sample", True), ("temperature", self.temperature), ("top_p", self.top_p))


def guardbind_field(answer: Answer) -> dict[str, Any]:
    """Return what the guard says of one answer: the field `guardbind`, which other servers do not have."""
    return {
        "ok": all(slot.passed for slot in answer.slots),
        "unfinished": answer.unfinished,
        "slots": [
            {
                "key": slot.key,
                "verdict": slot.verdict,
                "final_verdict": slot.final_verdict,
                "action": slot.action,
                "evidence_bits": slot.evidence_bits,
                "candidates": [candidate.value for candidate in slot.candidates],
                "reason": slot.reason,
            }
            for slot in answer.slots
        ],
    }


def usage(prompt_tokens: int, answer: Answer) -> dict[str, int]:
    """Count tokens."""
    total = prompt_tokens + answer.tokens
    return {"prompt_tokens": prompt_tokens, "completion_tokens": answer.tokens, "total_tokens": total}


def _finish(answer: Answer) -> str:
    return "stop" if answer.stopped else "length"


def completion(model: str, prompt_tokens: int, answer: Answer) -> dict[str, Any]:
    """Return a whole answer."""
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}],
        "usage": usage(prompt_tokens, answer),
        "guardbind": guardbind_field(answer),
    }


def chunk(
    model: str, name: str, created: int, *, text: str | None = None, answer: Answer | None = None
) -> dict[str, Any]:
    """Return a part of a stream: the beginning, a piece of text, or the end with the guard's report.

    Args:
        model: The model's name.
        name: The id of the stream.
        created: When it began.
        text: A piece.
        answer: The end.
    """
    delta = {} if answer is not None else {"role": "assistant"} if text is None else {"content": text}
    finish = None if answer is None else _finish(answer)
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    made = {"id": name, "object": "chat.completion.chunk", "created": created, "model": model, "choices": [choice]}
    return made if answer is None else {**made, "guardbind": guardbind_field(answer)}
