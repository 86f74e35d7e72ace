"""Measures `api_agreement`: each prompt answered under the local guard, and under the one that asks from outside.

The model is the same; the guard from outside sees it through sieves that let its k likeliest tokens through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import Field

from guardbind.backends import PromptRequest
from guardbind.backends.local import LocalBackend
from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, GuardbindError
from guardbind.events import SlotRecord
from guardbind.frozen import Frozen
from guardbind.guard import Guard
from guardbind.model.cache import input_device
from guardbind.remote import ApiGuard, ApiGuardConfig
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.answers_prompt import TextPrompt, render
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Measure
from guardbind_bench.measures.redacted_text import RedactEdit, local_null
from guardbind_bench.measures.sieve import ReadOnce, SievedBackend
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.text_trial import TextTask, TextTrial
from guardbind_bench.prompts.trial import TrialStage
from guardbind_bench.scoring.scoring import read_answer

__all__ = ["EXACT", "LOCAL", "MEASURE", "ApiAgreementOptions", "ApiAgreementRecord", "arm_name", "top_of"]

LOCAL = "local"
"""The arm of the guard of a model of this process."""
EXACT = 0
"""The sieve that lets all tokens through."""
_TOKENS = 400  # of a prompt, by which trials are put into batches


class ApiAgreementOptions(Frozen):
    """The options of the measure."""

    tops: tuple[int, ...] = Field(default=(EXACT, 20, 10, 5, 3, 2, 1), min_length=1)
    """Tokens that the sieves let through; 0 for all."""
    policy: str = "auto"
    """What both guards do about a verdict."""
    null: str = "redact"
    """The counterfactual readout of both: one that is made by editing the prompt."""
    max_new_tokens: int = Field(default=24, ge=1)
    """Tokens of an answer, at most."""
    begun: bool = False
    """Whether answers are begun as the trial has it, so that its value comes next and every prompt has a slot; trials
    that begin none are refused."""
    edit: RedactEdit = "tokens"
    """How the local guard redacts: among its tokens, or in the text, as the guard from outside does."""


class ApiAgreementRecord(TrialRecord):
    """One answer under one guard; the lists have an entry per slot."""

    arm: str
    """`local`, `api`, or `api top k`."""
    text: str | None = None
    """The answer."""
    stage: TrialStage | None = None
    """What its first value is."""
    begins: tuple[int, ...] = ()
    """Character of the answer at which the judged token stands."""
    verdicts: tuple[str, ...] = ()
    """Verdicts on the model's own token."""
    final_verdicts: tuple[str, ...] = ()
    """Verdicts on what was written."""
    actions: tuple[str, ...] = ()
    """What was done."""
    targets: tuple[int, ...] = ()
    """Targets; -1 where there is none."""
    decided: tuple[str, ...] = ()
    """Whether what was returned decides the verdict; `-` where there is no target, and under the local guard."""
    certified: tuple[str, ...] = ()
    """The same of the certificate."""
    bits_low: tuple[float | None, ...] = ()
    """Least evidence bits of the own token; None where there is no bound, or nothing was read."""
    bits_high: tuple[float | None, ...] = ()
    """Most of them."""
    bits_read: tuple[bool, ...] = ()
    """Whether they were read at all."""
    prompts: int | None = None
    """Prompts that were read; None under the local guard."""
    tokens: int | None = None
    """Tokens of these."""


def arm_name(top: int) -> str:
    """Return the name of the arm that sees so many tokens.

    >>> arm_name(0), arm_name(20)
    ('api', 'api top 20')
    """
    return "api" if top == EXACT else f"api top {top}"


def top_of(arm: str) -> int | None:
    """Return how many tokens an arm sees; None of one that sees all.

    >>> top_of("api top 20"), top_of("api")
    (20, None)
    """
    lead, _, top = arm.rpartition(" ")
    return int(top) if lead == "api top" else None


@dataclass(frozen=True, slots=True, eq=False)
class _ApiAgreementSession:
    lab: Lab
    task: TextTask
    options: ApiAgreementOptions
    backend: LocalBackend
    tokens: int = _TOKENS

    def run(self, indices: Sequence[int]) -> list[ApiAgreementRecord]:
        return [record for index in indices for record in self._records(self.task.trial(index))]

    def _records(self, trial: TextTrial) -> list[ApiAgreementRecord]:
        arms = [LOCAL, *map(arm_name, self.options.tops)]
        try:
            prompt = render(trial, self.lab.tokenizer)
            self.lab.check_length(len(prompt.ids) + self.options.max_new_tokens)
            records = [self._local(trial, prompt)]
            once = ReadOnce(self.backend)
            records += [
                self._outside(trial, prompt, SievedBackend(once, top or None), top) for top in self.options.tops
            ]
        except GuardbindError as error:
            return [ApiAgreementRecord(index=trial.index, arm=arm, failed=str(error)) for arm in arms]
        return records

    def _local(self, trial: TextTrial, prompt: TextPrompt) -> ApiAgreementRecord:
        options = self.options
        null = local_null(options.null, options.edit)
        config = GuardConfig(policy=options.policy, null=null, resolver="words", max_nulls=4, capture_text=True)
        # Its tokens are those of the backend, which reads a begun answer together with what stands before it.
        ids = torch.tensor([self.backend.ids(self._asked(trial, prompt))], device=input_device(self.lab.model))
        output = Guard(self.lab.model, self.lab.tokenizer, config).generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=options.max_new_tokens,
            do_sample=False,
            pad_token_id=self.lab.tokenizer.pad_token_id,
        )
        written = output.report.transcripts[0]
        starts = tuple(written.tokens[slot.step][0] - written.prompt_end for slot in output.report.slots)
        bits = tuple(slot.evidence_bits for slot in output.report.slots)
        return ApiAgreementRecord(
            **_seen(trial, LOCAL, output.text[0], output.report.slots),
            begins=starts,
            decided=tuple("-" for _ in starts),
            certified=tuple("yes" if slot.certificate is not None else "no" for slot in output.report.slots),
            bits_low=bits,
            bits_high=bits,
            bits_read=tuple(number is not None for number in bits),
        )

    def _asked(self, trial: TextTrial, prompt: TextPrompt) -> PromptRequest:
        begun = trial.begun if self.options.begun else ""
        if self.options.begun and not begun:
            raise ConfigError(
                f"the prompts of {self.task.name!r} do not say how an answer begins.",
                hint="Leave out the option begun, or name a task that is written with begun answers, as 'corrections'.",
            )
        if prompt.asked_by == "chat":
            return PromptRequest(trial.messages, "", begun)
        # `Answer:` wants a space.
        return PromptRequest((), prompt.text.text, f" {begun}" if begun else "")

    def _outside(self, trial: TextTrial, prompt: TextPrompt, sieve: SievedBackend, top: int) -> ApiAgreementRecord:
        config = ApiGuardConfig(policy=self.options.policy, null=self.options.null)
        asked = self._asked(trial, prompt)
        output = ApiGuard(sieve, config).generate(
            asked.messages or asked.text, begun=asked.begun, max_new_tokens=self.options.max_new_tokens
        )
        slots = [(slot, slot.ranges) for slot in output.report.slots if slot.ranges is not None]
        bits = [(None, None) if known.evidence_bits is None else known.evidence_bits for _, known in slots]
        return ApiAgreementRecord(
            **_seen(trial, arm_name(top), output.text, output.report.slots),
            begins=tuple(known.begins for _, known in slots),
            decided=tuple(known.decided or "-" for _, known in slots),
            certified=tuple(known.certified or "-" for _, known in slots),
            bits_low=tuple(low for low, _ in bits),
            bits_high=tuple(high for _, high in bits),
            bits_read=tuple(known.evidence_bits is not None for _, known in slots),
            prompts=output.spent.requests,
            tokens=output.spent.prompt_tokens,
        )


def _seen(trial: TextTrial, arm: str, text: str, slots: Sequence[SlotRecord]) -> dict[str, Any]:
    return {
        "index": trial.index,
        "arm": arm,
        "text": text,
        "stage": read_answer(trial, text).stage,
        "verdicts": tuple(slot.verdict for slot in slots),
        "final_verdicts": tuple(slot.final_verdict for slot in slots),
        "actions": tuple(slot.action for slot in slots),
        "targets": tuple(-1 if slot.target is None else slot.target for slot in slots),
    }


class ApiAgreementMeasure:
    """Answers each trial under the local guard and under the one from outside, through every sieve."""

    name = "api_agreement"
    version = 1
    record = ApiAgreementRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _ApiAgreementSession:
        """Make ready for a cell of text prompts."""
        options = read_options(ApiAgreementOptions, cell.options, self.name)
        return _ApiAgreementSession(lab, lab.text_task(cell), options, LocalBackend(lab.model, lab.tokenizer))


MEASURE: Measure = ApiAgreementMeasure()
