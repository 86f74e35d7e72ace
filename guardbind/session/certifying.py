"""Certifies that a written token rests on the target's evidence, under every null that was read."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from guardbind.events import CertificateRecord
from guardbind.information.budget import certify
from guardbind.policies import Attempt, Follow, Slot, Write
from guardbind.policies.slot import envelope_of

__all__ = ["certificate_of"]


def certificate_of(
    slot: Slot, kept: Attempt | None, null: str, further: Mapping[str, Tensor], *, drawn: bool, calibration: str | None
) -> CertificateRecord | None:
    """Return the certificate of the token that is written; None where there is nothing to certify.

    There is one where the verdict on the token is `ok`, its budget suffices under every null, and the evidence was
    needed for that: what reaches the reliability without it shows no reliance. A contrast chooses a token by other
    probabilities than the model's; its certificate is by the model's own, and so mostly there is none.

    Args:
        slot: What was read.
        kept: What was proposed and is carried out.
        null: Name of the null that the slot was read under.
        further: Name of a further null to log p0 of the target `[vocabulary]`, nats.
        drawn: The model's own token is still to be drawn.
        calibration: Id of the guard's calibration.
    """
    prior, target = slot.pseudo_prior, slot.target
    if prior is None or target is None:
        return None
    token, logprobs = slot.token, slot.logprobs
    if isinstance(kept, Write | Follow):
        token, logprobs = kept.token, slot.logprobs if kept.support is None else kept.support
    elif kept is not None or drawn or slot.judgement.verdict != "ok":
        return None
    priors = {name: float(p0[token]) for name, p0 in {null: prior, **further}.items()}
    family = envelope_of(float(logprobs[token]), priors, slot.config.tau)
    found = certify(family, "", [str(target.index)])
    if found is None or found.required_bits <= 0.0:
        return None
    return CertificateRecord(
        token=token,
        spans=(target.index,),
        p1=found.p1,
        p0={name: budget.p0 for name, budget in family.budgets.items()},
        tau=found.tau,
        floor=family.worst_budget.floor,
        worst=found.worst,
        observed_bits=found.observed_bits,
        required_bits=found.required_bits,
        calibration=calibration,
    )
