"""Shows a model of this process through sieves of several widths, each prompt read once for all of them."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

from guardbind.backends import Abilities, Completion, ContinuationScore, NextToken, PromptRequest, PromptTokens
from guardbind.backends.local import LocalBackend
from guardbind.information.partial import PartialDistribution

__all__ = ["ReadOnce", "SievedBackend"]


_RANKED = 20


@dataclass(slots=True)
class ReadOnce:
    """What a model answered, so that every sieve sees the same.

    Attributes:
        model: The model, exact.
        tokens: Prompt to its next token.
        rankings: The same to its likeliest tokens, the best first.
        texts: What was asked to what was written.
    """

    model: LocalBackend
    tokens: dict[str, NextToken] = field(default_factory=dict)
    rankings: dict[str, list[Hashable]] = field(default_factory=dict)
    texts: dict[str, Completion] = field(default_factory=dict)

    async def next_tokens(self, asked: Sequence[PromptRequest]) -> list[NextToken]:
        """Return next tokens; what was not read before is read in one batch."""
        new = [one for one in dict.fromkeys(map(repr, asked)) if one not in self.tokens]
        if new:
            fresh = [next(one for one in asked if repr(one) == key) for key in new]
            self.tokens.update(zip(new, await self.model.next_tokens(fresh), strict=True))
        return [self.tokens[repr(one)] for one in asked]

    def sieved(self, asked: PromptRequest, top: int) -> NextToken:
        """Return what a sieve lets through of a next token that was read."""
        token = self.tokens[repr(asked)]
        whole = token.distribution
        known = self.rankings.get(repr(asked), [])
        if len(known) < top:
            # Ties keep the order of the vocabulary, whatever the width of the sieve.
            known = heapq.nsmallest(max(top, _RANKED), whole.logprobs, key=lambda key: -whole.logprobs[key])
            self.rankings[repr(asked)] = known
        best = known[:top]
        kept = PartialDistribution({key: whole.logprobs[key] for key in best}, rounding=whole.rounding)
        return NextToken(kept, {key: token.texts[key] for key in best}, token.spent)


@dataclass(slots=True)
class SievedBackend:
    """A backend that returns the `top` likeliest tokens of what was read; all of them where that is None."""

    once: ReadOnce
    top: int | None
    name: str = "local"
    model: str = field(init=False)
    abilities: Abilities = field(init=False)

    def __post_init__(self) -> None:
        able = self.once.model.abilities
        self.model = self.once.model.model
        self.abilities = able if self.top is None else replace(able, top=self.top, chosen=0, whole=False)

    async def next_tokens(
        self, asked: Sequence[PromptRequest], *, top: int | None = None, values: Sequence[str] = ()
    ) -> list[NextToken]:
        """Return the next token behind each prompt, as far as the sieve lets it through."""
        read = await self.once.next_tokens(asked)
        top = self.top
        return read if top is None else [self.once.sieved(one, top) for one in asked]

    async def score(self, asked: PromptRequest, continuations: Sequence[str]) -> list[ContinuationScore]:
        """Return what the model says."""
        return await self.once.model.score(asked, continuations)

    async def score_prompts(self, asked: Sequence[PromptRequest]) -> list[PromptTokens]:
        """Return what the model says."""
        return await self.once.model.score_prompts(asked)

    async def write(
        self,
        asked: PromptRequest,
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        among: Sequence[str] = (),
        top: int = 0,
    ) -> Completion:
        """Return what the model writes; with one token of the ranking at each step, whatever the sieve."""
        key = repr((asked, max_new_tokens, stop, among))
        if key not in self.once.texts:
            settings = {"max_new_tokens": max_new_tokens, "stop": stop, "among": among}
            self.once.texts[key] = await self.once.model.write(asked, **settings, top=1)  # type: ignore[arg-type]
        return self.once.texts[key]

    async def aclose(self) -> None:
        """Do nothing."""
