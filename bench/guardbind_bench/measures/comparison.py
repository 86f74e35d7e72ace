"""Answers the same trials unguarded and under every policy, from one prefill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.errors import BindingFailureError, ConfigError
from guardbind.events import InterventionRecord, SlotRecord
from guardbind.evidence import Binding, Evidence, Target
from guardbind.guard import Guard
from guardbind.model.architecture import check_prompt_length
from guardbind.model.prefill import SharedPrefill
from guardbind.registry import POLICIES
from guardbind_bench.measures.spending import spending
from guardbind_bench.prompts.trial import Bound, Trial

__all__ = ["ARMS", "TOLD", "Arm", "ArmAnswer", "ArmComparison", "ToldWhat", "arm_of", "arms_of", "told"]

ToldWhat = Literal["nothing", "target", "bindings", "span"]

TOLD: dict[ToldWhat, str] = {
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
    told: ToldWhat


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
"""The arms that are compared where none is named; `arm_of` makes those of any other registered policy."""

# What stands behind the name of a policy, and what its guard is told.
_TOLD_BY: dict[str, ToldWhat] = {"": "target", "resolved": "bindings", "evidence": "span"}


def arm_of(name: str) -> Arm | None:
    """Return the arm of a name: `none`, POLICY, POLICY/resolved or POLICY/evidence, of any registered policy.

    Returns:
        The arm; None where there is no such policy.

    Example:
        >>> from guardbind_bench.measures.comparison import arm_of
        >>> arm_of("veto/evidence")
        Arm(name='veto/evidence', policy='veto', told='span')
    """
    if name == ARMS[0].name:
        return ARMS[0]
    policy, slash, rest = name.partition("/")
    what = _TOLD_BY.get(rest)
    return None if what is None or (slash and not rest) or policy not in POLICIES else Arm(name, policy, what)


def arms_of(policies: Sequence[str]) -> tuple[Arm, ...]:
    """Return the unguarded arm and those of some registered policies; those of `ARMS` where none is named.

    Policies stand in the order of `ARMS`, and those that are not in it come behind them.

    Raises:
        ConfigError: No policy has that name; the message suggests the nearest one.
    """
    for policy in policies:
        if policy not in POLICIES:
            raise ConfigError(str(POLICIES.miss(policy)))
    held = {arm.policy for arm in ARMS}
    others = (Arm(policy, policy, "target") for policy in dict.fromkeys(policies) if policy not in held)
    return (*(arm for arm in ARMS if arm.policy is None or not policies or arm.policy in policies), *others)


def told(trial: Trial, what: ToldWhat) -> tuple[list[Binding | Evidence], str | Target | None]:
    """Return the bindings and the target that a guard is given for a trial.

    Raises:
        ConfigError: The target is to be declared, and is neither the first nor the last value of its key.
    """
    if what == "span":
        span = trial.target.statement
        return [Evidence(trial.target.key, token_span=(span.start, span.stop))], trial.target.key
    bindings: list[Binding | Evidence] = [Binding(_name(bound), bound.value.word) for bound in trial.bound]
    return bindings, _declared(trial) if what == "target" else None


def _name(bound: Bound) -> str:
    return bound.key if bound.name is None else bound.name


def _declared(trial: Trial) -> str | Target:
    name = _name(trial.target)
    places = [place for place, bound in enumerate(trial.bound) if _name(bound) == name]
    if len(places) == 1:
        return name
    if trial.asked == places[0]:
        return Target(name, which="first")
    if trial.asked == places[-1]:
        return Target(name, which="last")
    raise ConfigError(
        f"value {places.index(trial.asked) + 1} of {len(places)} of a key is asked for; a guard can be told the first "
        "or the last."
    )


@dataclass(frozen=True, slots=True)
class ArmAnswer:
    """What was written to one trial.

    Attributes:
        token: First token of the answer; None where a policy refused it by `BindingFailureError`.
        slot: What the guard saw where the answer begins; None without a guard, and where the answer was refused.
        interventions: What it tried there, kept or rolled back.
        seconds: The trial's share of the time of its batch, the prefill included.
        tokens_read: Its share of the tokens that the model read for the answer, behind the shared prefill.
        logits: Raw fp32 logits `[vocabulary]` behind the prompt; None with a guard.
    """

    token: int | None
    slot: SlotRecord | None
    interventions: tuple[InterventionRecord, ...] = ()
    seconds: float = 0.0
    tokens_read: float = 0.0
    logits: Tensor | None = field(default=None, compare=False, repr=False)


class ArmComparison:
    """Answers trials under several arms.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        arms: Ways to answer.
        guards: Policy of an arm to its guard; by default one with that registered policy and nothing else set.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        arms: Sequence[Arm] = ARMS,
        guards: Mapping[str, Guard] | None = None,
    ) -> None:
        self._model = model
        self._arms = tuple(arms)
        self._guards = guards or {
            policy: Guard(model, tokenizer, GuardConfig(policy=policy))
            for policy in dict.fromkeys(arm.policy for arm in arms)
            if policy is not None
        }

    def run(self, trials: Sequence[Trial]) -> list[dict[str, ArmAnswer]]:
        """Answer some trials of one task, as one batch: greedily, one token each.

        Returns:
            For each trial, the answer of each arm.

        Raises:
            ContextLengthError: The prompts leave no room for an answer.
        """
        check_prompt_length(self._model, len(trials[0].ids), what="the prompts have", hint="Ask for less filler.")
        prefill, before = self._prefill(trials)
        answers: list[dict[str, ArmAnswer]] = [{} for _ in trials]
        for arm in self._arms:
            for row, answer in zip(answers, self._answer(arm, trials, prefill, before), strict=True):
                row[arm.name] = answer
        return answers

    def _answer(self, arm: Arm, trials: Sequence[Trial], prefill: SharedPrefill, before: float) -> list[ArmAnswer]:
        rows = len(trials)
        output, report = None, None
        with spending(self._model) as spent:
            arguments: dict[str, Any] = {
                **prefill.arguments(),
                "max_new_tokens": 1,
                "do_sample": False,
                "return_dict_in_generate": True,
                "output_logits": arm.policy is None,
            }
            # Without a cache to share, the prompt is read again.
            shared = before if "past_key_values" in arguments else 0.0
            if arm.policy is None:
                generate: Any = self._model.generate
                output = generate(**arguments)
            else:
                bindings, targets = zip(*(told(trial, arm.told) for trial in trials), strict=True)
                guard = self._guards[arm.policy]
                with suppress(BindingFailureError):
                    guarded = guard.generate(**arguments, bindings=list(bindings), target=list(targets))
                    report, output = guarded.report, guarded.raw
        seconds, read = (shared + spent.seconds) / rows, spent.tokens / rows
        if output is None:
            # One refused answer ends the whole batch, so each is asked for alone.
            return [ArmAnswer(None, None, (), seconds, read)] if rows == 1 else self._one_by_one(arm, trials)
        tokens = output.sequences[:, -1].tolist()
        if report is None:
            logits = output.logits[0].float()
            return [ArmAnswer(token, None, (), seconds, read, logits[i]) for i, token in enumerate(tokens)]
        slots = [report.row(i) for i in range(rows)]
        tried = [tuple(item for item in report.interventions if item.row == i) for i in range(rows)]
        return [
            ArmAnswer(token, seen[0] if seen else None, done, seconds, read)
            for token, seen, done in zip(tokens, slots, tried, strict=True)
        ]

    def _one_by_one(self, arm: Arm, trials: Sequence[Trial]) -> list[ArmAnswer]:
        answers = []
        for trial in trials:
            prefill, before = self._prefill([trial])
            answers += self._answer(arm, [trial], prefill, before)
        return answers

    def _prefill(self, trials: Sequence[Trial]) -> tuple[SharedPrefill, float]:
        """Read some prompts; returns what the arms share, and the seconds that it took."""
        with spending(self._model) as spent:
            ids = torch.tensor([trial.ids for trial in trials], device=self._model.device)
            prefill = SharedPrefill(self._model, ids)
        return prefill, spent.seconds
