"""Asks a verifier for the probability of YES, NO and UNSURE, as ranges where not every token is returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from guardbind.auditing.prompts import LABELS, verifier_request
from guardbind.auditing.trace import ContextSpan
from guardbind.backends import Backend, NextToken, PromptRequest, Spent
from guardbind.errors import BackendError, GuardbindError
from guardbind.information.intervals import Interval

__all__ = ["LabelReading", "VerifierAsker", "label_reading"]

_FORMS = {
    label: tuple(f"{blank}{form}" for blank in ("", " ") for form in (label, label.title(), label.lower()))
    for label in LABELS
}
_ANYTHING = Interval(0.0, 1.0)


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

    Args:
        backend: The backend.
        chat: Ask it in a chat; None tries one first.
        notes: Where what happened is noted.
    """

    def __init__(self, backend: Backend, *, chat: bool | None = None) -> None:
        self.backend = backend
        self.spent = Spent()
        self.notes: list[str] = []
        self._chat = chat
        self._read: dict[tuple[bool, str], LabelReading] = {}

    async def in_chat(self) -> bool:
        """Return whether the verifier is asked in a chat; found out by one request where that is open."""
        if self._chat is None:
            request = verifier_request((), "Water is wet.")
            try:
                answers = await self.backend.next_tokens([request], values=LABELS)
                self.spent = sum((answer.spent for answer in answers), self.spent)
                self._chat = True
            except BackendError as error:
                self._chat = False
                self.notes.append(f"the verifier is asked in a plain text: {type(error).__name__} in a chat.")
        return self._chat

    async def read(
        self, asked: Sequence[tuple[Sequence[ContextSpan], str, Mapping[str, str | None] | None]]
    ) -> list[LabelReading | None]:
        """Return the answers to some claims, each with its spans and what stands in their place.

        A claim that cannot be asked, as one that is too long for the model, is None, with a note.
        """
        chat = await self.in_chat()
        requests = [verifier_request(spans, claim, shown=shown, chat=chat) for spans, claim, shown in asked]
        keys = [_key(request) for request in requests]
        new = {key: request for key, request in zip(keys, requests, strict=True) if key not in self._read}
        for key, answer in zip(new, await self._next(list(new.values())), strict=True):
            if answer is not None:
                self.spent = self.spent + answer.spent
                self._read[key] = label_reading(answer)
        return [self._read.get(key) for key in keys]

    async def _next(self, requests: list[PromptRequest]) -> Sequence[NextToken | None]:
        if not requests:
            return []
        try:
            return await self.backend.next_tokens(requests, values=LABELS)
        except GuardbindError as error:
            if len(requests) == 1:
                self.notes.append(f"a claim could not be asked: {type(error).__name__}: {error}")
                return [None]
        # One prompt that cannot be asked must not take the others with it.
        half = len(requests) // 2
        return [*await self._next(requests[:half]), *await self._next(requests[half:])]


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
