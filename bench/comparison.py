"""Answers the same trials unguarded and under every policy, from one prefill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, ContextLengthError
from guardbind.events import SlotRecord
from guardbind.evidence import Binding, Evidence
from guardbind.guard import Guard
from guardbind.hooks.architecture import context_length

from .prefill import SharedPrefill
from .trial import Trial

__all__ = ["ARMS", "TOLD", "Answer", "Arm", "Comparison", "Told", "arms_of", "told"]

Told = Literal["nothing", "target", "bindings", "span"]

TOLD: dict[Told, str] = {
    "nothing": "not guarded",
    "target": "bindings and target",
    "bindings": "bindings only, target resolved from the prompt",
    "span": "the evidence span only, value unknown",
}


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to answer.

    Attributes:
        name: What it is called in tables and results.
        policy: Policy of the guard; None for the unguarded model.
        told: What the guard is told.
    """

    name: str
    policy: str | None
    told: Told


ARMS = (
    Arm("none", None, "nothing"),
    Arm("observe", "observe", "target"),
    Arm("contrast", "contrast", "target"),
    Arm("veto", "veto", "target"),
    Arm("checkpoint", "checkpoint", "target"),
    Arm("auto", "auto", "target"),
    Arm("auto/resolved", "auto", "bindings"),
    Arm("auto/evidence", "auto", "span"),
)


def arms_of(policies: Sequence[str]) -> tuple[Arm, ...]:
    """Return the unguarded arm and those of some policies; of all policies where none is named.

    Raises:
        ConfigError: No arm has that policy.
    """
    known = dict.fromkeys(arm.policy for arm in ARMS if arm.policy is not None)
    for policy in policies:
        if policy not in known:
            raise ConfigError(f"policy {policy!r} is not compared here; {', '.join(known)} are.")
    return tuple(arm for arm in ARMS if arm.policy is None or not policies or arm.policy in policies)


def told(trial: Trial, what: Told) -> tuple[list[Binding | Evidence], str | None]:
    """Return the bindings and the target that a guard is given for a trial."""
    if what == "span":
        span = trial.target.statement
        return [Evidence(trial.target.key, token_span=(span.start, span.stop))], trial.target.key
    bindings: list[Binding | Evidence] = [Binding(bound.key, bound.value.word) for bound in trial.bound]
    return bindings, trial.target.key if what == "target" else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was written to one trial.

    Attributes:
        token: First token of the answer.
        slot: What the guard saw where the answer begins; None without a guard.
    """

    token: int
    slot: SlotRecord | None


class Comparison:
    """Answers trials under several arms.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        arms: Ways to answer.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, arms: Sequence[Arm] = ARMS) -> None:
        self._model = model
        self._arms = tuple(arms)
        self._guards = {
            policy: Guard(model, tokenizer, GuardConfig(policy=policy))
            for policy in dict.fromkeys(arm.policy for arm in arms)
            if policy is not None
        }

    def run(self, trials: Sequence[Trial]) -> list[dict[str, Answer]]:
        """Answer some trials of one task, as one batch: greedily, one token each.

        Returns:
            For each trial, the answer of each arm.

        Raises:
            ContextLengthError: The prompts leave no room for an answer.
        """
        longest, length = context_length(self._model), len(trials[0].ids)
        if longest is not None and length >= longest:
            raise ContextLengthError(
                f"the prompts have {length} tokens; the model's context holds {longest}, answer included.",
                hint="Ask for less filler.",
            )
        prefill = SharedPrefill(self._model, torch.tensor([trial.ids for trial in trials], device=self._model.device))
        answers: list[dict[str, Answer]] = [{} for _ in trials]
        for arm in self._arms:
            for row, answer in zip(answers, self._answer(arm, trials, prefill), strict=True):
                row[arm.name] = answer
        return answers

    def _answer(self, arm: Arm, trials: Sequence[Trial], prefill: SharedPrefill) -> list[Answer]:
        arguments: dict[str, Any] = {**prefill.arguments(), "max_new_tokens": 1, "do_sample": False}
        if arm.policy is None:
            generate: Any = self._model.generate
            return [Answer(row[-1], None) for row in generate(**arguments).tolist()]
        bindings, targets = zip(*(told(trial, arm.told) for trial in trials), strict=True)
        output = self._guards[arm.policy].generate(**arguments, bindings=list(bindings), target=list(targets))
        slots = [output.report.row(i) for i in range(len(trials))]
        return [
            Answer(row[-1], seen[0] if seen else None)
            for row, seen in zip(output.sequences.tolist(), slots, strict=True)
        ]
