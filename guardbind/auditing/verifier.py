"""Asks a verifier for the probability of YES, NO and UNSURE, as ranges where not every token is returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from guardbind.auditing.prompts import LABELS, verifier_request
from guardbind.auditing.trace import ContextSpan
from guardbind.backends import Backend, NextToken, PromptRequest, Spent
from guardbind.errors import ContextLengthError, GuardbindError, UnansweredPromptError
from guardbind.information.intervals import Interval

__all__ = ["BATCH", "LabelReading", "VerifierAsker", "label_reading"]

_FORMS = {
    label: tuple(f"{blank}{form}" for blank in ("", " ") for form in (label, label.title(), label.lower()))
    for label in LABELS
}
BATCH = 32
"""Prompts that are sent together: as many as a verifier that stops answering is asked in vain."""


class LabelReading(NamedTuple):
    """The probability of each answer."""

    yes: Interval
    no: Interval
    unsure: Interval

    @property
    def best(self) -> str | None:
        """The answer that is surely the likeliest; None where the ranges leave it open."""
        ranges = dict(zip(LABELS, self, strict=True))
        best = max(LABELS, key=lambda label: ranges[label].low)
        return best if all(ranges[best].low > ranges[other].high for other in LABELS if other != best) else None


class VerifierAsker:
    """A backend that judges claims; each prompt is asked once.

    A prompt that is refused for what it is takes no other one with it. After any other error nothing more is asked:
    what a server that is down or out of quota has not answered, it will not answer later.

    Args:
        backend: The backend.
        chat: Ask it in a chat; None tries one first.

    Attributes:
        spent: What asking cost.
        notes: What happened.
        lost: The error after which nothing more is asked; None while the backend answers.
    """

    def __init__(self, backend: Backend, *, chat: bool | None = None) -> None:
        self.backend = backend
        self.spent = Spent()
        self.notes: list[str] = []
        self.lost: GuardbindError | None = None
        self._chat = chat
        self._read: dict[tuple[bool, str], LabelReading] = {}

    async def in_chat(self) -> bool:
        """Return whether the verifier is asked in a chat; found out by one request where that is open.

        Raises:
            BackendError: It does not answer. Only a refusal of the chat as such means that it takes none.
        """
        if self._chat is None and not self.backend.abilities.chats:
            self._chat = False
            self.notes.append("the verifier is asked in a plain text: it returns nothing for a chat.")
        if self._chat is None:
            request = verifier_request((), "Water is wet.")
            try:
                answers = await self.backend.next_tokens([request], values=LABELS)
                self.spent = sum((answer.spent for answer in answers), self.spent)
                self._chat = True
            except UnansweredPromptError as error:
                self._chat = False
                self.notes.append(f"the verifier is asked in a plain text: {type(error).__name__} in a chat.")
        return self._chat

    async def read(
        self, asked: Sequence[tuple[Sequence[ContextSpan], str, Mapping[str, str | None] | None]]
    ) -> list[LabelReading | None]:
        """Return the answers to some claims, each with its spans and what stands in their place.

        A claim that cannot be asked, as one that is too long for the model, is None, with a note; so is every one that
        is not answered yet when the backend stops answering (`lost`).
        """
        try:
            chat = await self.in_chat()
        except GuardbindError as error:
            self._lose(error)
            return [None] * len(asked)
        requests = [verifier_request(spans, claim, shown=shown, chat=chat) for spans, claim, shown in asked]
        keys = [_key(request) for request in requests]
        new = {key: request for key, request in zip(keys, requests, strict=True) if key not in self._read}
        left = list(new)
        for first in range(0, len(left), BATCH):
            batch = left[first : first + BATCH]
            for key, answer in zip(batch, await self._next([new[key] for key in batch]), strict=True):
                if answer is not None:
                    self.spent = self.spent + answer.spent
                    self._read[key] = label_reading(answer)
        return [self._read.get(key) for key in keys]

    async def _next(self, requests: list[PromptRequest]) -> Sequence[NextToken | None]:
        if self.lost is not None:
            return [None] * len(requests)
        try:
            return await self.backend.next_tokens(requests, values=LABELS)
        except (UnansweredPromptError, ContextLengthError) as error:
            if len(requests) == 1:
                self.notes.append(f"a prompt could not be asked: {type(error).__name__}: {error}")
                return [None]
        except GuardbindError as error:
            self._lose(error)
            return [None] * len(requests)
        # One prompt that cannot be asked must not take the others with it.
        half = len(requests) // 2
        return [*await self._next(requests[:half]), *await self._next(requests[half:])]

    def _lose(self, error: GuardbindError) -> None:
        if self.lost is None:
            self.lost = error
            self.notes.append(f"the verifier stopped answering and was asked no more: {type(error).__name__}: {error}")


def label_reading(answer: NextToken) -> LabelReading:
    """Return the probabilities of the three answers behind a prompt.

    The forms of an answer are summed: case, a blank before it, and the beginnings of it that begin no other one. Of a
    form that was not returned nothing is known but what the others leave; the beginning of one letter counts only for
    what an answer may have at most.
    """
    sure: dict[str, set[Any]] = {label: set() for label in LABELS}
    perhaps: dict[str, set[Any]] = {label: set() for label in LABELS}
    returned: set[str] = set()
    for token in answer.distribution.logprobs:
        text = answer.texts.get(token, "")
        returned.add(text)
        bare = text.strip().upper()
        for label in LABELS:
            if bare and label.startswith(bare):
                perhaps[label].add(token)
                if len(bare) >= 2:
                    sure[label].add(token)
    found: list[Interval] = []
    for label in LABELS:
        missed = [] if answer.distribution.whole else [form for form in _FORMS[label] if form not in returned]
        unseen = {("form", form) for form in missed}
        low = answer.distribution.mass(sure[label]).low if sure[label] else 0.0
        every = perhaps[label] | unseen
        high = answer.distribution.mass(every).high if every else 0.0
        found.append(Interval(min(low, high), high))
    return LabelReading(*found)


def _key(request: PromptRequest) -> tuple[bool, str]:
    return bool(request.messages), request.messages[0]["content"] if request.messages else request.text
