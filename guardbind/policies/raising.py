"""`raise`: stop the generation with an error."""

from __future__ import annotations

from collections.abc import Iterable

from guardbind.errors import BindingFailureError
from guardbind.policies.proposal import Proposal, Slot

__all__ = ["raise_"]


def raise_(slot: Slot) -> Iterable[Proposal]:
    """Propose to raise, at every slot that is resolved and not `ok`."""
    verdict = slot.judgement.verdict
    if verdict not in ("ok", "unresolved"):
        error = BindingFailureError(
            f"row {slot.row}, step {slot.step}: verdict {verdict!r}: {slot.judgement.reason}.",
            hint="Catch BindingFailureError, or choose another policy to have it repaired or reported.",
        )
        yield Proposal("raise", error=error)
