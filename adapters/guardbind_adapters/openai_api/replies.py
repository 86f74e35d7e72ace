"""Reads the answers of both interfaces into one form, and refuses what is damaged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from guardbind.errors import BackendError

__all__ = ["Reply", "Scored", "Step", "read_chat", "read_completion"]

_ABSENT = -9990.0
"""Servers write −9999 for a log-probability that they do not know, or that is minus infinity."""


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("a number is expected")
    return value


_LogProb = Annotated[float, BeforeValidator(_number)]


class _Entry(BaseModel):
    token: str
    logprob: _LogProb


class _ChatEntry(_Entry):
    top_logprobs: list[_Entry] = []


class _ChatLogprobs(BaseModel):
    content: list[_ChatEntry] | None = None


class _Message(BaseModel):
    content: str | None = None


class _ChatChoice(BaseModel):
    message: _Message
    logprobs: _ChatLogprobs | None = None
    finish_reason: str | None = None


class _ChatAnswer(BaseModel):
    choices: list[_ChatChoice]


class _TextLogprobs(BaseModel):
    tokens: list[str] | None = None
    token_logprobs: list[_LogProb | None] | None = None
    top_logprobs: list[dict[str, _LogProb] | None] | None = None


class _TextChoice(BaseModel):
    text: str
    logprobs: _TextLogprobs | None = None
    finish_reason: str | None = None


class _TextAnswer(BaseModel):
    choices: list[_TextChoice]


@dataclass(frozen=True, slots=True)
class Scored:
    """A token as the server writes it, and its log-probability in nats; None where the server does not say it."""

    token: str
    logprob: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """One token of an answer: the one that was written, and what was returned beside it.

    Attributes:
        written: The token.
        ranking: What was returned, as the server ordered it.
        mapped: They came as a mapping, in which tokens of the same text take each other's place.
    """

    written: Scored
    ranking: tuple[Scored, ...]
    mapped: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        text: Its text.
        steps: Its tokens; None where the server returned no log-probabilities.
        finished: Why it ended.
    """

    text: str
    steps: tuple[Step, ...] | None
    finished: str


def read_chat(answer: Any) -> Reply:
    """Read an answer of the chat interface.

    Raises:
        BackendError: It has another form, no choice, or a log-probability that is none.
    """
    choice = _validated(_ChatAnswer, answer, "chat completion").choices[0]
    steps = None
    if choice.logprobs is not None and choice.logprobs.content is not None:
        steps = tuple(
            Step(
                _scored(entry.token, entry.logprob),
                tuple(_scored(other.token, other.logprob) for other in entry.top_logprobs),
                mapped=False,
            )
            for entry in choice.logprobs.content
        )
    return Reply(choice.message.content or "", steps, choice.finish_reason or "")


def read_completion(answer: Any) -> Reply:
    """Read an answer of the interface of completions.

    Raises:
        BackendError: As `read_chat`.
    """
    choice = _validated(_TextAnswer, answer, "completion").choices[0]
    logprobs, steps = choice.logprobs, None
    if logprobs is not None and logprobs.tokens is not None:
        count = len(logprobs.tokens)
        own = logprobs.token_logprobs if logprobs.token_logprobs is not None else [None] * count
        others: list[dict[str, float] | None] = logprobs.top_logprobs or [None] * count
        if len(own) != count or len(others) != count:
            raise _fault("completion", f"{count} tokens have {len(own)} and {len(others)} log-probabilities")
        steps = tuple(
            Step(_scored(token, logprob), _ranking(other), mapped=True)
            for token, logprob, other in zip(logprobs.tokens, own, others, strict=True)
        )
    return Reply(choice.text, steps, choice.finish_reason or "")


def _ranking(others: Mapping[str, float] | None) -> tuple[Scored, ...]:
    return tuple(_scored(token, logprob) for token, logprob in (others or {}).items())


def _scored(token: str, logprob: float | None) -> Scored:
    if logprob is None:
        return Scored(token, None)
    if math.isnan(logprob) or logprob > 0.01:
        raise BackendError(
            f"the server says that a log-probability is {logprob}; numbers up to 0 are accepted.",
            hint="Look into the server's log; weights in half precision may overflow.",
        )
    return Scored(token, None if logprob <= _ABSENT else min(logprob, 0.0))


def _validated(kind: type[Any], answer: Any, name: str) -> Any:
    try:
        read = kind.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        fault = f"{'.'.join(map(str, first['loc'])) or 'the answer'}: {first['msg']}"
    else:
        if read.choices:
            return read
        fault = "it has no choices"
    raise _fault(name, fault)


def _fault(name: str, fault: str) -> BackendError:
    return BackendError(
        f"the server's answer is no {name}: {fault}.", hint="Check that the server speaks OpenAI's interface."
    )
