"""Lets the stage choose the remedy, and what the residual holds, and tries the next where one fails: the policy `auto`.

A wrong binding is contrasted, the second time harder and among more tokens. A closed gate is first helped by a
restatement, because the value that a contrast would choose is not what the model is about to write. Where a probe says
whether the residual names the target's value, a value that is there and not used is contrasted and never restated, and
one that is not there is restated first. See `docs/policies.md`.
"""

from __future__ import annotations

from collections.abc import Iterable

from guardbind.policies.abstain import abstain
from guardbind.policies.checkpoint import checkpoint
from guardbind.policies.contrast import contrast_at
from guardbind.policies.proposal import Attempt, token_of
from guardbind.policies.slot import Slot
from guardbind.policies.veto import veto

__all__ = ["auto"]


def auto(slot: Slot) -> Iterable[Attempt]:
    """Propose remedies in the order that the stage and the residual ask for; abstain last, if there is a text for it.

    Where the target was guessed and the residual does not name its value, nothing speaks for it: it is left.
    """
    verdict = slot.judgement.verdict
    if verdict == "gate_failure":
        yield from checkpoint(slot)
        yield from _contrasts(slot)
    elif verdict == "binding_failure":
        yield from _of_binding(slot)
    if slot.config.abstain_text is not None:
        yield from abstain(slot)


def _of_binding(slot: Slot) -> Iterable[Attempt]:
    if slot.holds_value is None:
        yield from _contrasts(slot)
        yield from checkpoint(slot)
        yield from veto(slot)
    elif slot.holds_value:
        yield from _contrasts(slot)
        yield from veto(slot)
    elif slot.certain:
        yield from checkpoint(slot)
        yield from _contrasts(slot)
        yield from veto(slot)


def _contrasts(slot: Slot) -> Iterable[Attempt]:
    alpha, plausibility = slot.config.alpha, slot.config.plausibility
    first = contrast_at(slot, alpha, plausibility)
    yield first
    harder = contrast_at(slot, 2 * alpha, plausibility / 10)
    if token_of(harder) != token_of(first):
        yield harder
