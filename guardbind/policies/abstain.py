"""Ends a row in place of a value that rests on nothing, behind a given text: the policy `abstain`."""

from __future__ import annotations

from collections.abc import Iterable

from guardbind.policies.proposal import Attempt, Stop
from guardbind.policies.slot import Slot

__all__ = ["abstain"]


def abstain(slot: Slot) -> Iterable[Attempt]:
    """Propose to end the row with `abstain_text`, at every slot that is resolved and not `ok`."""
    if slot.judgement.verdict not in ("ok", "unresolved"):
        yield Stop("abstain")
