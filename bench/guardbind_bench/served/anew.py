"""Counts how often a guard decides where a server begins every answer anew, beside the same model gone on with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guardbind import ApiGuard, ApiOutput
from guardbind.backends import Backend
from guardbind.events import SlotRecord
from guardbind.remote.settings import ApiGuardConfig
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.served.badges import Badges, badges
from guardbind_bench.stats.statistics import share

__all__ = ["DecidedSlots", "decided", "measure_anew"]

FORMS = ("", " Answer in one sentence.", " Answer with the number only.")
_TOKENS = 24


@dataclass(frozen=True, slots=True)
class DecidedSlots:
    """How often one guard decided.

    Attributes:
        name: Name of the guard.
        decided: Share of its slots with a target whose verdict is decided.
        verdicts: How often each verdict was given at these slots, the most frequent first.
        nulls: How often each null was read at them.
        same: Share of its decided slots at which the exact guard, at the same place, gives the same verdict.
    """

    name: str
    decided: Estimate
    verdicts: Mapping[str, int]
    nulls: Mapping[str, int]
    same: Estimate


async def measure_anew(served: Backend, exact: Backend, n: int, seed: int) -> tuple[list[DecidedSlots], float]:
    """Return how often guards decide about the same chats, the exact one last, and requests an answer of the first.

    Args:
        served: A server that begins every answer anew.
        exact: The same model, which goes on with a begun answer.
        n: Chats; they state and ask as `badges` do, and take turns in how they want the answer.
        seed: Draws them.
    """
    asked = [(badges(seed * 1_000_000 + place), FORMS[place % len(FORMS)]) for place in range(n)]
    arms = {
        "from outside": ApiGuard(served, ApiGuardConfig(policy="observe")),
        # Whatever this one asks was asked before, and is in the cache.
        "from outside, `redact` alone": ApiGuard(served, ApiGuardConfig(policy="observe", other_nulls=())),
        "the same model, gone on with": ApiGuard(exact, ApiGuardConfig(policy="observe")),
    }
    outputs = {name: [await _answered(guard, *one) for one in asked] for name, guard in arms.items()}
    slots = {name: [output.report.slots for output in each] for name, each in outputs.items()}
    first, *_, reference = slots
    requests = sum(output.spent.requests for output in outputs[first])
    return [decided(name, seen, slots[reference]) for name, seen in slots.items()], requests / n


def decided(name: str, seen: Sequence[Sequence[SlotRecord]], exact: Sequence[Sequence[SlotRecord]]) -> DecidedSlots:
    """Return how often a guard decided.

    Args:
        name: Its name.
        seen: For each chat, its slots.
        exact: For each chat, those of the exact guard.
    """
    told, same = [], []
    for mine, theirs in zip(seen, exact, strict=True):
        places = {slot.ranges.begins: slot for slot in theirs if slot.ranges is not None}
        for slot in mine:
            if slot.ranges is None or slot.ranges.decided is None:
                continue
            told.append(slot)
            if slot.ranges.decided != "undecided" and (other := places.get(slot.ranges.begins)) is not None:
                same.append(slot.verdict == other.verdict)
    sure = [slot.ranges is not None and slot.ranges.decided != "undecided" for slot in told]
    return DecidedSlots(
        name,
        share(sure),
        dict(Counter(slot.verdict for slot in told).most_common()),
        dict(Counter(slot.null or "none" for slot in told).most_common()),
        share(same),
    )


async def _answered(guard: ApiGuard, prompt: Badges, form: str) -> ApiOutput:
    facts = prompt.text.rpartition("\nWhat is")[0]
    chat = [{"role": "user", "content": f"{facts}\nWhat is {prompt.asked}'s badge number?{form}"}]
    return await guard.agenerate(chat, bindings=prompt.bindings, target=prompt.target, max_new_tokens=_TOKENS)
