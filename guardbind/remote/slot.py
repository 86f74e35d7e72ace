"""Holds one slot of a model that is asked from outside, as policies see it, and reads more of it where they ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from guardbind.backends import Backend, NextToken, Spent
from guardbind.information.intervals import Interval
from guardbind.remote.edits import RemotePrompt
from guardbind.remote.judging import BoxJudge, BoxJudgement
from guardbind.remote.ranges import TokenRange
from guardbind.remote.reading import SlotReading, probability
from guardbind.remote.settings import ApiGuardConfig
from guardbind.remote.spelling import Spellings
from guardbind.session.opener import Opening

__all__ = ["RemoteSlot"]

DEEPEST = 8
"""Tokens that candidates share, through which a value is followed to the one that parts them."""


@dataclass(frozen=True, slots=True)
class RemoteSlot:
    """One slot, as it was read.

    Attributes:
        opening: What opened it, and where its value should come from.
        answer: The answer before the token that is judged.
        value: What of the value stands before the piece that opened the slot; what is written goes on from there.
        reading: What was read behind `answer`.
        key: The model's own token.
        text: The same as text.
        own: Its ranges.
        alive: Candidates that it keeps alive.
        judgement: The verdict on it.
        judge: Judges other tokens.
        candidate: The target's value among the candidates; None when it is not known.
        spellings: The candidates.
        config: The guard's settings.
        backend: Whom to ask.
        prompt: What is asked of it.
        read: Reads behind a longer answer, given what of the value stands at its end.
        restated: Reads an answer so far with the target's evidence restated.
        pay: Takes note of what else is spent.
    """

    opening: Opening
    answer: str
    value: str
    reading: SlotReading
    key: Hashable
    text: str
    own: TokenRange
    alive: frozenset[int]
    judgement: BoxJudgement
    judge: BoxJudge
    candidate: int | None
    spellings: Spellings
    config: ApiGuardConfig
    backend: Backend
    prompt: RemotePrompt
    read: Callable[[str, str], Awaitable[SlotReading]]
    restated: Callable[[str], Awaitable[NextToken | None]]
    pay: Callable[[Spent], None]

    @property
    def target(self) -> int | None:
        """Index of the target."""
        target = self.opening.target
        return None if target is None else target.index

    def null(self, reading: SlotReading) -> NextToken | None:
        """Return the next token without the target's evidence; None where that was not read."""
        return None if self.target is None else reading.nulls.get(self.target)

    def ranges(self, key: Hashable, reading: SlotReading, full: NextToken | None = None) -> TokenRange:
        """Return the ranges of a token.

        Args:
            key: The token.
            reading: What was read where it would stand.
            full: In place of the full context, what was read behind a restatement.
        """
        null = self.null(reading)
        prior = None if null is None else probability(null, key)
        return TokenRange(probability(reading.full if full is None else full, key), prior)

    def further(self, key: Hashable, reading: SlotReading) -> dict[str, Interval]:
        """Return the ranges of a token's probability under the further nulls, by their names."""
        return {name: probability(read, key) for name, read in reading.envelope.items()}

    def kept_by(self, reading: SlotReading, key: Hashable, full: NextToken | None = None) -> frozenset[int]:
        """Return the candidates that a token keeps alive."""
        text = (reading.full if full is None else full).texts.get(key, "")
        return self.spellings.alive(reading.written + text) if text else frozenset()

    def choices(self, reading: SlotReading) -> dict[Hashable, frozenset[int]]:
        """Return the returned tokens that keep candidates alive, the likeliest first, each with these."""
        logprobs = reading.full.distribution.logprobs
        kept = self.spellings.kept(reading.written, reading.full)
        return {key: kept[key] for key in sorted(kept, key=lambda one: -logprobs[one])}

    def leaves_open(self, alive: frozenset[int]) -> bool:
        """Whether a token keeps the target and others alive, so that nothing is decided by it."""
        return len(alive) > 1 and self.candidate in alive

    async def deeper(self, reading: SlotReading, text: str) -> SlotReading:
        """Read behind a token that candidates share."""
        begun = self.answer + reading.written.removeprefix(self.reading.written) + text
        return await self.read(begun, reading.written + text)

    def behind(self, reading: SlotReading) -> str:
        """Return the answer before a reading."""
        return self.answer + reading.written.removeprefix(self.reading.written)

    def rest_of_value(self, reading: SlotReading, text: str) -> str | None:
        """Return what is written so that the target's value stands there, in the spelling that a token begins."""
        if self.candidate is None:
            return None
        forms = [form for form in self.spellings.forms[self.candidate] if form.startswith(self.value)]
        begun = reading.written + text
        fitting = [form for form in forms if form.startswith(begun) or begun.startswith(form)]
        return next((form[len(self.value) :] for form in fitting if form != self.value), None)
