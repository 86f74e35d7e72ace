"""Measures and changes nothing: the policy `observe`."""

from __future__ import annotations

from collections.abc import Iterable

from guardbind.policies.proposal import Attempt
from guardbind.policies.slot import Slot

__all__ = ["observe"]


def observe(slot: Slot) -> Iterable[Attempt]:
    """Propose nothing."""
    return ()
