"""Lets the verdict choose the remedy, and tries the next one when it does not hold: the policy `auto`.

A wrong binding is contrasted, the second time harder and among more tokens. A closed gate is first helped by a
restatement, because the value that a contrast would choose is not what the model is about to write. See
`docs/policies.md`.
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
    """Propose remedies in the order that the verdict asks for; abstain last, if a text for it was given."""
    verdict, alpha, plausibility = slot.judgement.verdict, slot.config.alpha, slot.config.plausibility
    if verdict == "gate_failure":
        yield from checkpoint(slot)
    if verdict in ("gate_failure", "binding_failure"):
        first = contrast_at(slot, alpha, plausibility)
        yield first
        harder = contrast_at(slot, 2 * alpha, plausibility / 10)
        if token_of(harder) != token_of(first):
            yield harder
    if verdict == "binding_failure":
        yield from checkpoint(slot)
        yield from veto(slot)
    if slot.config.abstain_text is not None:
        yield from abstain(slot)
