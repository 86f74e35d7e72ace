"""Makes methods of the guard's policies, and lets the guard verify what any other method would write."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from pydantic import Field
from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.guard import Guard
from guardbind.policies.proposal import Attempt, Policy, Write, verify
from guardbind.policies.slot import Slot
from guardbind_bench.measures.comparison import ToldWhat, told
from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["GuardSettings", "Guarding", "verified"]

_GUARDS: WeakKeyDictionary[Any, dict[tuple[str | Policy, str], Guard]] = WeakKeyDictionary()
_COLLECTED: dict[int, Slot] = {}
_COLLECTING = threading.Lock()


class GuardSettings(MethodSettings):
    """The hyper-parameters that are tuned; the defaults are those of the guard."""

    alpha: float = Field(default=2.0, gt=0)
    """Strength of the contrast."""
    min_evidence_bits: float = Field(default=3.0, ge=0)
    """Evidence bits that a value needs."""
    plausibility: float = Field(default=0.01, gt=0, le=1)
    """Share of the largest p1 that a token needs where no value is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Guarding:
    """A policy of the guard; see `Method` for the attributes.

    Attributes:
        policy: The registered policy.
        given: What the guard is told, in the words of `comparison`.
    """

    name: str
    policy: str
    about: str
    told: Knowledge
    given: ToldWhat
    grid: Sequence[dict[str, Any]] = ()
    source: str = "guardbind"
    needs: frozenset[Need] = frozenset({"guard"})
    extra_forwards: int = 1
    settings: type[GuardSettings] = GuardSettings

    def scores(self, scene: Scene, settings: GuardSettings) -> Tensor:
        """Answer under the policy, greedily; what it forces has the score 0 and all else minus infinity."""
        return _answered(scene, _guard(scene, self.policy, settings), self.given)

    def answers(self, scene: Scene, settings: GuardSettings, tokens: int) -> list[list[int]]:
        """Answer under the policy, greedily, by at most so many tokens; see `WholeAnswers`."""
        written = _generated(scene, _guard(scene, self.policy, settings), self.given, tokens).sequences
        return [[int(token) for token in row] for row in written[:, scene.columns :].tolist()]


def verified(scene: Scene, tokens: Sequence[int]) -> list[int]:
    """Return what is written where the guard verifies each token, told the span of the asked statement.

    Where the guard finds the model's own token well, that is written. Elsewhere the method's is, if a second readout
    gives it the verdict `ok` and it rests on more of the evidence than the model's own; if not, the model's own.

    Args:
        scene: The scene.
        tokens: What the method would write to each trial.
    """
    slots = scene.once("verifying", lambda: _slots(scene))
    own = scene.plain.argmax(-1).tolist()
    kept = []
    for place, token in enumerate(tokens):
        slot = slots.get(place)
        kept.append(token if slot is not None and _keeps(scene, slot, token) else own[place])
    return kept


def _keeps(scene: Scene, slot: Slot, token: int) -> bool:
    return scene.once(("verified", slot.row, token), lambda: verify(slot, Write("method", token)).kept)


def _slots(scene: Scene) -> dict[int, Slot]:
    with _COLLECTING:
        _COLLECTED.clear()
        _answered(scene, _guard(scene, _collect, GuardSettings()), "span")
        seen = dict(_COLLECTED)
        _COLLECTED.clear()
    return seen


def _collect(slot: Slot) -> Iterable[Attempt]:
    _COLLECTED.setdefault(slot.row, slot)
    return ()


def _guard(scene: Scene, policy: str | Policy, settings: GuardSettings) -> Guard:
    # A guard tries its nulls at its first call, which is not what an answer costs; so one serves all scenes.
    guards = _GUARDS.setdefault(scene.lab.model, {})
    name = policy, settings.model_dump_json()
    if name not in guards:
        config = GuardConfig.model_validate({"policy": policy, **settings.model_dump()})
        guards[name] = Guard(scene.lab.model, scene.lab.tokenizer, config)
    return guards[name]


def _answered(scene: Scene, guard: Guard, given: ToldWhat) -> Tensor:
    scores: Tensor = _generated(scene, guard, given, 1).scores[0].float()
    return scores if scores.device == scene.plain.device else scores.to(torch.device(scene.plain.device))


def _generated(scene: Scene, guard: Guard, given: ToldWhat, tokens: int) -> Any:
    bindings, targets = zip(*(told(trial, given) for trial in scene.trials), strict=True)
    with scene.generating() as arguments:
        return guard.generate(
            **arguments,
            bindings=list(bindings),
            target=list(targets),
            max_new_tokens=tokens,
            do_sample=False,
            return_dict_in_generate=True,
            output_scores=True,
        ).raw
