"""`observe`: a full verdict, and nothing done."""

from __future__ import annotations

from collections.abc import Iterable

from guardbind.policies.proposal import Proposal, Slot

__all__ = ["observe"]


def observe(slot: Slot) -> Iterable[Proposal]:
    """Propose nothing."""
    return ()
