"""Reads the slot with more attention to the target's evidence, and writes what the model writes then: `attend`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from guardbind.policies.proposal import Attempt, NoToken, Write
from guardbind.policies.slot import Slot

__all__ = ["ATTEND", "Attend"]

_REPAIRABLE = ("gate_failure", "binding_failure")


@dataclass(frozen=True, slots=True)
class Attend:
    """The policy `attend`.

    A model under such a bias says what stands in the span, whichever span it is. So the policy acts only where it was
    told whose value is meant.

    Attributes:
        attends: It asks for the reading of `Slot.attend` wherever the target is certain, so that it is made together
            with the nulls, in the same forward.
    """

    attends: bool = True

    def __call__(self, slot: Slot) -> Iterable[Attempt]:
        """Propose the best token of the biased reading: on a closed gate, a wrong binding, where it is to be copied."""
        copied = slot.judgement.verdict == "unsupported" and bool(slot.copies)
        if slot.judgement.verdict not in _REPAIRABLE and not copied:
            return
        if not slot.certain:
            yield NoToken("attend", "whose value is meant was guessed, and attention obeys whichever span it is given")
            return
        biased = slot.attend()
        if isinstance(biased, str):
            yield NoToken("attend", f"the slot cannot be read with more attention to the evidence: {biased}")
            return
        readout = biased.masked_fill(~slot.permitted.isfinite(), -math.inf)
        if slot.target_candidate is not None:
            kept = torch.zeros_like(readout, dtype=torch.bool)
            kept[list(slot.choices)] = True
            readout = readout.masked_fill(~kept, -math.inf)
        else:
            readout[list(slot.glued)] = -math.inf
        best = int(readout.argmax())
        if not math.isfinite(float(readout[best])):
            yield NoToken("attend", "no token is left to choose from")
            return
        if copied and best not in slot.copies:
            yield NoToken("attend", "what comes then is not what the passage says where the answer stands")
            return
        yield Write("attend", best, readout=torch.log_softmax(readout, -1))


ATTEND = Attend()
"""The policy as it is registered."""
