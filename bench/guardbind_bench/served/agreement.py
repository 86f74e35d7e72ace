"""Compares guards on the same prompts slot by slot: those of a model in this process, and those of a served one."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from guardbind import Guard, GuardConfig
from guardbind.backends import Backend
from guardbind.backends.local import LocalBackend
from guardbind.events import SlotRecord
from guardbind.remote.guard import ApiGuard
from guardbind.remote.settings import ApiGuardConfig
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.served.badges import Badges
from guardbind_bench.stats.statistics import share

__all__ = ["GuardAnswers", "PairAgreement", "agreement", "guarded_answers"]

_TOKENS = 6


@dataclass(frozen=True, slots=True)
class GuardAnswers:
    """What one guard made of the prompts.

    Attributes:
        answers: Its answers, in the order of the prompts.
        slots: For each prompt, its slots in the order of the answer.
        right: Whether each answer begins with the right value.
    """

    answers: tuple[str, ...]
    slots: tuple[tuple[SlotRecord, ...], ...]
    right: tuple[bool, ...]

    @property
    def certified_wrong(self) -> int:
        """Wrong answers a slot of which was passed as right in the end."""
        return sum(not ok and bool(slots) and all(s.passed for s in slots) for ok, slots in self._pairs())

    @property
    def verdicts(self) -> dict[str, int]:
        """How often each verdict was given, the most frequent first."""
        return dict(Counter(slot.verdict for slots in self.slots for slot in slots).most_common())

    def _pairs(self) -> list[tuple[bool, tuple[SlotRecord, ...]]]:
        return list(zip(self.right, self.slots, strict=True))


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How two guards agree.

    Attributes:
        one: Name of the first.
        other: Name of the second.
        slots: Slots of each.
        verdicts: Share of the slots that both saw at which their verdicts on the model's own token are the same.
        finals: The same for the verdicts in the end.
        values: Share of prompts whose answers begin with the same number.
        bits: Median and largest difference of the evidence bits, at slots where both read them.
    """

    one: str
    other: str
    slots: tuple[int, int]
    verdicts: Estimate
    finals: Estimate
    values: Estimate
    bits: tuple[float, float] | None


def guarded_answers(
    model: object, tokenizer: object, served: Backend, prompts: Sequence[Badges], *, policy: str
) -> dict[str, GuardAnswers]:
    """Return what four guards make of the same prompts, the target told.

    Args:
        model: The model in this process.
        tokenizer: Its tokenizer.
        served: The same model, served.
        prompts: The prompts.
        policy: What all of them do.
    """
    within = LocalBackend(model, tokenizer)  # type: ignore[arg-type]  # any causal model
    settings = ApiGuardConfig(policy=policy)
    return {
        "in the process, masked columns": _in_process(model, tokenizer, prompts, policy, "mask"),
        "in the process, redacted": _in_process(model, tokenizer, prompts, policy, "redact"),
        "from outside, model in the process": asyncio.run(_outside(ApiGuard(within, settings), prompts)),
        "from outside, served": asyncio.run(_outside(ApiGuard(served, settings), prompts)),
    }


def agreement(seen: Mapping[str, GuardAnswers]) -> list[PairAgreement]:
    """Return how each pair of guards agrees; slots are matched by their place among those of their prompt."""
    found = []
    for one, other in combinations(seen, 2):
        a, b = seen[one], seen[other]
        pairs = [
            pair for mine, theirs in zip(a.slots, b.slots, strict=True) for pair in zip(mine, theirs, strict=False)
        ]
        bits = [
            abs(mine.evidence_bits - theirs.evidence_bits)
            for mine, theirs in pairs
            if mine.evidence_bits is not None and theirs.evidence_bits is not None
        ]
        found.append(
            PairAgreement(
                one,
                other,
                (sum(map(len, a.slots)), sum(map(len, b.slots))),
                share([mine.verdict == theirs.verdict for mine, theirs in pairs]),
                share([mine.final_verdict == theirs.final_verdict for mine, theirs in pairs]),
                share([_number(x) == _number(y) for x, y in zip(a.answers, b.answers, strict=True)]),
                (float(np.median(bits)), float(np.max(bits))) if bits else None,
            )
        )
    return found


def _in_process(model: object, tokenizer: object, prompts: Sequence[Badges], policy: str, null: str) -> GuardAnswers:
    guard = Guard(model, tokenizer, GuardConfig(policy=policy, null=null, resolver="words"))  # type: ignore[arg-type]
    answers, slots = [], []
    for prompt in prompts:
        inputs = guard.tokenizer(prompt.text, return_tensors="pt")
        output = guard.generate(
            **inputs, bindings=prompt.bindings, target=prompt.target, max_new_tokens=_TOKENS, do_sample=False
        )
        new = output.sequences[0, inputs["input_ids"].shape[1] :]
        answers.append(str(guard.tokenizer.decode(new, skip_special_tokens=True)))
        slots.append(output.report.slots)
    return _guarded(prompts, answers, slots)


async def _outside(guard: ApiGuard, prompts: Sequence[Badges]) -> GuardAnswers:
    answers, slots = [], []
    for prompt in prompts:
        output = await guard.agenerate(
            prompt.text, bindings=prompt.bindings, target=prompt.target, max_new_tokens=_TOKENS
        )
        answers.append(output.text)
        slots.append(output.report.slots)
    return _guarded(prompts, answers, slots)


def _number(answer: str) -> str:
    found = re.match(r"\s*(\d+)", answer)
    return answer.strip() if found is None else found[1]


def _guarded(prompts: Sequence[Badges], answers: list[str], slots: list[tuple[SlotRecord, ...]]) -> GuardAnswers:
    right = tuple(prompt.is_right(answer) for prompt, answer in zip(prompts, answers, strict=True))
    return GuardAnswers(tuple(answers), tuple(slots), right)
