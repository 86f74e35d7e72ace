"""Measures what a guard costs a whole call of `generate`: while it waits for a slot, and where it judges one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.candidates.trie import Trie
from guardbind.config import GuardConfig
from guardbind.guard import Guard
from guardbind.model.prefill import SharedPrefill
from guardbind_bench.measures.comparison import told
from guardbind_bench.prompts.pool import encode
from guardbind_bench.prompts.trial import Task

__all__ = ["Overhead", "Ratio", "measure_overhead", "paired"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Seconds guarded over seconds unguarded, over pairs of calls.

    Attributes:
        median: Median of the pairs.
        low: Lowest of the pairs.
        high: Highest of the pairs.
    """

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Overhead:
    """What guarding costs.

    Attributes:
        idle: Decoding under an attached guard that finds no slot, over unguarded decoding; same prompt, same tokens.
        slot: Answering one prompt with its only token at a slot under `observe`, over answering it unguarded; both
            read the whole prompt.
        null_forwards_per_slot: Forward passes that were run for that slot on top of the model's own.
    """

    idle: Ratio
    slot: Ratio
    null_forwards_per_slot: float


def paired(plain: Callable[[], object], guarded: Callable[[], object], pairs: int) -> Ratio:
    """Time two calls side by side.

    Each runs once untimed; then they take turns in being first, so that neither a drift of the machine nor what the
    first leaves in its caches favours one.

    Args:
        plain: The call to compare with.
        guarded: The call to measure.
        pairs: How often both are timed, at least 1.
    """
    plain(), guarded()
    ratios = []
    for i in range(pairs):
        order = (plain, guarded) if i % 2 == 0 else (guarded, plain)
        seconds = {call: _seconds(call) for call in order}
        ratios.append(seconds[guarded] / seconds[plain])
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def _seconds(call: Callable[[], object]) -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    start = time.perf_counter()
    call()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def measure_overhead(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    task: Task,
    *,
    pairs: int = 5,
    new_tokens: int = 64,
    progress: Callable[[str], object] = lambda _: None,
) -> Overhead:
    """Measure both on the first trial of a task.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        task: Where the prompt comes from.
        pairs: How often each guarded call is timed beside an unguarded one.
        new_tokens: Tokens that are decoded while the guard is idle.
        progress: Is told what is being measured.
    """
    progress("idle guard")
    idle = _idle(model, tokenizer, task, pairs, new_tokens)
    progress("one slot")
    trial = task.trial(0)
    ids = torch.tensor([trial.ids], device=model.device)
    arguments: dict[str, Any] = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "max_new_tokens": 1,
        "do_sample": False,
    }
    guard = Guard(model, tokenizer, GuardConfig(policy="observe"))
    bindings, target = told(trial, "target")
    slots = guard.generate(**arguments, bindings=bindings, target=target).report.slots
    generate: Any = model.generate
    slot = paired(
        lambda: generate(**arguments),
        lambda: guard.generate(**arguments, bindings=bindings, target=target),
        pairs,
    )
    return Overhead(idle, slot, sum(s.null_forwards for s in slots) / len(slots))


def _idle(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, task: Task, pairs: int, new_tokens: int) -> Ratio:
    trial = task.trial(0)
    # The prompt ends with its filler and a full line, where no value is due; and the model is kept from starting a
    # candidate by chance, in both arms alike, so that the guard watches every token and never has a slot.
    ids = [*trial.ids[: trial.question.start], *encode(tokenizer, "\n")]
    prefill = SharedPrefill(model, torch.tensor([ids], device=model.device))
    bindings, _ = told(trial, "bindings")
    starts = Trie.build(tokenizer, [(bound.value.word, ()) for bound in trial.bound]).first_tokens
    guard = Guard(model, tokenizer, GuardConfig())

    def plain() -> object:
        # Looked up at each call: an attached guard stands in its place.
        generate: Any = model.generate
        return generate(
            **prefill.arguments(),
            max_new_tokens=new_tokens,
            min_new_tokens=new_tokens,
            suppress_tokens=sorted(starts),
            do_sample=False,
        )

    def guarded() -> object:
        with guard.attached(bindings):
            return plain()

    return paired(plain, guarded, pairs)
