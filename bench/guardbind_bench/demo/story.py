"""Tells one prompt that goes wrong step by step: what was asked, what was measured, what was repaired."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.errors import NullUnavailableError
from guardbind.events import InterventionRecord, SlotRecord
from guardbind.guard import Guard, GuardOutput
from guardbind.information.evidence import evidence_bits_from_logprobs
from guardbind.text.decode import decode
from guardbind_bench.measures.comparison import told
from guardbind_bench.prompts.trial import Task, Trial, TrialStage

__all__ = ["Story", "TokenReading", "find_story"]


@dataclass(frozen=True, slots=True)
class TokenReading:
    """A token that could start the answer.

    Attributes:
        token: The token.
        text: The token as text.
        logprob: Its log-probability in the full context (nats).
        priors: For each binding, its log-probability with that binding's evidence taken away (nats).
    """

    token: int
    text: str
    logprob: float
    priors: tuple[float, ...]

    @property
    def bits(self) -> tuple[float, ...]:
        """Bits that each binding's evidence contributes to the token, log2(p1/p0)."""
        return tuple(evidence_bits_from_logprobs(self.logprob, prior) for prior in self.priors)


@dataclass(frozen=True, slots=True)
class Story:
    """What happened at one prompt under policy `auto`.

    Attributes:
        trial: The prompt.
        text: The prompt as text, in the order of its parts: for each binding its statement and the filler after it,
            then the question.
        stage: What the model's own answer is.
        number: Its number among the trials, from 1.
        readings: The value of each binding, in their order, and the model's own token if it is none of them.
        slot: What the guard saw.
        remedy: What was done about it; None if nothing was.
    """

    trial: Trial
    text: tuple[str, ...]
    stage: TrialStage
    number: int
    readings: tuple[TokenReading, ...]
    slot: SlotRecord
    remedy: InterventionRecord | None

    @property
    def is_clear(self) -> bool:
        """Whether the answer is 2B and at least twice as likely as the right one."""
        best = max(reading.logprob for reading in self.readings)
        return self.stage == "2B" and best - self.readings[self.trial.asked].logprob >= math.log(2)


def find_story(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, task: Task, most: int = 32) -> Story:
    """Tell the first trial at which the model clearly prefers the value of another key.

    Clearly means: the other value is at least twice as likely as the right one. If none of `most` trials is such, the
    first that is 2B at all is told, else the first of all.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        task: Where the prompts come from.
        most: Trials that are looked at.

    Raises:
        NullUnavailableError: On this model no null can be trusted.
    """
    guard = Guard(model, tokenizer, GuardConfig(policy="auto", rivals="every", keep_readouts=True))
    best: Story | None = None
    for index in range(most):
        trial = task.trial(index)
        story = _tell(tokenizer, task, trial, _answer(guard, trial), index + 1)
        if best is None or (story.stage == "2B" and best.stage != "2B") or story.is_clear:
            best = story
        if best.is_clear:
            break
    assert best is not None
    return best


def _answer(guard: Guard, trial: Trial) -> GuardOutput:
    ids = torch.tensor([trial.ids], device=next(guard.model.parameters()).device)
    bindings, target = told(trial, "target")
    return guard.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        bindings=bindings,
        target=target,
        max_new_tokens=1,
        do_sample=False,
    )


def _tell(tokenizer: PreTrainedTokenizerBase, task: Task, trial: Trial, output: GuardOutput, number: int) -> Story:
    slot, readout = output.report.slots[0], output.report.readouts[0]
    if not readout.nulls:
        raise NullUnavailableError(f"nothing can be measured on this model: {slot.reason}.", hint="Use another one.")
    logprobs = torch.log_softmax(readout.logits, -1)
    tokens = dict.fromkeys([*(bound.value.token for bound in trial.bound), slot.token])
    return Story(
        trial=trial,
        text=_parts(tokenizer, trial),
        stage=trial.stage(slot.token),
        number=number,
        readings=tuple(
            TokenReading(
                token=token,
                text=decode(tokenizer, [token]),
                logprob=float(logprobs[token]),
                priors=tuple(float(readout.nulls[i][token]) for i in range(len(trial.bound))),
            )
            for token in tokens
        ),
        slot=slot,
        remedy=next((i for i in output.report.interventions if i.kept), None),
    )


def _parts(tokenizer: PreTrainedTokenizerBase, trial: Trial) -> tuple[str, ...]:
    edges = [edge for bound in trial.bound for edge in (bound.statement.start, bound.statement.stop)]
    edges += [trial.question.start, len(trial.ids)]
    return tuple(decode(tokenizer, trial.ids[start:stop]) for start, stop in pairwise(edges))
