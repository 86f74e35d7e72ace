"""Measures `audits`: whether a verifier believes claims with known labels, or answers, with and without their evidence.

The same model answers and verifies. A claim is read with the spans that it cites, and once under each null; both rules,
the published one and the signed one, are applied to these numbers later.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from guardbind.auditing.judged import AuditNull, RangeRecord
from guardbind.auditing.measuring import measured
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.trace import ContextSpan, TraceClaim
from guardbind.auditing.verifier import VerifierAsker
from guardbind.backends.local import LocalBackend
from guardbind.backends.protocol import Completion
from guardbind.errors import BackendError, GuardbindError
from guardbind.frozen import Frozen
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.audit_prompts import (
    AnswerVariant,
    answer_prompt,
    asked_of,
    letters_of,
)
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.audits.citing import cited_by_words
from guardbind_bench.prompts.audits.item import AuditItem, AuditQuestion, AuditTask
from guardbind_bench.prompts.audits.values import stands_in
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.registry import AUDIT_TASKS

__all__ = ["ABSENT", "MEASURE", "AuditOptions", "AuditReadingRecord", "AuditedPart", "option_in"]

ABSENT: tuple[AuditNull, ...] = ("redact", "delete", "same_length", "no_evidence")
"""How the cited spans are taken away."""
AuditedPart = Literal["claims", "answers"]
"""What is audited: claims with known labels, or what the model answers to the question of an item."""

_TOKENS = 1200  # of a prompt, by which trials are put into batches
_WRITTEN = 20


class AuditOptions(Frozen):
    """The options of the measure."""

    part: AuditedPart = "claims"
    """What is audited."""
    variant: AnswerVariant = "baseline"
    """What is answered from."""
    shown: Literal["cited", "all"] = "cited"
    """What the verifier sees: the cited spans, or the whole text, of which the nulls take the cited spans away."""
    cites: int = 2
    """Spans that an answer cites, at most: those that share the most words with it."""
    file: str | None = None
    """Where items are read from."""
    languages: tuple[str, ...] = ()
    """Languages of the items; empty for all."""


class AuditReadingRecord(TrialRecord):
    """What a verifier says of one claim."""

    claim: int
    """Which claim of the item."""
    kind: str
    """What it is; `answer` where it is what the model answered."""
    language: str
    """What the item is written in."""
    form: str
    """How its facts are written."""
    domain: str
    """What it is about."""
    right: bool
    """Whether the claim holds and its citation carries it, or whether the answer is right."""
    carried: bool | None = None
    """Whether what it cites says so by itself, where known: the task of a verifier that sees no more."""
    audited: bool = True
    """Whether there is a claim to audit; not where the model answered with none of the options."""
    p1: float | None = None
    """Probability of YES with the evidence."""
    no: float | None = None
    """Probability of NO with it."""
    unsure: float | None = None
    """Probability of UNSURE with it."""
    p0: list[float] = Field(default_factory=list)
    """Probability of YES under each null, in the order of `ABSENT`."""
    own: float | None = None
    """Probability that the model gives to the value, or to the answer, by itself."""
    prompt_tokens: int = 0
    """Tokens of the verifier's prompt, or of the answered one where an answer is audited."""


@dataclass(frozen=True, slots=True, eq=False)
class _AuditSession:
    backend: LocalBackend
    task: AuditTask
    options: AuditOptions
    chat: bool
    tokens: int = _TOKENS

    def run(self, indices: Sequence[int]) -> list[AuditReadingRecord]:
        return [record for index in indices for record in asyncio.run(self._records(self.task.item(index)))]

    async def _records(self, item: AuditItem) -> list[AuditReadingRecord]:
        shared = {"index": item.index, "language": item.language, "form": item.form, "domain": item.domain}
        if self.options.part == "claims":
            return [await self._claim(item, place, shared) for place in range(len(item.claims))]
        assert item.question is not None
        about: dict[str, Any] = {**shared, "claim": 0, "kind": "answer"}
        try:
            chosen, own, tokens = await self._answer(item, item.question)
            about |= {"own": own, "right": chosen == item.question.gold, "prompt_tokens": tokens}
            if chosen is None:
                return [AuditReadingRecord(**about, audited=False)]
            claim = item.question.claims[chosen]
            cited = cited_by_words(item.spans, claim, self.options.cites)
            return [AuditReadingRecord(**about, **(await self._judged(item, claim, cited)))]
        except GuardbindError as error:
            return [AuditReadingRecord(**{"right": False, **about}, failed=str(error))]

    async def _claim(self, item: AuditItem, place: int, shared: dict[str, Any]) -> AuditReadingRecord:
        claim = item.claims[place]
        about = {
            **shared,
            "claim": place,
            "kind": claim.kind,
            "right": not claim.is_error,
            "carried": claim.carried,
        }
        asked = asked_of(f"{item.text}\n\nSay it in one sentence.", self.chat, claim.begun)
        try:
            judged = await self._judged(item, claim.text, claim.cites)
            [score] = await self.backend.score(asked, [f" {claim.value}" if " " in claim.text else claim.value])
        except GuardbindError as error:
            return AuditReadingRecord(**about, failed=str(error))
        return AuditReadingRecord(
            **about,
            **judged,
            own=min(1.0, math.exp(score.logprob.high)),
            prompt_tokens=len(self.backend.ids(asked)),
        )

    async def _answer(self, item: AuditItem, question: AuditQuestion) -> tuple[int | None, float, int]:
        asked = asked_of(answer_prompt(item, question, self.options.variant), self.chat)
        tokens = len(self.backend.ids(asked))
        if question.lettered:
            [read] = await self.backend.next_tokens([asked])
            letters = letters_of(question)
            masses = [
                read.distribution.mass([token for token, text in read.texts.items() if text.strip() == letter]).low
                for letter in letters
            ]
            best = max(range(len(letters)), key=lambda place: masses[place])
            return best, masses[best], tokens
        written = await self.backend.write(asked, max_new_tokens=_WRITTEN, stop=("\n",), top=1)
        chosen, own = option_in(written, question.options)
        return chosen, own, tokens

    async def _judged(self, item: AuditItem, claim: str, cited: Sequence[str]) -> dict[str, Any]:
        config = AuditConfig(
            shown=self.options.shown, nulls=ABSENT, leave_one_out=0, calibration_items=0, execute=False
        )
        spans = [ContextSpan(id=span.id, text=span.text) for span in item.spans]
        asked = TraceClaim(id="C1", text=claim, citations=tuple(cited))
        asker = VerifierAsker(self.backend, chat=self.chat)
        [reading] = await measured(asker, [asked], spans, config)
        if reading is None:
            raise BackendError(" ".join(asker.notes) or "the verifier could not be asked.")
        budgets = {budget.null: budget for budget in reading.nulls}
        return {
            "p1": _middle(reading.p1),
            "no": _middle(reading.no),
            "unsure": _middle(reading.unsure),
            "p0": [_middle(budgets[null].p0) for null in ABSENT],
        }


def _middle(bounds: RangeRecord) -> float:
    return (bounds.low + bounds.high) / 2


def option_in(written: Completion, options: Sequence[str]) -> tuple[int | None, float]:
    """Return which option an answer gives, the first one that it writes, and the probability of what leads up to it.

    Args:
        written: The answer, with the likeliest token of each step.
        options: The options.
    """
    text = written.text.casefold()
    places = {
        place: (text.find(option.casefold()), -len(option))
        for place, option in enumerate(options)
        if stands_in(option.casefold(), text)
    }
    chosen = min(places, key=lambda place: places[place], default=None)
    logprob, so_far = 0.0, ""
    for step in written.tokens:
        token = max(step.distribution.logprobs, key=lambda held: step.distribution.logprobs[held])
        logprob += step.distribution.logprobs[token]
        so_far += step.texts[token]
        if chosen is not None and options[chosen].casefold() in so_far.casefold():
            break
    return chosen, min(1.0, math.exp(logprob))


class AuditsMeasure:
    """Has a verifier judge each claim, or each answer, with its evidence and without."""

    name = "audits"
    version = 2
    record = AuditReadingRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _AuditSession:
        """Make ready for a cell; its options are `AuditOptions`.

        Raises:
            ConfigError: An option is unknown, or the task does not take it, or has no claims.
            UnknownNameError: There is no such audit task.
        """
        options = read_options(AuditOptions, cell.options, self.name)
        task = AUDIT_TASKS.get(cell.task)(k=cell.k, seed=cell.seed, file=options.file, languages=options.languages)
        chat = bool(lab.tokenizer.chat_template)
        return _AuditSession(LocalBackend(lab.model, lab.tokenizer), task, options, chat)


MEASURE: Measure = AuditsMeasure()
