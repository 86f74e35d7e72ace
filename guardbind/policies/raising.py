"""Stops the generation with an error: the policy `raise`."""

from __future__ import annotations

from collections.abc import Iterable

from guardbind.errors import BindingFailureError
from guardbind.policies.proposal import Attempt, Raise
from guardbind.policies.slot import Slot

__all__ = ["raise_"]


def raise_(slot: Slot) -> Iterable[Attempt]:
    """Propose to raise, at every slot that is resolved and not `ok`."""
    verdict = slot.judgement.verdict
    if verdict not in ("ok", "unresolved"):
        error = BindingFailureError(
            f"row {slot.row}, step {slot.step}: verdict {verdict!r}: {slot.judgement.reason}.",
            hint="Catch BindingFailureError, or choose another policy to have it repaired or reported.",
        )
        yield Raise("raise", error)
