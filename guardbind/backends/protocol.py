"""Defines what a model that is asked from outside has to answer: next tokens, scores of continuations, and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from guardbind.information.intervals import Interval
from guardbind.information.partial import PartialDistribution

__all__ = [
    "Abilities",
    "Backend",
    "Completion",
    "Constraint",
    "ContinuationScore",
    "NextToken",
    "PromptRequest",
    "PromptScorer",
    "PromptTokens",
    "Spent",
]

Constraint = Literal["choice", "bias"]
"""How a server can be made to write one of a few values: by a grammar, or by raising the logits of tokens."""


@dataclass(frozen=True, slots=True)
class PromptRequest:
    """What a model is asked: the turns of a chat or a text, and how its answer begins.

    Attributes:
        messages: Turns, each with `role` and `content`; empty where `text` is asked.
        text: A text that the model goes on with; empty where `messages` are.
        begun: The answer so far, which the model goes on with.
    """

    messages: tuple[Mapping[str, str], ...] = ()
    text: str = ""
    begun: str = ""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a backend returns, found out when it was connected and not assumed.

    Attributes:
        top: Most tokens of a ranking that it returns; 0 without log-probabilities.
        chosen: Most tokens that it returns log-probabilities of by request; 0 where it cannot.
        whole: It returns the whole distribution.
        ids: It says token ids, so that a token is one token; else texts, which may stand for several.
        begun: It goes on with a begun answer of a chat instead of beginning another one; with a text it always does.
        scores: It scores continuations that are given.
        constraints: How it can be held to some values.
        rounding: How far its log-probabilities are off at most, in nats.
        chats: It returns what it returns for messages.
        texts: It returns what it returns for a text.
        findings: What was found when it was connected, in words, one finding each.
    """

    top: int
    chosen: int = 0
    whole: bool = False
    ids: bool = False
    begun: bool = True
    scores: bool = False
    constraints: frozenset[Constraint] = frozenset()
    rounding: float = 1e-6
    chats: bool = True
    texts: bool = True
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spent:
    """What answering cost.

    Attributes:
        requests: Requests that were sent, repeated ones included.
        prompt_tokens: Tokens of prompts that were read, as the backend counts them; None where it does not say.
        new_tokens: Tokens that were written; None where it does not say.
        cached: Requests that were answered from the cache of the client.
        seconds: From the first request to the last answer.
        lookups: How many of the requests had the model read nothing: texts turned into tokens and back, and the like.
    """

    requests: int = 0
    prompt_tokens: int | None = 0
    new_tokens: int | None = 0
    cached: int = 0
    seconds: float = 0.0
    lookups: int = 0

    def __add__(self, other: Spent) -> Spent:
        def both(a: int | None, b: int | None) -> int | None:
            return None if a is None or b is None else a + b

        return Spent(
            self.requests + other.requests,
            both(self.prompt_tokens, other.prompt_tokens),
            both(self.new_tokens, other.new_tokens),
            self.cached + other.cached,
            self.seconds + other.seconds,
            self.lookups + other.lookups,
        )


@dataclass(frozen=True, slots=True)
class NextToken:
    """The next token's distribution behind one prompt, as far as it was returned.

    Attributes:
        distribution: Tokens, as ids or texts, and what bounds the others.
        texts: What each returned token writes.
        spent: What it cost.
    """

    distribution: PartialDistribution
    texts: Mapping[Any, str]
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True)
class ContinuationScore:
    """Log-probability (nats) of a given continuation: a range, a point where the backend scores exactly."""

    logprob: Interval
    tokens: int
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """The tokens of a prompt as the model reads it, the marks of its template included.

    Attributes:
        text: The prompt.
        spans: Half-open character range of each token in it; tokens that spell a character together share one.
        logprobs: Log-probability (nats) of each behind those before it; None for the first.
        spent: What it cost.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    logprobs: tuple[float | None, ...]
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True)
class Completion:
    """A text that was written behind a prompt.

    Attributes:
        text: The text, without the begun answer.
        tokens: Token and its distribution at each step, where the backend says them; empty where it does not.
        finished: Why it ended: `stop`, `length`, or what the backend says.
        constrained: It was held to some values, so that its log-probabilities say nothing.
        spent: What it cost.
    """

    text: str
    tokens: tuple[NextToken, ...] = ()
    finished: str = "stop"
    constrained: bool = False
    spent: Spent = field(default_factory=Spent)


class Backend(Protocol):
    """A model that is asked from outside; registered in `BACKENDS` by the kind of its address.

    All methods are coroutines, may be called at the same time, and may be cancelled; a call that was cancelled or that
    failed leaves nothing behind. What a backend cannot return it refuses with `BackendError`, and never makes up. Where
    only this prompt is at fault, it raises `UnansweredPromptError` or `ContextLengthError`: after any other error a
    caller with many prompts asks no more.
    """

    name: str
    """Kind of backend, as `local` or `openai`."""
    model: str
    """Name of the model; no address and no key."""
    abilities: Abilities
    """What it returns."""

    async def next_tokens(
        self, asked: Sequence[PromptRequest], *, top: int | None = None, values: Sequence[str] = ()
    ) -> list[NextToken]:
        """Return the distribution of the next token behind each prompt.

        Args:
            asked: Prompts; sent together where the backend takes several.
            top: Tokens of the ranking; as many as it returns where None.
            values: Texts that may be written next. Where `abilities.chosen` allows, their first tokens are returned,
                however unlikely they are.

        Raises:
            BackendError: It did not answer, or not with what was asked for.
            UnansweredPromptError: It does not take one of the prompts, and may take others.
            ContextLengthError: A prompt is longer than it takes.
        """
        ...

    async def score(self, asked: PromptRequest, continuations: Sequence[str]) -> list[ContinuationScore]:
        """Return the log-probability of each continuation behind the prompt and its begun answer.

        Raises:
            BackendError: As `next_tokens`; also where `abilities.scores` is False.
        """
        ...

    async def write(
        self,
        asked: PromptRequest,
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        among: Sequence[str] = (),
        top: int = 0,
    ) -> Completion:
        """Write on behind the prompt and its begun answer, greedily.

        Args:
            asked: The prompt.
            max_new_tokens: Tokens, at most.
            stop: Texts that end it; they are not returned.
            among: Values, one of which is to be written, by a constraint of `abilities.constraints`.
            top: Tokens of the ranking that are returned at each step.

        Raises:
            BackendError: As `next_tokens`; also where it cannot be held to values.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections; doing so twice is fine."""
        ...


@runtime_checkable
class PromptScorer(Protocol):
    """What a backend may be besides: one that returns the log-probabilities of its prompt, where `abilities.scores`."""

    async def score_prompts(self, asked: Sequence[PromptRequest]) -> list[PromptTokens]:
        """Return the tokens of each prompt and their log-probabilities.

        Raises:
            BackendError: It did not answer, or scores no given text.
        """
        ...
