"""`abstain`: write a given text instead of a value that rests on nothing, or stop."""

from __future__ import annotations

from collections.abc import Iterable

from guardbind.policies.proposal import Proposal, Slot

__all__ = ["abstain"]


def abstain(slot: Slot) -> Iterable[Proposal]:
    """Propose to end the row with `abstain_text`, at every slot that is resolved and not `ok`."""
    if slot.judgement.verdict not in ("ok", "unresolved"):
        yield Proposal("abstain", stops=True)
